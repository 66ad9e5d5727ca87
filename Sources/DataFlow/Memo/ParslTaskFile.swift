package import PickleCoding

/// Parsl's own checkpoint, `tasks.pkl`: pickles of `{'hash': …, 'exception': None, 'result': …}`, one after the other.
///
/// Parsl's hashes are made of Python's arguments and say nothing about Apus's keys: the records are for those who bring
/// results along from Parsl, or take them there.
package struct ParslTaskFile: Sendable {
    /// One result.
    package struct Record: Sendable {
        /// The hash by which Parsl finds it: 32 hexadecimal digits.
        package var hash: String
        /// The result.
        package var result: PickleValue

        /// A result under a hash.
        package init(hash: String, result: PickleValue) {
            self.hash = hash
            self.result = result
        }
    }

    /// The records that can be read, in order.
    package private(set) var records: [Record] = []
    /// Records that hold an error instead of a result, or are none; they are left out.
    package private(set) var skippedCount = 0
    /// Why the rest of the file cannot be read, with the place; `nil` when all of it was.
    ///
    /// The format has no marks between records: what comes after a damaged one is lost.
    package private(set) var fault: String?

    /// Reads the content of a file.
    package init(reading bytes: [UInt8]) {
        let owner = ContentOwner(bytes)
        var position = 0
        while position < bytes.count {
            do throws(PickleError) {
                let rest = UnsafeRawBufferPointer(rebasing: owner.base[position...])
                let document = try PickleDocument(borrowing: rest, owner: owner)
                position += document.endOffset
                let root = document.root
                if let hash = root["hash"]?.stringValue, let result = root["result"], root["exception"]?.isNone != false
                {
                    records.append(Record(hash: hash, result: result))
                } else {
                    skippedCount += 1
                }
            } catch {
                fault =
                    "\(records.count + skippedCount) records were read; what follows byte \(position) cannot be "
                    + "(\(bytes.count - position) bytes): \(error)"
                return
            }
        }
    }

    /// The bytes of a record, as Parsl appends them to its file.
    ///
    /// - Throws: when the value cannot be written, for instance because it contains itself.
    package static func bytes(of record: Record) throws(PickleError) -> [UInt8] {
        try PickleValue(dict: [
            (PickleValue("hash"), PickleValue(record.hash)), (PickleValue("exception"), PickleValue.none),
            (PickleValue("result"), record.result),
        ]).encoded()
    }

    /// Keeps the content where it is for as long as a value points into it.
    private final class ContentOwner {
        private let content: [UInt8]
        /// The elements of an array that nobody changes stay where they are as long as the array lives.
        let base: UnsafeRawBufferPointer

        init(_ content: [UInt8]) {
            self.content = content
            base = content.withUnsafeBytes { $0 }
        }
    }
}

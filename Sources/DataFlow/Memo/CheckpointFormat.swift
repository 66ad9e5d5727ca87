// The file `tasks.apus`. All numbers are little-endian.
//
//     header   8  "APUSMEMO"
//              4  version of the format: 1
//              4  0
//             16  identity of the program's build
//              4  CRC-32 of the 32 bytes before
//     record   4  F5 'r' 'e' 'c'
//              4  length of the body
//              4  CRC-32 of the body
//              4  CRC-32 of the 12 bytes before
//     body    16  key
//              8  version of the task
//              4  length of the name
//              …  name of the task, UTF-8
//              …  the result, a pickle
//
// The head of a record has a check of its own, so that a damaged body costs only itself: its length can be trusted. When
// a head is damaged, the next sound one is searched for.

/// The layout of checkpoint files.
enum CheckpointFormat {
    static let magic = Array("APUSMEMO".utf8)
    static let version: UInt32 = 1
    static let headerLength = 36
    static let marker: UInt32 = 0x6365_72f5
    static let headLength = 16
    /// Key, version and length of the name.
    static let fixedBodyLength = 28
    /// The length of a body has four bytes; this leaves room for the rest of it.
    static let largestResult = 2 << 30

    static func header(_ build: BuildIdentity) -> [UInt8] {
        var bytes = magic
        append(version, to: &bytes)
        append(UInt32(0), to: &bytes)
        bytes += build.bytes
        append(CyclicCheck.of(bytes[...]), to: &bytes)
        return bytes
    }

    /// Appends one record.
    static func append(
        key: MemoKey, task: String, version: Int, result: [UInt8], to bytes: inout [UInt8]
    ) {
        let name = Array(task.utf8)
        let start = bytes.count
        let length = fixedBodyLength + name.count + result.count
        bytes.reserveCapacity(start + headLength + length)
        bytes.append(contentsOf: repeatElement(0, count: headLength))
        append(key.low, to: &bytes)
        append(key.high, to: &bytes)
        append(UInt64(bitPattern: Int64(version)), to: &bytes)
        append(UInt32(name.count), to: &bytes)
        bytes += name
        bytes += result
        var head: [UInt8] = []
        head.reserveCapacity(headLength)
        append(marker, to: &head)
        append(UInt32(length), to: &head)
        append(CyclicCheck.of(bytes[(start + headLength)...]), to: &head)
        append(CyclicCheck.of(head[...]), to: &head)
        bytes.replaceSubrange(start..<start + headLength, with: head)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// The head of a record, if these 16 bytes are one.
    static func head(_ bytes: UnsafeRawBufferPointer) -> (length: Int, check: UInt32)? {
        guard bytes.count >= headLength, word(bytes, 0) == marker,
            word(bytes, 12) == CyclicCheck.of(UnsafeRawBufferPointer(rebasing: bytes[..<12]))
        else { return nil }
        return (Int(word(bytes, 4)), word(bytes, 8))
    }

    /// The parts of a body; `nil` when its lengths contradict each other.
    static func body(_ bytes: UnsafeRawBufferPointer) -> CheckpointBody? {
        guard bytes.count >= fixedBodyLength else { return nil }
        let nameLength = Int(word(bytes, 24))
        guard nameLength <= bytes.count - fixedBodyLength else { return nil }
        return CheckpointBody(
            key: MemoKey(low: long(bytes, 0), high: long(bytes, 8)), version: Int(Int64(bitPattern: long(bytes, 16))),
            name: UnsafeRawBufferPointer(rebasing: bytes[fixedBodyLength..<fixedBodyLength + nameLength]),
            resultOffset: fixedBodyLength + nameLength)
    }

    static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    private static func long(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

/// The parts of a record's body, pointing into it.
struct CheckpointBody {
    var key: MemoKey
    var version: Int
    var name: UnsafeRawBufferPointer
    /// Where the result begins, counted from the body's first byte.
    var resultOffset: Int
}

/// Where a result lies: which of the loaded files, and where in it.
package struct CheckpointRecord: Sendable, Equatable {
    /// The file, by its place in the list of loaded ones.
    package var file: UInt32
    /// How many bytes the pickle has.
    package var length: UInt32
    /// Where the pickle begins.
    package var offset: UInt64
}

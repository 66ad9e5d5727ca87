import Glibc
package import SystemSupport
package import WorkflowCore

/// Results of earlier runs: an index of records, whose results are read when a call asks for them.
///
/// Files are read, never changed: another run may be writing them at this moment.
package final class CheckpointReader: Sendable {
    private struct OpenFile: Sendable {
        var path: String
        var descriptor: Int32
    }

    private let files: [OpenFile]
    /// What was found.
    package let report: CheckpointReport

    /// Reads the index of each file, later files over earlier ones.
    ///
    /// - Parameters:
    ///   - paths: the files.
    ///   - table: the tasks of this program: records of others are counted and left.
    ///   - build: the identity of this program, to compare with that of the files; `nil` compares nothing.
    ///   - strict: whether a file that is no checkpoint is an error; else it is reported.
    ///   - add: takes the key and place of each usable record.
    /// - Throws: when a file cannot be opened or read.
    package init(
        paths: [String], table: TaskTable, build: BuildIdentity?, strict: Bool,
        _ add: (MemoKey, CheckpointRecord) -> Void
    ) throws {
        var files: [OpenFile] = []
        var report = CheckpointReport()
        var names = KnownNames(table)
        do {
            for path in paths {
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw SystemError.last("open the checkpoint '\(path)'") }
                files.append(OpenFile(path: path, descriptor: descriptor))
                do {
                    try Self.load(path, descriptor, UInt32(files.count - 1), build, &names, &report, add)
                } catch let error as WorkflowError where !strict {
                    report.refusedFiles.append(error.message)
                }
            }
        } catch {
            for file in files { close(file.descriptor) }
            throw error
        }
        self.files = files
        self.report = report
    }

    private static func load(
        _ path: String, _ descriptor: Int32, _ number: UInt32, _ build: BuildIdentity?, _ names: inout KnownNames,
        _ report: inout CheckpointReport, _ add: (MemoKey, CheckpointRecord) -> Void
    ) throws {
        var usable = 0
        let outcome = try CheckpointScan.run(path: path, descriptor: descriptor) { body, start, length in
            guard names.accepts(body.name, version: body.version) else { return }
            usable += 1
            let place = start + body.resultOffset
            add(
                body.key,
                CheckpointRecord(
                    file: number, length: UInt32(length - body.resultOffset), offset: UInt64(place)))
        }
        report.usable += usable
        report.total += outcome.sound + outcome.damaged.count + (outcome.tornBytes > 0 ? 1 : 0)
        report.damaged += outcome.damaged
        report.tornBytes += outcome.tornBytes
        report.foreign = names.refused
        if let build, let other = outcome.build, build != other, usable > 0 { report.filesOfOtherBuilds += 1 }
    }

    /// The pickle of one record.
    package func result(of record: CheckpointRecord) throws(SystemError) -> [UInt8] {
        let file = files[Int(record.file)]
        let count = Int(record.length)
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let got = pread(
                    file.descriptor, UnsafeMutableRawPointer(buffer.baseAddress)?.advanced(by: done), count - done,
                    Int(record.offset) + done)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else {
                    failure = .last("read \(count) bytes at \(record.offset) of the checkpoint '\(file.path)'")
                    return
                }
                done += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    deinit {
        for file in files { close(file.descriptor) }
    }
}

/// Decides by name and version whether a record is of use; remembers the last name, since they come in runs.
private struct KnownNames {
    private let table: TaskTable
    private var lastName: [UInt8] = []
    private var lastVersion = 0
    private var lastAccepted = false
    private var lastLabel = ""
    private var isEmpty = true
    var refused: [String: Int] = [:]

    init(_ table: TaskTable) { self.table = table }

    mutating func accepts(_ name: UnsafeRawBufferPointer, version: Int) -> Bool {
        if isEmpty || version != lastVersion || !isLast(name) {
            lastName = Array(name)
            lastVersion = version
            isEmpty = false
            let text = String(decoding: name, as: UTF8.self)
            let known = table[text]
            lastAccepted = known?.version == version
            lastLabel = known == nil ? "\(text), which this program does not have" : "\(text) version \(version)"
        }
        if !lastAccepted { refused[lastLabel, default: 0] += 1 }
        return lastAccepted
    }

    private func isLast(_ name: UnsafeRawBufferPointer) -> Bool {
        guard name.count == lastName.count else { return false }
        guard let base = name.baseAddress else { return true }
        return lastName.withUnsafeBytes { last in
            last.baseAddress.map { memcmp(base, $0, name.count) == 0 } ?? name.isEmpty
        }
    }
}

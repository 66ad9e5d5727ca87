import Glibc
import PickleCoding
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// A directory of one test, removed at its end.
final class CheckpointFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory for a test") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // Tests put files there, and runs with a checkpoint each.
        for run in [""] + (0..<10).map({ "/00\($0)/checkpoint" }) {
            for name in ["tasks.apus", "other", "tasks.pkl"] { unlink(path + run + "/" + name) }
            rmdir(path + run)
        }
        for run in 0..<10 { rmdir(path + "/00\(run)") }
        rmdir(path)
    }

    var file: String { path + "/tasks.apus" }
}

/// The file of results, sound and in every state of damage.
@Suite("Checkpoint files", .paced)
struct CheckpointFileTests {
    private static let build = BuildIdentity(bytes: Array(0..<16))
    private let folder: CheckpointFolder

    init() throws { folder = try CheckpointFolder() }

    private static func table(_ tasks: [(String, Int)]) throws -> TaskTable {
        var table = TaskTable()
        for (name, version) in tasks {
            let signature = TaskSignature(parameters: ["Int"], result: "Int")
            try table.add(TaskDefinition(name: name, version: version, signature: signature) { _ in [] })
        }
        return table
    }

    private static func key(_ number: Int) -> MemoKey { MemoKey(low: UInt64(number), high: ~UInt64(number)) }

    /// Writes `count` records, the last of which is for the task with this name and version.
    private func write(_ count: Int, from first: Int = 0, task: String = "fit", version: Int = 1) throws {
        let writer = try CheckpointWriter(path: folder.file, build: Self.build, timing: .atOnce) { _ in }
        for number in first..<first + count {
            writer.append(
                key: Self.key(number), task: task, version: version, result: try PickleEncoder().encode(number * 10))
        }
        writer.close()
    }

    private func load(
        _ bytes: [UInt8]? = nil, tasks: [(String, Int)] = [("fit", 1)]
    ) throws -> (values: [Int: Int], report: CheckpointReport) {
        if let bytes { try SmallFile.write(bytes, to: folder.file, mode: 0o600) }
        var found: [(MemoKey, CheckpointRecord)] = []
        let reader = try CheckpointReader(
            paths: [folder.file], table: try Self.table(tasks), build: Self.build, strict: true
        ) { found.append(($0, $1)) }
        var values: [Int: Int] = [:]
        for (key, record) in found {
            values[Int(key.low)] = try PickleDecoder().decode(Int.self, from: try reader.result(of: record))
        }
        return (values, reader.report)
    }

    private func bytes() throws -> [UInt8] { try SmallFile.read(folder.file) }

    @Test("what was written is found, in one run and in two")
    func roundTrip() throws {
        try write(3)
        try write(2, from: 3)
        let (values, report) = try load()
        #expect(values == [0: 0, 1: 10, 2: 20, 3: 30, 4: 40])
        #expect(report.isClean)
        #expect(report.description == "5 of 5 records usable")
        #expect(report.filesOfOtherBuilds == 0)
    }

    @Test("a file cut at any byte of its last record keeps the others, and takes new ones")
    func cut() throws {
        try write(2)
        let before = try bytes().count
        try write(1, from: 2)
        let whole = try bytes()
        #expect(before < whole.count)
        for length in before..<whole.count {
            let (values, report) = try load(Array(whole[..<length]))
            #expect(values == [0: 0, 1: 10], "cut at \(length)")
            #expect(report.tornBytes == length - before, "cut at \(length)")
            #expect(report.damaged.isEmpty, "cut at \(length)")
            // The next run appends: the torn end goes, the new record comes.
            try write(1, from: 7)
            let (after, repaired) = try load()
            #expect(after == [0: 0, 1: 10, 7: 70], "cut at \(length)")
            #expect(repaired.isClean, "cut at \(length)")
        }
    }

    @Test("a file cut anywhere in its header is an empty one, and takes new records")
    func cutHeader() throws {
        try write(1)
        let whole = try bytes()
        for length in 0..<CheckpointFormat.headerLength {
            #expect(try load(Array(whole[..<length])).values.isEmpty)
            try write(1, from: 5)
            #expect(try load().values == [5: 50], "cut at \(length)")
        }
    }

    @Test("a flipped byte costs at most its own record")
    func flips() throws {
        try write(1)
        let first = try bytes().count
        try write(1, from: 1)
        let second = try bytes().count
        try write(1, from: 2)
        let whole = try bytes()
        for place in first..<second {
            for bit in [UInt8(1), 0x80] {
                var damaged = whole
                damaged[place] ^= bit
                let (values, report) = try load(damaged)
                #expect(values == [0: 0, 2: 20], "byte \(place)")
                #expect(report.damaged == [first], "byte \(place)")
                #expect(report.total == 3, "byte \(place)")
            }
        }
        // The last record, too, costs only itself, and nothing that is appended later.
        for place in second..<whole.count {
            var damaged = whole
            damaged[place] ^= 0x10
            #expect(try load(damaged).values == [0: 0, 1: 10], "byte \(place)")
            try write(1, from: 3)
            #expect(try load().values == [0: 0, 1: 10, 3: 30], "byte \(place)")
        }
    }

    @Test("a flipped byte of the header costs no record, but for those that name the format")
    func flippedHeader() throws {
        try write(2)
        let whole = try bytes()
        for place in 8..<CheckpointFormat.headerLength {
            var damaged = whole
            damaged[place] ^= 1
            #expect(try load(damaged).values == [0: 0, 1: 10], "byte \(place)")
        }
        var foreign = whole
        foreign[0] ^= 1
        let error = #expect(throws: WorkflowError.self) { try load(foreign) }
        #expect(error?.message.contains("is not a checkpoint of Apus") == true)
    }

    @Test("a file of a later format is refused by its version")
    func laterFormat() throws {
        var header = CheckpointFormat.header(Self.build)
        header[8] = 2
        let check = CyclicCheck.of(header[..<32])
        for index in 0..<4 { header[32 + index] = UInt8(truncatingIfNeeded: check >> UInt32(8 * index)) }
        let error = #expect(throws: WorkflowError.self) { try load(header) }
        #expect(error?.message.contains("version 2") == true)
    }

    @Test("records of other versions and tasks are counted, and the report says all")
    func report() throws {
        try write(98)
        try write(1, from: 98, task: "fit", version: 2)
        let last = try bytes().count
        try write(1, from: 99)
        var damaged = try bytes()
        damaged[last + CheckpointFormat.headLength] ^= 1
        let (values, report) = try load(damaged)
        #expect(values.count == 98)
        #expect(
            report.description
                == "98 of 100 records usable; 1 damaged (byte \(Self.grouped(last))), 1 written by fit version 2")
        let (none, foreign) = try load(damaged, tasks: [("mean", 1)])
        #expect(none.isEmpty)
        #expect(foreign.description.contains("99 written by fit, which this program does not have"))
    }

    private static func grouped(_ number: Int) -> String {
        number < 1000 ? "\(number)" : "\(number / 1000)," + "\(number % 1000 + 1000)".dropFirst()
    }

    @Test("random bytes instead of a file are refused or reported, and never end the program", arguments: 0..<50)
    func noise(seed: UInt64) throws {
        try write(3)
        var content = try bytes()
        var random = Sequence(seed: seed)
        for _ in 0..<1 + random.below(20) {
            let place = 8 + random.below(content.count - 8)
            switch random.below(3) {
            case 0: content[place] = UInt8(random.below(256))
            case 1: content.remove(at: place)
            default: content.insert(0xf5, at: place)
            }
        }
        let (values, report) = try load(content)
        for (key, value) in values { #expect(value == key * 10) }
        #expect(report.usable == values.count)
    }

    @Test("a missing file is named")
    func missing() {
        let error = #expect(throws: SystemError.self) { try load() }
        #expect(error?.description.contains("tasks.apus") == true)
    }

    @Test("a file that is none is reported beside the others, when nobody named it")
    func refusedFile() throws {
        try write(2)
        let other = folder.path + "/other"
        try SmallFile.write(Array("something else entirely".utf8), to: other, mode: 0o600)
        let loaded = try LoadedCheckpoints(
            paths: [other, folder.file], table: try Self.table([("fit", 1)]), build: nil, strict: false)
        #expect(loaded.report.usable == 2)
        #expect(loaded.report.refusedFiles.count == 1)
        #expect(!loaded.report.isClean)
    }

    @Test("files of other builds are counted")
    func otherBuild() throws {
        try write(1)
        let loaded = try LoadedCheckpoints(
            paths: [folder.file], table: try Self.table([("fit", 1)]), build: BuildIdentity(bytes: Array(1...16)),
            strict: true)
        #expect(loaded.report.filesOfOtherBuilds == 1)
    }

    @Test("the runs' files are found in the order of their numbers")
    func directory() throws {
        for run in ["002", "000", "001"] {
            mkdir(folder.path + "/" + run, 0o700)
            guard run != "001" else { continue }
            let file = try CheckpointDirectory.makeFile(inRun: folder.path + "/" + run)
            try SmallFile.write([], to: file, mode: 0o600)
        }
        let found = CheckpointDirectory.files(in: folder.path).map { $0.dropFirst(folder.path.count) }
        #expect(found == ["/000/checkpoint/tasks.apus", "/002/checkpoint/tasks.apus"])
        #expect(CheckpointDirectory.files(in: folder.path + "/none").isEmpty)
    }

    @Test("records wait for their time", arguments: [CheckpointTiming.atEnd, .onRequest, .every(.seconds(3600))])
    func timing(timing: CheckpointTiming) throws {
        let writer = try CheckpointWriter(path: folder.file, build: Self.build, timing: timing) { _ in }
        for number in 0..<2 {
            writer.append(key: Self.key(number), task: "fit", version: 1, result: try PickleEncoder().encode(number))
        }
        #expect(try load().values.isEmpty)
        #expect(try writer.flush() == 2)
        #expect(try writer.flush() == 0)
        #expect(try load().values.count == 2)
        writer.append(key: Self.key(9), task: "fit", version: 1, result: try PickleEncoder().encode(9))
        writer.close()
        writer.close()
        #expect(try load().values.count == (timing == .onRequest ? 2 : 3))
    }

    @Test("a short period writes without being asked")
    func periodic() throws {
        let writer = try CheckpointWriter(path: folder.file, build: Self.build, timing: .every(.milliseconds(10))) {
            _ in
        }
        writer.append(key: Self.key(1), task: "fit", version: 1, result: try PickleEncoder().encode(1))
        let deadline = Monotonic.deadline(after: .seconds(60))
        var found = 0
        while found == 0, Monotonic.nanoseconds < deadline {
            // On this thread: a suspension may last longer than the deadline while other suites block Swift's pool.
            _ = poll(nil, 0, 5)
            found = try load().values.count
        }
        #expect(found == 1)
        writer.close()
    }
}

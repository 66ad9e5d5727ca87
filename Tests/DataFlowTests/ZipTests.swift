import Glibc
import SystemSupport
import TestSupport
import Testing

@testable import DataFlow

@Suite("Zip archives", .paced)
struct ZipTests {
    private let directory = ZipDirectory()
    private static let hasZip = access("/usr/bin/zip", X_OK) == 0
    private static let hasUnzip = access("/usr/bin/unzip", X_OK) == 0

    private func bring(_ member: String, from archive: String) async throws -> [UInt8] {
        let target = directory.file("target")
        try await ZipFileStaging().stageIn(try File("zip:\(archive)/\(member)"), to: target)
        return try SmallFile.read(target, limit: 1 << 30)
    }

    private func put(_ bytes: [UInt8], as member: String, in archive: String) async throws {
        let source = directory.file("source-\(member.split(separator: "/").joined(separator: "-"))")
        try SmallFile.write(bytes, to: source, mode: 0o600)
        try await ZipFileStaging().stageOut(source, to: try File("zip:\(archive)/\(member)"))
    }

    @Test("what is put into an archive comes out of it, beside what is there", arguments: [0, 1, 70_000, 3_000_000])
    func roundTrip(size: Int) async throws {
        let archive = directory.file("new/a.zip")
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 251) }
        try await put(bytes, as: "in/first.bin", in: archive)
        try await put(Array("second".utf8), as: "ü.txt", in: archive)
        #expect(try await bring("in/first.bin", from: archive) == bytes)
        #expect(try await bring("ü.txt", from: archive) == Array("second".utf8))
        try await put(Array("again".utf8), as: "in/first.bin", in: archive)
        #expect(try await bring("in/first.bin", from: archive) == Array("again".utf8))
        #expect(try ZipArchive(archive).entries.map(\.name).sorted() == ["in/first.bin", "ü.txt"])
    }

    @Test("archives of other programs are read", .enabled(if: hasZip), arguments: ["-0", "-1", "-9", "-fz"])
    func foreign(level: String) async throws {
        let text = (0..<40_000).map { "line \($0 % 977) of \($0)\n" }.joined()
        let random = (0..<100_000).map { _ in UInt8.random(in: 0...255) }
        try SmallFile.write(Array(text.utf8), to: directory.file("text"), mode: 0o600)
        try SmallFile.write(random, to: directory.file("random"), mode: 0o600)
        try SmallFile.write([], to: directory.file("empty"), mode: 0o600)
        try directory.run(["/usr/bin/zip", "-q", level, "a.zip", "text", "random", "empty"])
        let archive = directory.file("a.zip")
        #expect(try await bring("text", from: archive) == Array(text.utf8))
        #expect(try await bring("random", from: archive) == random)
        #expect(try await bring("empty", from: archive).isEmpty)
        // And added to.
        try await put(Array("more".utf8), as: "more", in: archive)
        #expect(try await bring("text", from: archive) == Array(text.utf8))
        if Self.hasUnzip { try directory.run(["/usr/bin/unzip", "-qqt", "a.zip"]) }
    }

    @Test("other programs read what is written", .enabled(if: hasUnzip))
    func read() async throws {
        for number in 0..<3 {
            try await put(Array("text \(number)".utf8), as: "dir/\(number)", in: directory.file("a.zip"))
        }
        try directory.run(["/usr/bin/unzip", "-qq", "a.zip"])
        #expect(try SmallFile.readText(directory.file("dir/2")) == "text 2")
    }

    @Test("many writers at once lose nothing")
    func concurrent() async throws {
        let archive = directory.file("a.zip")
        try await withThrowingTaskGroup { group in
            for number in 0..<20 {
                group.addTask { try await put(Array("\(number)".utf8), as: "m\(number)", in: archive) }
            }
            try await group.waitForAll()
        }
        #expect(try ZipArchive(archive).entries.count == 20)
        #expect(try await bring("m13", from: archive) == Array("13".utf8))
        let left = try directory.names().filter { $0.hasSuffix(".part") }
        #expect(left.isEmpty)
    }

    @Test("what is missing is named, with what there is")
    func missing() async throws {
        let archive = directory.file("a.zip")
        let none = try #require(await #expect(throws: StagingError.self) { _ = try await bring("x", from: archive) })
        #expect(none.code == .notFound && none.description.contains("no archive"))
        try await put([1], as: "here", in: archive)
        let other = try #require(await #expect(throws: StagingError.self) { _ = try await bring("x", from: archive) })
        #expect(other.code == .notFound && other.description.contains("it has 'here'"))
    }

    @Test("every damaged byte is noticed or harmless, and every cut archive refused")
    func damaged() async throws {
        let archive = directory.file("a.zip")
        let bytes = Array("some text, some text, some text".utf8)
        try await put(bytes, as: "one", in: archive)
        let good = try SmallFile.read(archive)
        for place in good.indices {
            var bad = good
            bad[place] ^= 0x55
            try SmallFile.write(bad, to: archive, mode: 0o600)
            if let read = try? await bring("one", from: archive) { #expect(read == bytes, "byte \(place)") }
        }
        for length in [0, 1, 21, 22, good.count / 2, good.count - 1] {
            try SmallFile.write(Array(good[..<length]), to: archive, mode: 0o600)
            let error = await #expect(throws: StagingError.self) { _ = try await bring("one", from: archive) }
            #expect(error?.code == .damaged)
        }
    }

    @Test("damaged compressed data is an error, not a crash", .enabled(if: hasZip))
    func damagedDeflate() async throws {
        let text = (0..<400).map { "line \($0 % 97)\n" }.joined()
        try SmallFile.write(Array(text.utf8), to: directory.file("text"), mode: 0o600)
        try directory.run(["/usr/bin/zip", "-q", "-9", "a.zip", "text"])
        let archive = directory.file("a.zip")
        let good = try SmallFile.read(archive)
        for place in stride(from: 30, to: good.count - 22, by: 1) {
            var bad = good
            bad[place] = bad[place] &+ 1
            try SmallFile.write(bad, to: archive, mode: 0o600)
            if let read = try? await bring("text", from: archive) { #expect(read == Array(text.utf8), "byte \(place)") }
        }
    }

    @Test("encrypted and strange members are refused with the reason")
    func refused() async throws {
        let archive = directory.file("a.zip")
        try await put([1, 2, 3], as: "one", in: archive)
        let good = try SmallFile.read(archive)
        let directoryStart = good.count - 22 - 46 - 3
        for (offset, value, words) in [(8, UInt8(1), "encrypted"), (10, 12, "method 12")] {
            var bad = good
            bad[directoryStart + offset] = value
            try SmallFile.write(bad, to: archive, mode: 0o600)
            let error = await #expect(throws: StagingError.self) { _ = try await bring("one", from: archive) }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }
}

/// A directory that is removed with its test.
final class ZipDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp/apus-test-none"
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func names() throws -> [String] {
        let listing = file("listing")
        _ = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: "/bin/ls", arguments: ["ls", "-A", path], standardOutput: .file(listing, append: false))
        ).wait()
        return try SmallFile.readText(listing).split(separator: "\n").map(String.init)
    }

    func run(_ words: [String]) throws {
        let status = try ChildProcess(
            spawning: ChildProcess.Options(executable: words[0], arguments: words, workingDirectory: path)
        ).wait()
        guard status.isSuccess else { throw FileError(.unreadable, words.joined(separator: " "), "\(status)") }
    }

    deinit { LocalPath.removeTree(path) }
}

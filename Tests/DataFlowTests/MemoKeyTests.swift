import FoundationEssentials
import Glibc
import PickleCoding
import SystemSupport
import TestSupport
import Testing

@testable import DataFlow

/// What a key depends on, and what it does not.
@Suite("Keys of results", .paced)
struct MemoKeyTests {
    struct Model: AppValue, Hashable {
        var name = "a"
        var weights: [String: Double] = [:]
        var tags: Set<String> = []
        var rows: [Int32] = [1, 2, 3]
    }

    /// A key over values whose order in memory changes with every process.
    static func keyOfUnorderedValues() throws -> MemoKey {
        var model = Model()
        for index in 0..<40 {
            model.weights["weight \(index)"] = Double(index) / 3
            model.tags.insert("tag \(index)")
        }
        return try key(of: model)
    }

    private static func key(
        of value: some Encodable, task: String = "fit", version: Int = 1, at position: Int = 0,
        build: BuildIdentity? = nil
    ) throws -> MemoKey {
        var builder = MemoKeyBuilder(task: task, version: version, build: build)
        builder.add(argument: try PickleEncoder.canonical.encode(value), at: position)
        return builder.finish()
    }

    @Test(
        "SHA-256 gives the values of the standard",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb924"), ("abc", "ba7816bf8f01cfea414140de5dae2223"),
            ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039"),
            (String(repeating: "a", count: 1_000), "41edece42d63e8d9bf515a9ba6932e1c"),
        ])
    func digest(text: String, expected: String) {
        var whole = SHA256Digest()
        whole.update(Array(text.utf8))
        var parts = SHA256Digest()
        for byte in text.utf8 { parts.update([byte]) }
        let words = whole.finish()
        #expect(words == parts.finish())
        let hex = words.prefix(4).map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
        #expect(hex.joined() == expected)
    }

    @Test("the check value is that of zlib")
    func check() {
        #expect(CyclicCheck.of(Array("123456789".utf8)[...]) == 0xcbf4_3926)
        #expect(CyclicCheck.of([]) == 0)
        #expect(CyclicCheck.of(Array("The quick brown fox jumps over the lazy dog".utf8)[...]) == 0x414f_a339)
    }

    @Test("task, version, value, position and build all count")
    func parts() throws {
        let build = BuildIdentity(bytes: Array(repeating: 7, count: 16))
        let keys = [
            try Self.key(of: 1), try Self.key(of: 2), try Self.key(of: "1"), try Self.key(of: 1.0),
            try Self.key(of: 1, task: "fix"), try Self.key(of: 1, version: 2), try Self.key(of: 1, at: 1),
            try Self.key(of: 1, build: build), try Self.key(of: [1]), try Self.key(of: Int?.none),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test("equal values have one key, however they came to be, and numbers whatever their array's type")
    func equalValues() throws {
        var one = Model(weights: ["a": 1, "b": 2, "c": 3], tags: ["x", "y", "z"])
        var two = Model(weights: ["c": 3, "b": 2], tags: ["z", "y"])
        two.weights["a"] = 1
        two.tags.insert("x")
        #expect(try Self.key(of: one) == Self.key(of: two))
        one.weights["a"] = 1.5
        #expect(try Self.key(of: one) != Self.key(of: two))
        #expect(try Self.key(of: [1, 2] as [Int32]) == Self.key(of: [1, 2] as [Int]))
    }

    /// What this value's key was when the form was settled: keys of old files must be found by new programs.
    static let settledKey = "a49981a8ad30d5dd1545476b36d02672"

    @Test("the key of a value is the same in every process", arguments: 0..<20)
    func processes(number: Int) async {
        await #expect(processExitsWith: .success) {
            // Dictionaries and sets are seeded anew in every process.
            let key = try MemoKeyTests.keyOfUnorderedValues()
            _exit(key.description == MemoKeyTests.settledKey ? 0 : 1)
        }
    }

    @Test("the key is the one that was settled")
    func settled() throws {
        let key = try Self.keyOfUnorderedValues().description
        #expect(key == Self.settledKey)
    }

    @Test("the identity of a build changes with one byte, and with one more")
    func build() throws {
        let path = "/tmp/apus-test-build-\(CurrentProcess.pid)"
        defer { unlink(path) }
        var bytes = [UInt8](repeating: 3, count: 5000)
        func identity() throws -> BuildIdentity {
            try SmallFile.write(bytes, to: path, mode: 0o600)
            return try BuildIdentity(ofFile: path)
        }
        let first = try identity()
        #expect(try identity() == first)
        bytes[4_321] ^= 1
        let second = try identity()
        bytes.append(0)
        let third = try identity()
        #expect(Set([first, second, third]).count == 3)
        #expect(first.bytes.count == 16)
    }
}

import FoundationEssentials
import PickleCoding
import TestSupport
import Testing

@testable import DataFlow

/// Parsl's own checkpoint, read and written.
@Suite("Parsl's tasks.pkl", .paced)
struct CheckpointParslTests {
    /// Written by Parsl 2026.10.26 on Python 3, `checkpoint_mode='task_exit'`, for
    /// `def sq(x): return {'n': x, 'square': x * x, 'text': 'é' * x}` with 0, 1 and 2.
    private static let written = """
        gASVZAAAAAAAAAB9lCiMBGhhc2iUjCBmYTUzZGYxNDFlMTU1YWU3YzdiMjkyYzdhODY1OTg4N5SMCWV4Y2VwdGlvbpROjAZy
        ZXN1bHSUfZQojAFulEsAjAZzcXVhcmWUSwCMBHRleHSUjACUdXUugASVZgAAAAAAAAB9lCiMBGhhc2iUjCBkYjUyNWVhOWU4
        ODY0MjQ5ZmIzYzZhODdhMTI3NzM3OZSMCWV4Y2VwdGlvbpROjAZyZXN1bHSUfZQojAFulEsBjAZzcXVhcmWUSwGMBHRleHSU
        jALDqZR1dS6ABJVoAAAAAAAAAH2UKIwEaGFzaJSMIGJkYmQzN2YwNjA1MTk4MDM1YTBhYjQzYTIzMWMyNGE5lIwJZXhjZXB0
        aW9ulE6MBnJlc3VsdJR9lCiMAW6USwKMBnNxdWFyZZRLBIwEdGV4dJSMBMOpw6mUdXUu
        """

    private static func content() throws -> [UInt8] {
        [UInt8](try #require(Data(base64Encoded: written.filter { !$0.isWhitespace })))
    }

    @Test("what Parsl wrote is read")
    func reading() throws {
        let file = ParslTaskFile(reading: try Self.content())
        #expect(file.fault == nil && file.skippedCount == 0)
        #expect(file.records.map { $0.result["square"]?.intValue } == [0, 1, 4])
        #expect(file.records.map { $0.result["text"]?.stringValue } == ["", "é", "éé"])
        #expect(file.records.first?.hash == "fa53df141e155ae7c7b292c7a8659887")
    }

    @Test("a file cut anywhere keeps the records before, and says where it ends")
    func cut() throws {
        let content = try Self.content()
        var known: Set<Int> = []
        for length in 0..<content.count {
            let file = ParslTaskFile(reading: Array(content[..<length]))
            known.insert(file.records.count)
            if let fault = file.fault { #expect(fault.contains("what follows byte")) }
        }
        #expect(known == [0, 1, 2])
    }

    @Test("records that hold an error, or are none, are counted and left out")
    func skipped() throws {
        let failed = try PickleValue(dict: [("hash", "0"), ("exception", "bad"), ("result", nil)]).encoded()
        let other = try PickleValue(list: [1, 2]).encoded()
        let file = ParslTaskFile(reading: failed + other + (try Self.content()))
        #expect(file.skippedCount == 2)
        #expect(file.records.count == 3)
    }

    @Test("what is written is read again, record after record")
    func writing() throws {
        let values: [PickleValue] = [1, ["a": [1.5, nil]], "text"]
        var bytes: [UInt8] = []
        for (index, value) in values.enumerated() {
            let hash = String(repeating: "\(index)", count: 32)
            bytes += try ParslTaskFile.bytes(of: .init(hash: hash, result: value))
        }
        let file = ParslTaskFile(reading: bytes)
        #expect(file.fault == nil)
        #expect(file.records.map(\.hash) == (0..<3).map { String(repeating: "\($0)", count: 32) })
        #expect(file.records.first?.result.intValue == 1)
        #expect(file.records[1].result["a"]?[0]?.doubleValue == 1.5)
        #expect(file.records[2].result.stringValue == "text")
    }
}

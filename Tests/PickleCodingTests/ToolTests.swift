import PickleCoding
import TestSupport
import Testing

@Suite("Tools around pickles", .paced)
struct ToolTests {
    struct Result: Codable, Equatable {
        var name: String
        var values: [Double]
        var raw: [UInt8]
    }

    @Test(
        "every mode and protocol of the encoder is read back", arguments: 0...5,
        [PickleMode.compact, .cpython, .canonical])
    func modes(version: Int, mode: PickleMode) throws {
        var encoder = PickleEncoder()
        encoder.protocolVersion = version
        encoder.mode = mode
        let value = [Result(name: "a", values: [1, 2], raw: [1]), Result(name: "b", values: [], raw: [])]
        let bytes = try encoder.encode(value)
        #expect(try PickleDecoder().decode([Result].self, from: bytes) == value)
        if version >= 2 { #expect(bytes[1] == UInt8(version)) }
    }

    @Test("large blocks travel beside the pickle")
    func outOfBand() throws {
        let value = Result(
            name: "a", values: Array(repeating: 1.5, count: 1_000), raw: Array(repeating: 7, count: 5_000))
        let (pickle, buffers) = try PickleEncoder().encodeOutOfBand(value, threshold: 4_096)
        #expect(buffers.map(\.count) == [8_000, 5_000])
        #expect(pickle.count < 200)
        #expect(try PickleDecoder().decode(Result.self, from: pickle, buffers: buffers) == value)
        #expect(throws: PickleError.self) { try PickleDecoder().decode(Result.self, from: pickle, buffers: []) }
    }

    @Test("arguments of a call travel as a tuple of different types")
    func tuples() throws {
        let bytes = try PickleEncoder().encodeTuple(1, "two", [3.0], true)
        let value = try PickleDocument(decoding: bytes).root
        #expect(value.kind == .tuple)
        let (number, text, list, flag) = try PickleDecoder().decodeTuple(
            Int.self, String.self, [Double].self, Bool.self, from: bytes)
        #expect(number == 1 && text == "two" && list == [3] && flag)
        #expect(throws: DecodingError.self) { try PickleDecoder().decodeTuple(Int.self, from: bytes) }
    }

    @Test("a pickle inside a pickle is opened only when asked")
    func nestedPickle() throws {
        struct Message: Codable { var payload: Pickled<[String: Int]> }
        let message = Message(payload: try Pickled(["a": 1]))
        let again = try PickleDecoder().decode(Message.self, from: PickleEncoder().encode(message))
        #expect(try again.payload.value() == ["a": 1])
        let broken = try PickleDecoder().decode(
            Message.self, from: PickleEncoder().encode(["payload": [UInt8]([1, 2])]))
        #expect(throws: PickleError.self) { try broken.payload.value() }
    }

    @Test("only registered names make values")
    func registry() throws {
        struct Circle: Sendable { var radius: Double }
        var registry = PickleRegistry()
        registry.register(module: "shapes", name: "Circle") { value in
            Circle(radius: value.arguments?.first?.doubleValue ?? 0)
        }
        func call(_ name: String) -> PickleValue {
            PickleValue(calling: PickleValue(global: PickleName(module: "shapes", name: name)), [2.5])
        }
        let circle = try registry.make(call("Circle")) as? Circle
        #expect(circle?.radius == 2.5)
        #expect(throws: PickleError.self) { try registry.make(call("Square")) }
    }

    @Test("names that loading would import are listed, the dangerous ones marked")
    func imports() throws {
        let bytes = Array("cos\nsystem\n(Vrm\ntR.".utf8)
        let imports = try PickleDisassembler.imports(in: bytes)
        #expect(imports.map(\.name.description) == ["os.system"])
        #expect(imports.first?.danger != nil)
        #expect(imports.first?.offset == 0)
        let listing = String(decoding: try PickleDisassembler.listing(of: bytes), as: UTF8.self)
        #expect(listing.contains("!! reaches the operating system"))
        let plain = try PickleDisassembler.listing(of: PickleEncoder().encode([1]))
        #expect(String(decoding: plain, as: UTF8.self).contains("plain data"))
    }

    @Test(
        "frames are checked when opcodes are listed, as when they are read",
        arguments: [
            // Longer than the input; cutting an argument; one inside another.
            ("95 05 00 00 00 00 00 00 00 4e 2e", PickleError.Code.truncated),
            ("95 01 00 00 00 00 00 00 00 4b 01 2e", .badFrame),
            ("95 0c 00 00 00 00 00 00 00 4e 95 01 00 00 00 00 00 00 00 4e 2e", .badFrame),
            ("4e", .truncated),
        ])
    func frames(hex: String, code: PickleError.Code) {
        let bytes = Fixtures.bytes(hex)
        #expect(throws: PickleError.self) { try PickleStatistics(of: bytes) }
        do {
            _ = try PickleDisassembler.lines(of: bytes)
            Issue.record("the pickle was accepted")
        } catch {
            #expect(error.code == code)
        }
    }

    @Test("differences are found with their path")
    func differences() {
        let left: PickleValue = ["a": [1, 2, 3], "b": "x", "c": nil]
        let right: PickleValue = ["a": [1, 5, 3], "b": "x", "d": true]
        let lines = PickleDifference.lines(left, right)
        #expect(lines.contains("value['a'][1]: int 2 ≠ int 5"))
        #expect(lines.contains("value: key 'c' only on the left"))
        #expect(lines.contains("value: key 'd' only on the right"))
        #expect(PickleDifference.lines(left, left).isEmpty)
    }

    @Test("statistics count what is there")
    func statistics() throws {
        let statistics = try PickleStatistics(of: PickleEncoder().encode(["key": [UInt8](repeating: 0, count: 500)]))
        #expect(statistics.rows.first?.name == "BINBYTES")
        #expect(statistics.largest.first?.bytes == 505)
    }

    @Test("a Python exception is read as data")
    func exception() throws {
        let text = "cbuiltins\nValueError\n(Vbad\nI3\ntR(dV__notes__\n(lVcheck\nasb."
        let error = try #require(PythonException(PickleDocument(decoding: Array(text.utf8)).root))
        #expect(error.typeName == PickleName(module: "builtins", name: "ValueError"))
        #expect(error.description == "ValueError: bad, 3\ncheck")
        #expect(PythonException(5) == nil)
    }
}

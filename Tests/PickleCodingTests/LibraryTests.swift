import Foundation
import PickleCoding
import TestSupport
import Testing

/// Reads what CPython, NumPy and Parsl pickled: generate_library.py says how the values were made.
@Suite("Values of Python's library, of its classes and of NumPy", .paced)
struct LibraryTests {
    struct Entry: Decodable {
        let name: String
        let version: Int
        let pickle: Data
        private enum CodingKeys: String, CodingKey {
            case name, pickle
            case version = "protocol"
        }
    }

    private static let entries: [Entry] = {
        do {
            let data = try Data(contentsOf: Fixtures.folder.appendingPathComponent("library.json"))
            return try JSONDecoder().decode([Entry].self, from: data)
        } catch {
            Issue.record("the golden file cannot be read: \(error)")
            return []
        }
    }()

    /// Runs a closure over the value in every protocol in which it was pickled.
    private func each(_ name: String, _ body: (PickleValue, Int) throws -> Void) throws {
        let entries = Self.entries.filter { $0.name == name }
        #expect(entries.count >= 4, "\(name) is not among the golden files")
        for entry in entries { try body(PickleDocument(decoding: [UInt8](entry.pickle)).root, entry.version) }
    }

    private static let decoder: PickleDecoder = {
        var decoder = PickleDecoder()
        decoder.registry.registerEnum(module: "paint", name: "Color")
        decoder.registry.registerEnum(module: "paint", name: "Unit")
        decoder.registry.registerEnum(module: "paint", name: "Access")
        decoder.registry.registerEnum(module: "paint", name: "Shade", values: ["DARK": 0.25])
        decoder.registry.registerEnum(module: "paint", name: "Signal", values: ["STOP": 19])
        decoder.registry.register(module: "paint", name: "Point", fields: ["x", "y"])
        decoder.registry.register(module: "paint", name: "Span", fields: ["start", "stop", "name"])
        decoder.registry.register(module: "paint", name: "Frozen", fields: ["name", "cores"])
        return decoder
    }()

    /// Decodes the value of every protocol and compares it.
    private func expect<T: Decodable & Equatable>(_ name: String, _ expected: T) throws {
        try each(name) { value, version in
            let decoded = try Self.decoder.decode(T.self, from: value)
            #expect(decoded == expected, "\(name) in protocol \(version)")
        }
    }

    // MARK: Classes

    enum Color: Int, Codable { case red = 1, blue }
    enum Unit: String, Codable { case metre = "m" }
    enum Shade: Double, Codable { case dark = 0.25 }
    enum ShadeName: String, Codable { case dark = "DARK" }
    enum Signal: Int, Codable { case stop = 19 }
    struct Access: OptionSet, Codable {
        let rawValue: Int
        init(rawValue: Int) { self.rawValue = rawValue }
        init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(Int.self) }
    }

    @Test("members of enums become Swift enums, if the class is registered")
    func enums() throws {
        try expect("enum", Color.blue)
        try expect("enum text", Unit.metre)
        try expect("enum flags", Access(rawValue: 3))
        try expect("enum by name", Shade.dark)
        try expect("enum by global name", Signal.stop)
        try each("enum") { value, _ in
            #expect(value.typeName == PickleName(module: "paint", name: "Color"))
            #expect(value.member?.value.intValue == 2)
            #expect(throws: DecodingError.self) { try PickleDecoder().decode(Color.self, from: value) }
        }
        // Without values, members that were pickled by name are read as their names.
        var decoder = PickleDecoder()
        decoder.registry.registerEnum(module: "paint", name: "Shade")
        try each("enum by name") { value, _ in
            #expect(value.name == PickleName(module: "paint", name: "Shade.DARK"))
            let name = try decoder.decode(ShadeName.self, from: value)
            #expect(name == .dark)
        }
    }

    @Test("a call of a name that is not registered as an enum is no value")
    func noEnum() throws {
        let call = PickleValue(calling: PickleValue(global: PickleName(module: "os", name: "system")), ["ls"])
        #expect(call.member?.type.name == "system")
        #expect(throws: DecodingError.self) { try Self.decoder.decode(String.self, from: call) }
    }

    struct Point: Codable, Equatable { var x: Double, y: Double }
    struct Span: Codable, Equatable { var start: Int, stop: Int, name: String }

    @Test("namedtuples are decoded by the names that the registry gives, or by position")
    func namedTuples() throws {
        try expect("namedtuple", Point(x: 1.5, y: -2))
        try expect("namedtuple", [1.5, -2.0])
        try expect("namedtuples", [Span(start: 1, stop: 5, name: "a"), Span(start: 2, stop: 6, name: "")])
        try each("namedtuple") { value, _ in
            #expect(value.typeName?.name == "Point")
            #expect(value.fields(named: ["x", "y"])?.map(\.value.doubleValue) == [1.5, -2])
            #expect(value.fields(named: ["x"]) == nil)
            #expect(throws: DecodingError.self) { try PickleDecoder().decode(Point.self, from: value) }
        }
    }

    struct Job: Codable, Equatable, Sendable {
        var name: String
        var cores: Int
        var rate: Double?
        var tags: [String]?
        var color: Color?
    }
    struct Mixed: Codable, Equatable { var a: Int, b: String }

    @Test("dataclasses and other instances are decoded by their attributes, in slots or not")
    func dataclasses() throws {
        try expect("dataclass", Job(name: "align", cores: 4, rate: 0.5, tags: ["x", "y"], color: .red))
        try expect("dataclass slots", Job(name: "align", cores: 4))
        try expect("dataclass frozen slots", Job(name: "align", cores: 4))
        try expect("attributes and slots", Mixed(a: 1, b: "two"))
        try each("dataclass") { value, _ in
            #expect(value.typeName == PickleName(module: "paint", name: "Job"))
            #expect(value.attributes?.map(\.name) == ["name", "cores", "rate", "tags", "color"])
        }
        try each("attributes and slots") { value, _ in #expect(value.attributes?.map(\.name) == ["b", "a"]) }
    }

    @Test("the registry makes values of the types registered for a class, and lets a constructor take part in decoding")
    func registered() throws {
        var registry = Self.decoder.registry
        registry.register(Job.self, module: "paint", name: "Job")
        try each("dataclass") { value, _ in
            let job = try registry.make(value) as? Job
            #expect(job?.color == .red)
        }
        struct Wrapped: Decodable, Sendable {
            var name: String
            init(name: String) { self.name = name }
            init(from decoder: any Decoder) throws { throw CancellationError() }
        }
        var decoder = PickleDecoder()
        decoder.registry.register(module: "paint", name: "Job") { value in
            Wrapped(name: value.state?["name"]?.stringValue ?? "")
        }
        try each("dataclass") { value, _ in
            let wrapped = try decoder.decode(Wrapped.self, from: value)
            #expect(wrapped.name == "align")
        }
    }

    // MARK: The standard library

    @Test("dates and times keep what Python means, zone and microseconds included")
    func times() throws {
        let leap = Date(timeIntervalSince1970: 1_709_212_455.000016)
        try expect("datetime utc", leap)
        try expect("datetime offset", leap)
        try each("datetime") { value, _ in
            let time = try #require(PythonDateTime(value))
            #expect(time.description == "2024-02-29T13:14:15.000016")
            #expect(!time.hasZone && time.offset == nil && time.sinceEpoch == nil)
            #expect(throws: DecodingError.self) { try PickleDecoder().decode(Date.self, from: value) }
        }
        try each("datetime offset") { value, _ in
            let time = try #require(PythonDateTime(value))
            #expect(time.offset == .seconds(19_800) && time.zoneName == "IST")
            #expect(time.sinceEpoch == .seconds(1_709_212_455) + .microseconds(16))
        }
        try each("datetime fold") { value, version in
            // Protocols below 4 have no place for the fold.
            #expect(PythonDateTime(value)?.isFold == (version >= 4))
        }
        try each("datetime zone") { value, _ in
            let time = try #require(PythonDateTime(value))
            #expect(time.zoneName == "Europe/Berlin" && time.hasZone && time.offset == nil)
        }
        try each("date") { value, _ in
            let date = try #require(PythonDateTime(value)?.date)
            #expect(date == (1999, 12, 31))
            #expect(PythonDateTime(value)?.time == nil)
        }
        try each("time") { value, _ in
            let time = try #require(PythonDateTime(value))
            #expect(time.time?.microsecond == 999_999 && time.offset == .zero && time.date == nil)
        }
        try each("timedelta") { value, _ in
            #expect(value.duration == .seconds(-86_395) + .microseconds(6))
        }
        try each("timezone") { value, _ in #expect(value.arguments?.first?.duration == .seconds(19_800)) }
    }

    @Test("numbers and identifiers of the library")
    func numbers() throws {
        try expect("decimal", try #require(Decimal(string: "1.5")))
        try each("decimal") { value, _ in #expect(value.decimalText == "1.50") }
        try each("decimal nan") { value, _ in #expect(value.decimalText == "sNaN") }
        try each("fraction") { value, _ in
            let parts = try #require(value.fractionText)
            #expect(parts == ("-3", "4"))
        }
        try expect("uuid", try #require(UUID(uuidString: "12345678-1234-5678-9abc-def012345678")))
        try each("uuid") { value, _ in #expect(value.uuidText == "12345678-1234-5678-9abc-def012345678") }
        try each("complex") { value, _ in
            let parts = try #require(value.complexValue)
            #expect(parts.real == 1.5 && parts.imaginary == 0 && parts.imaginary.sign == .minus)
        }
        try each("range") { value, _ in
            let parts = try #require(value.rangeValue)
            #expect(parts == (1, 10, 3))
        }
        try each("slice") { value, _ in
            let parts = try #require(value.sliceValue)
            #expect(parts.start.intValue == 1 && parts.stop.isNone && parts.step.intValue == -1)
        }
        try expect("bytes", [UInt8](250...255))
        try expect("bytes", Data(250...255))
    }

    @Test("collections, paths and partial functions")
    func collections() throws {
        try each("OrderedDict") { value, _ in
            #expect(value.kind == .orderedDict)
            #expect(value.pairs?.map(\.key.stringValue) == ["b", "a"])
        }
        try expect("defaultdict", ["a": [1]])
        try each("defaultdict") { value, _ in #expect(value.defaultFactory?.name?.name == "list") }
        try expect("deque", [1, 2, 3])
        try each("deque") { value, _ in #expect(value.maximumLength == 5) }
        try expect("Counter", ["a": 2, "b": 1, "c": 1])
        try expect("path", "/a/b.txt")
        try expect("path relative", "a/b/../c")
        try each("partial") { value, _ in
            let partial = try #require(value.partialValue)
            #expect(partial.function.name?.description == "builtins.int")
            #expect(partial.arguments.first?.stringValue == "10" && partial.keywords["base"]?.intValue == 2)
        }
    }

    // MARK: Exceptions

    @Test("exceptions keep arguments, notes, cause and traceback as text")
    func exceptions() throws {
        try each("exception") { value, _ in #expect(PythonException(value)?.description == "ValueError: bad, 3") }
        try each("exception notes") { value, _ in
            #expect(PythonException(value)?.notes == ["check the input", "then again"])
        }
        try each("exception file") { value, version in
            let error = try #require(PythonException(value))
            #expect(error.arguments == ["2", "No such file or directory", "/nowhere"])
            // Python 2, whose names protocols below 3 have, knew no other.
            #expect(error.typeName.name == (version < 3 ? "OSError" : "FileNotFoundError"))
        }
        try each("exception group") { value, _ in
            #expect(PythonException(value)?.arguments.first == "several")
            #expect(value.arguments?[1].items?.compactMap { PythonException($0)?.message } == ["a", "b"])
        }
        for name in ["exception chained", "exception wrapped"] {
            try each(name) { value, version in
                let error = try #require(PythonException(value), "\(name) in protocol \(version)")
                #expect(error.typeName == PickleName(module: "paint", name: "Broken"))
                #expect(error.arguments == ["no value", "7"])
                #expect(error.notes == ["while painting"])
                #expect(error.traceback.last?.function == "chained")
                #expect(error.traceback.last?.file == "paint.py")
                #expect(error.causes.map(\.typeName.name) == ["KeyError"])
                #expect(error.causes.first?.traceback.map(\.function) == ["chained", "look"])
                let text = error.description
                #expect(text.contains("File \"paint.py\", line 3, in look\nKeyError: missing\n"))
                #expect(text.hasSuffix("paint.Broken: no value, 7\nwhile painting"))
            }
        }
    }

    // MARK: Arrays

    @Test("arrays of the standard library become arrays of numbers")
    func arrays() throws {
        try expect("array b", [Int8(-1), 2])
        try expect("array B", [UInt8(1), 255])
        try expect("array h", [Int16(-300), 2])
        try expect("array H", [UInt16(1), 65_535])
        try expect("array i", [Int32(-70_000), 2])
        try expect("array I", [UInt32(1), .max])
        try expect("array q", [Int64.min, 2])
        try expect("array Q", [UInt64(1), .max])
        try expect("array f", [Float(1.5), -2])
        try expect("array d", [0.1, -2.0])
        try expect("array i", [-70_000, 2])
        try expect("array f", [1.5, -2.0])
        try each("array i") { value, _ in
            #expect(NumberArray<Int>(value)?.elements == [-70_000, 2])
            #expect(NumberArray<Int8>(value) == nil)
            #expect(throws: DecodingError.self) { try PickleDecoder().decode([UInt32].self, from: value) }
        }
    }

    @Test("NumPy's scalars become numbers")
    func scalars() throws {
        try expect("numpy float64", 1.5)
        try expect("numpy float32", Float(0.25))
        try expect("numpy float16", -2.5)
        try expect("numpy int8", -7)
        try expect("numpy bool", true)
        try expect("numpy uint64", UInt64.max)
        try each("numpy float64") { value, _ in
            #expect(NumberArray<Double>(value)?.shape == [])
            #expect(throws: DecodingError.self) { try PickleDecoder().decode(Int.self, from: value) }
        }
    }

    @Test("NumPy's arrays become arrays with a shape, and nested arrays where their rows lie in order")
    func shapes() throws {
        func array<T>(_ name: String, _ shape: [Int], _ elements: [T]) throws where T: PackedElement & Equatable {
            try each(name) { value, version in
                let array = try #require(NumberArray<T>(value), "\(name) in protocol \(version)")
                #expect(array.shape == shape)
                #expect(array.elements == elements)
                #expect(try PickleDecoder().decode(NumberArray<T>.self, from: value) == array)
            }
        }
        try array("ndarray f8", [3], [0.5, 1.5, 2.5])
        try array("ndarray i4 2-D", [2, 3], [Int32](1...6))
        try array("ndarray i4 2-D", [2, 3], [Int](1...6))
        try array("ndarray f4 Fortran", [2, 3], [Float(1), 2, 3, 4, 5, 6])
        try array("ndarray u1 3-D", [2, 3, 4], [UInt8](0..<24))
        try array("ndarray empty", [0, 3], [Double]())
        try array("ndarray 0-D", [], [2.5])
        try array("ndarray big-endian", [2], [1.5, -2.0])
        try array("ndarray sliced", [4], [0, 3, 6, 9])
        try expect("ndarray f8", [0.5, 1.5, 2.5])
        try expect("ndarray bool", [true, false, true])
        try expect("ndarray big-endian", [1.5, -2.0])
        try expect("ndarray i4 2-D", [[1, 2, 3], [4, 5, 6]])
        try expect(
            "ndarray u1 3-D",
            [
                [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]],
                [
                    [12, 13, 14, 15],
                    [16, 17, 18, 19], [20, 21, 22, 23],
                ],
            ])
        try each("ndarray u1 3-D") { value, _ in #expect(NumberArray<UInt8>(value)?[1, 0, 2] == 14) }
        try each("ndarray f4 Fortran") { value, _ in
            #expect(throws: DecodingError.self) { try PickleDecoder().decode([[Float]].self, from: value) }
            #expect(NumberArray<Float>(value)?[1, 0] == 4)
        }
    }

    // MARK: All of them

    @Test("every one is written back byte for byte, and survives every protocol")
    func writtenBack() throws {
        for entry in Self.entries {
            let bytes = [UInt8](entry.pickle)
            let inert = try PickleDocument(decoding: bytes, options: .inert).root
            let written = try inert.encoded(protocolVersion: entry.version, mode: .cpython)
            #expect(written == bytes, "\(entry.name) in protocol \(entry.version)")
            let root = try PickleDocument(decoding: bytes).root
            let json = try root.json()
            for version in 0...5 where entry.version >= 4 {
                let again = try PickleDocument(decoding: root.encoded(protocolVersion: version)).root
                #expect(try again.json() == json, "\(entry.name) from \(entry.version) to \(version)")
            }
        }
    }

    @Test("a value of any kind is kept as it is inside a Codable type")
    func keptValues() throws {
        struct Message: Codable {
            var id: Int
            var payload: PickleValue
        }
        try each("dataclass") { value, _ in
            let bytes = try PickleEncoder().encode(Message(id: 1, payload: value))
            let again = try PickleDecoder().decode(Message.self, from: bytes)
            #expect(try again.payload.json() == value.json())
        }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([PickleValue].self, from: Data("[1]".utf8)) }
        #expect(throws: EncodingError.self) { try JSONEncoder().encode([PickleValue(1)]) }
    }
}

import FoundationEssentials
import PickleCoding
import TestSupport
import Testing

@Suite("The coders keep to the conventions of Foundation's", .paced)
struct CoderConventionTests {
    class Base: Codable {
        var name: String
        init(name: String) { self.name = name }
    }

    final class Derived: Base {
        var size: Int
        init(name: String, size: Int) {
            self.size = size
            super.init(name: name)
        }
        private enum CodingKeys: String, CodingKey { case size }
        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            size = try container.decode(Int.self, forKey: .size)
            try super.init(from: container.superDecoder())
        }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try super.encode(to: container.superEncoder())
            try container.encode(size, forKey: .size)
        }
    }

    @Test("a subclass is coded with its superclass inside", arguments: [false, true])
    func inheritance(canonical: Bool) throws {
        var encoder = PickleEncoder()
        encoder.isCanonical = canonical
        let bytes = try encoder.encode([Derived(name: "a", size: 1), Derived(name: "b", size: 2)])
        let value = try PickleDocument(decoding: bytes).root
        #expect(value[1]?["super"]?["name"]?.stringValue == "b")
        let again = try PickleDecoder().decode([Derived].self, from: bytes)
        #expect(again.map(\.name) == ["a", "b"] && again.map(\.size) == [1, 2])
    }

    struct Nesting: Codable, Equatable {
        var a: Int
        var list: [Int]
        var deep: String

        private enum Keys: String, CodingKey { case outer, list, after }
        private enum Inner: String, CodingKey { case a, deep }

        init(a: Int, list: [Int], deep: String) { (self.a, self.list, self.deep) = (a, list, deep) }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            let outer = try container.nestedContainer(keyedBy: Inner.self, forKey: .outer)
            var items = try container.nestedUnkeyedContainer(forKey: .list)
            var list: [Int] = []
            while !items.isAtEnd { list.append(try items.decode(Int.self)) }
            a = try outer.decode(Int.self, forKey: .a)
            deep = try outer.decode(String.self, forKey: .deep)
            self.list = list
            guard try container.decodeNil(forKey: .after) else { throw CancellationError() }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            var outer = container.nestedContainer(keyedBy: Inner.self, forKey: .outer)
            var items = container.nestedUnkeyedContainer(forKey: .list)
            // Filled in turns, while the parent goes on.
            try outer.encode(a, forKey: .a)
            for item in list { try items.encode(item) }
            try container.encodeNil(forKey: .after)
            try outer.encode(deep, forKey: .deep)
        }
    }

    @Test("nested containers may be filled in any order", arguments: [false, true])
    func nested(canonical: Bool) throws {
        var encoder = PickleEncoder()
        encoder.isCanonical = canonical
        let value = [Nesting(a: 1, list: [1, 2], deep: "x"), Nesting(a: 2, list: [], deep: "y")]
        #expect(try PickleDecoder().decode([Nesting].self, from: encoder.encode(value)) == value)
    }

    @Test("key strategies change the keys of structs, not of dictionaries")
    func keyStrategies() throws {
        struct Config: Codable, Equatable {
            var maxRetryCount: Int
            var userInfo: [String: Int]
        }
        var encoder = PickleEncoder()
        encoder.keys = .snakeCase
        let config = Config(maxRetryCount: 3, userInfo: ["someKey": 1])
        let bytes = try encoder.encode(config)
        let value = try PickleDocument(decoding: bytes).root
        #expect(value["max_retry_count"]?.intValue == 3)
        #expect(value["user_info"]?["someKey"]?.intValue == 1)
        var decoder = PickleDecoder()
        decoder.keys = .camelCase
        #expect(try decoder.decode(Config.self, from: bytes) == config)
    }

    @Test("dates travel as the strategy says")
    func dates() throws {
        let date = Date(timeIntervalSince1970: 1_700_000_000.5)
        var encoder = PickleEncoder()
        #expect(try PickleDocument(decoding: encoder.encode(date)).root.doubleValue == 1_700_000_000.5)
        encoder.dates = .iso8601
        let bytes = try encoder.encode(date)
        #expect(try PickleDocument(decoding: bytes).root.stringValue == "2023-11-14T22:13:20.500Z")
        #expect(try PickleDecoder().decode(Date.self, from: bytes) == date)
    }

    @Test("NaN is refused when asked for, with the path")
    func nan() throws {
        var encoder = PickleEncoder()
        encoder.floats = .refuse
        #expect(throws: EncodingError.self) { try encoder.encode(["rate": Double.nan]) }
        #expect(throws: EncodingError.self) { try encoder.encode([1, Double.infinity]) }
        #expect(throws: Never.self) { try encoder.encode([1.0]) }
    }

    struct Chain: Codable {
        var next: [Chain]
    }

    @Test("nesting deeper than the limit is refused on both sides")
    func depth() throws {
        var chain = Chain(next: [])
        for _ in 0..<400 { chain = Chain(next: [chain]) }
        #expect(throws: EncodingError.self) { try PickleEncoder().encode(chain) }
        var encoder = PickleEncoder()
        encoder.maximumDepth = 2_000
        let bytes = try encoder.encode(chain)
        #expect(throws: DecodingError.self) { try PickleDecoder().decode(Chain.self, from: bytes) }
    }

    @Test("canonical bytes are the same for equal content in any order")
    func canonical() throws {
        var encoder = PickleEncoder()
        encoder.isCanonical = true
        encoder.numericArrays = .list
        let words = (0..<50).map { "w\($0)" }
        let first = try encoder.encode(Dictionary(uniqueKeysWithValues: words.map { ($0, Set(words)) }))
        let second = try encoder.encode(
            Dictionary(uniqueKeysWithValues: words.reversed().map { ($0, Set(words.shuffled())) }))
        #expect(first == second)
        #expect(try encoder.encode(0.0) != encoder.encode(-0.0))
        #expect(try encoder.encode("\u{E9}") != encoder.encode("e\u{301}"))
        let a: PickleValue = ["x": 1, "a": ["z": 2, "b": 3]]
        let b: PickleValue = ["a": ["b": 3, "z": 2], "x": 1]
        #expect(try a.encoded(mode: .canonical) == b.encoded(mode: .canonical))
    }

    @Test("what follows a value, and nothing at all, is refused")
    func ends() throws {
        let bytes = try PickleEncoder().encode(5)
        #expect(throws: DecodingError.self) { try PickleDecoder().decode(Int.self, from: bytes + [0, 0]) }
        #expect(throws: DecodingError.self) { try PickleDecoder().decode(Int.self, from: []) }
        #expect(throws: PickleError.self) { try PickleDecoder().decode(Int.self, from: [0x80]) }
    }

    @Test("numbers are converted only if nothing is lost")
    func numbers() throws {
        func decode<T: Decodable>(_ value: PickleValue, as type: T.Type) throws -> T {
            try PickleDecoder().decode(type, from: value)
        }
        #expect(try decode(3, as: Double.self) == 3)
        #expect(try decode(3.0, as: Int.self) == 3)
        #expect(throws: DecodingError.self) { try decode(3.5, as: Int.self) }
        #expect(throws: DecodingError.self) { try decode(300, as: UInt8.self) }
        #expect(throws: DecodingError.self) { try decode(-1, as: UInt64.self) }
        #expect(throws: DecodingError.self) { try decode(true, as: Int.self) }
        #expect(throws: DecodingError.self) { try decode(1, as: Bool.self) }
        #expect(throws: DecodingError.self) { try decode([1, "a"], as: [Int].self) }
    }

    @Test("arrays of numbers are read from every form that Python has")
    func arrays() throws {
        // What array.array('d', [1.5, -2]) is from protocol 3 on.
        var writer = PickleWriter()
        writer.header()
        writer.global(module: "array", name: "_array_reconstructor")
        writer.mark()
        writer.global(module: "array", name: "array")
        writer.string("d" as StaticString)
        writer.int(16)
        writer.bytes([0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0])
        writer.tuple()
        writer.reduce()
        writer.stop()
        #expect(try PickleDecoder().decode([Double].self, from: writer.finish()) == [1.5, -2])
        let list = PickleValue(
            calling: PickleValue(global: PickleName(module: "array", name: "array")), ["h", [1, 2]])
        #expect(try PickleDecoder().decode([Int].self, from: list) == [1, 2])
        let tuple = PickleValue(tuple: [1, 2, 3])
        #expect(try PickleDecoder().decode([Double].self, from: tuple) == [1, 2, 3])
        #expect(try PickleDecoder().decode([Int32].self, from: tuple) == [1, 2, 3])
        #expect(try PickleDecoder().decode([Int32].self, from: PickleEncoder().encode([Int64(7)])) == [7])
        #expect(try PickleDecoder().decode([Float].self, from: PickleEncoder().encode([1.5, 2])) == [1.5, 2])
        #expect(throws: DecodingError.self) {
            try PickleDecoder().decode([Int8].self, from: PickleEncoder().encode([300]))
        }
    }

    @Test("a NumPy array of one dimension is an array of numbers")
    func numpy() throws {
        var writer = PickleWriter()
        writer.header()
        writer.global(module: "numpy._core.multiarray", name: "_reconstruct")
        writer.global(module: "numpy", name: "ndarray")
        writer.int(0)
        writer.tuple1()
        writer.bytes([0x62])
        writer.tuple3()
        writer.reduce()
        writer.mark()
        writer.int(1)
        writer.int(2)
        writer.tuple1()
        writer.global(module: "numpy", name: "dtype")
        writer.string("f4")
        writer.bool(false)
        writer.bool(true)
        writer.tuple3()
        writer.reduce()
        writer.mark()
        writer.int(3)
        writer.string("<")
        for _ in 0..<3 { writer.none() }
        writer.int(-1)
        writer.int(-1)
        writer.int(0)
        writer.tuple()
        writer.build()
        writer.bool(false)
        writer.bytes([0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0])
        writer.tuple()
        writer.build()
        writer.stop()
        let bytes = writer.finish()
        #expect(try PickleDecoder().decode([Double].self, from: bytes) == [1.5, -2])
        #expect(try PickleDecoder().decode([Float].self, from: bytes) == [1.5, -2])
        #expect(
            try PickleDocument(decoding: bytes).root.json().hasPrefix("{\"ndarray\":{\"dtype\":\"<f4\",\"shape\":[2]"))
    }

    @Test("the attributes of a Python instance fill a struct")
    func instance() throws {
        struct Job: Codable, Equatable {
            var name: String
            var cores: Int
        }
        let text = "ccopy_reg\n_reconstructor\n(cm\nJob\nc__builtin__\nobject\nNtR(dVname\nValign\nsVcores\nI4\nsb."
        #expect(try PickleDecoder().decode(Job.self, from: Array(text.utf8)) == Job(name: "align", cores: 4))
    }
}

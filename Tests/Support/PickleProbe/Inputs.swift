import Foundation
import PickleCoding

/// Pickles that ask for much memory, and ordinary ones.
struct Inputs {
    var name: String
    private(set) var bytes: [UInt8] = []
    /// How many opcodes a reader meets, up to STOP or the first error.
    private(set) var opcodes = 0

    static let small: [UInt8] = [0x80, 4, 0x5D, 0x94, 0x28, 0x4B, 1, 0x4B, 2, 0x65, 0x2E]

    init(_ name: String) { self.name = name }

    /// Adds bytes that are so many opcodes, a number of times.
    mutating func add(_ part: [UInt8], _ count: Int = 1, times: Int = 1) {
        bytes.reserveCapacity(bytes.count + part.count * times)
        for _ in 0..<times { bytes += part }
        opcodes += count * times
    }

    /// Everything; the golden files only where they are asked for, since they are many.
    static func all(withGolden: Bool) -> [Inputs] {
        nested() + lists() + objects() + shared() + large() + ordinary() + (withGolden ? golden() : [])
    }

    // MARK: Hostile

    /// So many of something small each.
    private static let many = 50_000

    private static func make(_ name: String, _ build: (inout Inputs) -> Void) -> Inputs {
        var input = Inputs(name)
        build(&input)
        return input
    }

    /// A list with an item many times.
    private static func list(_ name: String, _ item: [UInt8], _ opcodes: Int = 1, times: Int = many) -> Inputs {
        make("list of \(name)") {
            $0.add([0x80, 4, 0x5D, 0x94, 0x28], 4)
            $0.add(item, opcodes, times: times)
            $0.add([0x65, 0x2E], 2)
        }
    }

    /// One value, then an opcode many times.
    private static func flood(_ name: String, _ value: [UInt8], _ opcode: [UInt8], times: Int = many) -> Inputs {
        make(name) {
            $0.add(value, value.isEmpty ? 0 : 1)
            $0.add(opcode, 1, times: times)
            $0.add([0x2E])
        }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    private static func nested() -> [Inputs] {
        func lists(_ name: String, _ depth: Int) -> Inputs {
            make(name) {
                $0.add([0x5D], times: depth)
                $0.add([0x61], times: depth - 1)
                $0.add([0x2E])
            }
        }
        return [
            lists("many lists inside each other", many), lists("nine thousand lists inside each other", 9_000),
            flood("many tuples around None", [0x4E], [0x85]), flood("a million marks", [], [0x28]),
            flood("DUP flood", [0x4E], [0x32]), flood("MEMOIZE flood", [0x4E], [0x94]),
            make("BINPUT far apart") {
                $0.add([0x4E])
                for at in 0..<20_000 { $0.add([0x72] + little(at * 7_919 + 1 << 20)) }
                $0.add([0x2E])
            },
        ]
    }

    private static func lists() -> [Inputs] {
        let long: [UInt8] = [0x8A, 9] + [UInt8](repeating: 0x7F, count: 9)
        var inputs = [
            list("None", [0x4E]), list("True", [0x88]), list("()", [0x29]), list("[]", [0x5D]), list("{}", [0x7D]),
            list("[] memoized", [0x5D, 0x94], 2), list("set()", [0x8F], times: many / 4),
        ]
        inputs += [
            list("frozenset()", [0x28, 0x91], 2, times: many / 4), list("small ints", [0x4B, 7]),
            list("empty texts", [0x8C, 0]), list("texts of one letter", [0x8C, 1, 0x61]),
            list("accented letters", [0x8C, 2, 0xC3, 0xA9]), list("empty bytes", [0x43, 0]),
        ]
        inputs += [
            list("LONG4", [0x8B, 2, 0, 0, 0, 0xFF, 0x7F]), list("empty LONG4", [0x8B, 0, 0, 0, 0]),
            list("LONG1 of nine bytes", long, times: many / 4), list("floats as text", text("F1.5\n")),
            list("ints as text", text("I7\n")), list("escaped texts", text("V\\u00e9\n"), times: many / 4),
            list("quoted texts", text("S''\n"), times: many / 4),
        ]
        inputs += [
            list("[7] by APPEND", [0x5D, 0x4B, 7, 0x61], 3),
            list("[7, 7] by APPENDS", [0x5D, 0x28, 0x4B, 7, 0x4B, 7, 0x65], 5),
            list("dicts of one small int", [0x7D, 0x4B, 1, 0x4B, 2, 0x73], 4, times: many / 2),
            list("tuples of one", [0x4B, 1, 0x85], 2), list("tuples by MARK", [0x28, 0x74], 2),
            list("DUP", [0x4E, 0x32], 2), list("POP", [0x4E, 0x4E, 0x30], 3),
            list("frames", [0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x4E], 2, times: many / 8),
        ]
        return inputs
    }

    private static func objects() -> [Inputs] {
        let name = text("ca\nb\n")
        let date = text("cdatetime\ndate\n") + [0x43, 4, 7, 0xE8, 1, 1, 0x85, 0x52]
        let decimal = text("cdecimal\nDecimal\n") + [0x8C, 1, 0x31, 0x85, 0x52]
        let deque = text("ccollections\ndeque\n") + [0x29, 0x52, 0x28, 0x4B, 1, 0x65]
        // Sizes on both sides of where a table of entries grows.
        let newNames = [3_000, 6_100, 12_300, 24_600, 28_700, 28_800, 49_200].map { count in
            make("\(count) names that are all new") {
                $0.add([0x80, 4, 0x5D, 0x94, 0x28], 4)
                for at in 0..<count { $0.add(text("c\(String(at, radix: 36))\nq\(String(at, radix: 36))\n")) }
                $0.add([0x65, 0x2E], 2)
            }
        }
        return newNames + [
            list("names", name, times: many / 4), list("calls", name + [0x29, 0x52], 3, times: many / 4),
            list("calls of the library", date, 4, times: many / 8), list("decimals", decimal, 4, times: many / 8),
            list("instances with states", name + [0x29, 0x81, 0x7D, 0x62], 5, times: many / 4),
            list("deques", deque, 6, times: many / 8),
        ]
    }

    private static func shared() -> [Inputs] {
        let letters: [UInt8] = [0x8C, 100] + [UInt8](repeating: 0x61, count: 100)
        let turns: [UInt8] = [0x68, 0, 0x4E, 0x61, 0x30, 0x68, 1, 0x4E, 0x61, 0x30]
        return [
            make("a text and a million uses of it") {
                $0.add([0x80, 4, 0x5D, 0x94, 0x28], 4)
                $0.add(letters + [0x94], 2)
                $0.add([0x68, 1], times: many)
                $0.add([0x65, 0x2E], 2)
            },
            make("a dict of small ints") {
                $0.add([0x80, 4, 0x7D, 0x28], 3)
                for at in 0..<50_000 { $0.add([0x4A] + little(at) + [0x4B, 1], 2) }
                $0.add([0x75, 0x2E], 2)
            },
            make("a dict of one key many times") {
                $0.add([0x80, 4, 0x7D, 0x28], 3)
                $0.add([0x4B, 1, 0x4B, 2], 2, times: many)
                $0.add([0x75, 0x2E], 2)
            },
            make("a set of one element many times") {
                $0.add([0x80, 4, 0x8F, 0x28], 3)
                $0.add([0x4B, 1], times: many)
                $0.add([0x90, 0x2E], 2)
            },
            make("lists that grow in turns") {
                $0.add([0x5D, 0x94, 0x5D, 0x94], 4)
                $0.add(turns, 8, times: many / 4)
                $0.add([0x2E])
            },
        ]
    }

    private static func large() -> [Inputs] {
        let size: [UInt8] = [0, 0, 0x20, 0]
        let block = [UInt8](repeating: 0x61, count: 0x20_0000)
        let letters: [UInt8] = [0x8C, 100] + [UInt8](repeating: 0x61, count: 100)
        var inputs = [
            make("Nones, then a long text") {
                $0.add([0x80, 4, 0x5D, 0x94, 0x28], 4)
                $0.add([0x4E], times: 300_000)
                $0.add([0x58] + size + block)
                $0.add([0x65, 0x2E], 2)
            },
            make("long texts, then numbers") {
                $0.add([0x80, 4, 0x5D, 0x94, 0x28], 4)
                $0.add(letters, times: 1_000)
                $0.add([0x4B, 1], times: many)
                $0.add([0x65, 0x2E], 2)
            },
            make("a text of two megabytes") { $0.add([0x58] + size + block + [0x2E], 2) },
            make("accented text of two megabytes") {
                $0.add([0x58] + size)
                $0.add([0xC3, 0xA9], 0, times: 0x10_0000)
                $0.add([0x2E])
            },
            make("two megabytes of bytes") { $0.add([0x42] + size + block + [0x2E], 2) },
        ]
        let declared: [(String, [UInt8])] = [
            ("BINBYTES8", [0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("BINUNICODE", [0x58, 0xFF, 0xFF, 0xFF, 0xFF]), ("LONG4", [0x8B, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("BYTEARRAY8", [0x96, 0, 0, 0, 0, 0, 1, 0, 0]),
            ("FRAME", [0x95, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            ("LONG_BINPUT", [0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0x7F]),
        ]
        for (name, bytes) in declared {
            inputs.append(make("declared length of \(name)") { $0.add([0x80, 4] + bytes + [0x2E], 3) })
        }
        return inputs
    }

    // MARK: Ordinary

    private static func ordinary() -> [Inputs] {
        var plain = PickleEncoder()
        plain.numericArrays = .list
        let samples = (0..<20_000).map {
            MemoryProbe.Sample(id: $0, name: "sample\($0)", x: Double($0) / 2, y: Double($0) / 4, ok: $0 % 2 == 0)
        }
        func input(_ name: String, _ value: some Encodable, _ mode: PickleMode = .compact) -> Inputs? {
            var encoder = plain
            encoder.mode = mode
            guard let bytes = try? encoder.encode(value) else { return nil }
            return of(name, bytes)
        }
        let inputs: [Inputs?] = [
            input("ints", Array(0..<200_000)), input("doubles", (0..<150_000).map { Double($0) / 3 }),
            input("short texts", (0..<100_000).map { "string\($0)" }),
            input("long texts", (0..<10_000).map { "a rather long text, number \($0), that needs memory of its own" }),
            input("a dict of floats", Dictionary(uniqueKeysWithValues: (0..<100_000).map { ("key\($0)", Double($0)) })),
            input("lists of ints", (0..<20_000).map { Array(0..<($0 % 40)) }),
            input("records", samples), input("records as CPython writes them", samples, .cpython),
            input("ints as CPython writes them", Array(0..<200_000), .cpython),
            input("data", Data(repeating: 7, count: 3_000_000)),
        ]
        return inputs.compactMap { $0 }
    }

    private static func golden() -> [Inputs] {
        struct Golden: Decodable {
            var expression: String
            var `protocol`: Int
            var pickle: Data
        }
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/pickle/golden.json")
        guard let data = try? Data(contentsOf: file), let all = try? JSONDecoder().decode([Golden].self, from: data)
        else { return [] }
        return all.compactMap {
            of("golden \($0.protocol) \($0.expression.prefix(60).replacing("\t", with: " "))", [UInt8]($0.pickle))
        }
    }

    /// A whole pickle, whose opcodes are counted.
    private static func of(_ name: String, _ bytes: [UInt8]) -> Inputs? {
        guard let statistics = try? PickleStatistics(of: bytes) else { return nil }
        let opcodes = statistics.rows.reduce(0) { $0 + $1.count }
        return make(name) { $0.add(bytes, opcodes) }
    }
}

import PickleCoding
import TestSupport
import Testing

@Suite("Keyed containers are used again only when nobody holds them", .paced)
struct ContainerReuseTests {
    /// Holds another value of its own type, so that containers of one type are open at the same time.
    private final class Tree: Codable {
        var name: String
        var children: [Tree]
        var last: Tree?

        init(_ name: String, _ children: [Tree] = [], last: Tree? = nil) {
            self.name = name
            self.children = children
            self.last = last
        }

        var text: String { "\(name)(\(children.map(\.text).joined(separator: ",")))\(last?.text ?? "")" }
    }

    /// Keeps its container and hands the encoder on before it writes the last key.
    private struct Late: Codable, Equatable {
        enum CodingKeys: CodingKey { case a, inner, b }
        var a: Int
        var inner: [Late]
        var b: Int

        init(_ a: Int, _ inner: [Late] = []) { (self.a, self.inner, b) = (a, inner, -a) }

        init(from decoder: any Decoder) throws {
            let first = try decoder.container(keyedBy: CodingKeys.self)
            let second = try decoder.container(keyedBy: CodingKeys.self)
            b = try second.decode(Int.self, forKey: .b)
            inner = try first.decode([Late].self, forKey: .inner)
            a = try second.decode(Int.self, forKey: .a)
        }

        func encode(to encoder: any Encoder) throws {
            var first = encoder.container(keyedBy: CodingKeys.self)
            try first.encode(a, forKey: .a)
            var second = encoder.container(keyedBy: CodingKeys.self)
            try second.encode(inner, forKey: .inner)
            try first.encode(b, forKey: .b)
        }
    }

    /// More key types at once than containers are kept.
    private struct One<Inner: Codable & Equatable>: Codable, Equatable {
        var id: Int
        var inner: [Inner]
        var end: Int
    }

    @Test("a tree of one type comes back", arguments: PickleMode.all)
    func tree(mode: PickleMode) throws {
        let tree = Tree(
            "root", (0..<20).map { Tree("child\($0)", [Tree("leaf")], last: Tree("last\($0)")) }, last: Tree("end"))
        var encoder = PickleEncoder()
        encoder.mode = mode
        let back = try PickleDecoder().decode(Tree.self, from: encoder.encode(tree))
        #expect(back.text == tree.text)
    }

    @Test("two containers of one value, open around others, keep their places")
    func late() throws {
        let value = Late(1, [Late(2, [Late(3)]), Late(4), Late(5, [Late(6), Late(7)])])
        #expect(try PickleDecoder().decode(Late.self, from: PickleEncoder().encode(value)) == value)
    }

    @Test("six types of records inside each other, many times")
    func manyTypes() throws {
        func wrap<T: Codable & Equatable>(_ inner: [T]) -> [One<T>] {
            (0..<3).map { One(id: $0, inner: inner, end: -$0) }
        }
        let value = wrap(wrap(wrap(wrap(wrap(wrap([1]))))))
        let back = try PickleDecoder().decode(type(of: value), from: PickleEncoder().encode(value))
        #expect(back == value)
    }

    @Test("coders leave nothing behind, also after an error")
    func noLeaks() throws {
        final class Probe {}
        struct Failing: Encodable {
            struct Refused: Error {}
            let probe: Probe
            enum CodingKeys: CodingKey { case a }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(1, forKey: .a)
                throw Refused()
            }
        }
        weak var weakly: Probe?
        do {
            let probe = Probe()
            weakly = probe
            var encoder = PickleEncoder()
            encoder.userInfo[try #require(CodingUserInfoKey(rawValue: "probe"))] = Kept(probe)
            #expect(throws: Failing.Refused.self) { try encoder.encode([Failing(probe: probe)]) }
            _ = try encoder.encode(["a": [Tree("x", [Tree("y")])]])
        }
        #expect(weakly == nil)
    }

    /// Lets a test watch what a coder holds.
    private final class Kept: @unchecked Sendable {  // why: made and released on one thread
        let value: AnyObject
        init(_ value: AnyObject) { self.value = value }
    }

    @Test("texts of every length and alphabet are the same as the library's", arguments: 0...40)
    func texts(count: Int) throws {
        for text in [
            String(repeating: "a", count: count), String(repeating: "é", count: count / 2),
            "x\0" + String(repeating: "~", count: count),
            String(("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH" as String).prefix(count)),
            String(repeating: "🎈", count: count / 4),
        ] {
            let bytes = try PickleEncoder().encode([text, text])
            let back = try PickleDecoder().decode([String].self, from: bytes)
            #expect(back == [text, text])
            #expect(back[0].hashValue == text.hashValue)
            #expect(Array(back[0].utf8) == Array(text.utf8))
            #expect(back[0].isContiguousUTF8)
            #expect(
                try PickleDecoder().decode([String: String].self, from: PickleEncoder().encode([text: text])) == [
                    text: text
                ])
            #expect(try PickleDocument(decoding: bytes).root[0]?.stringValue == text)
            // Bridged or sliced texts have other layouts.
            let slice = String((text + "!").dropLast())
            #expect(try PickleEncoder().encode([slice, slice]) == bytes)
        }
    }
}

extension PickleMode {
    fileprivate static let all: [PickleMode] = [.compact, .canonical, .cpython]
}

import Foundation
import PickleCoding
import TestSupport
import Testing

/// The samples of the documentation, word for word: what stands there compiles and is true.
@Suite("Samples of the documentation", .paced)
struct DocumentationTests {
    enum Color: Int, Codable { case red = 1, blue }
    struct Point: Codable { var x: Double, y: Double }
    struct Circle: Sendable { var radius: Double }

    @Test("the landing page")
    func landing() throws {
        let bytes = try PickleEncoder().encode(["rate": 0.5])  // [String: Double] to a dict
        let table = try PickleDecoder().decode([String: Double].self, from: bytes)

        let document = try PickleDocument(decoding: bytes)  // without a schema
        let rate = document.root["rate"]?.doubleValue
        #expect(table == ["rate": 0.5])
        #expect(rate == 0.5)
    }

    @Test("Choosing a mode")
    func mode() throws {
        var encoder = PickleEncoder()
        encoder.mode = .cpython
        encoder.protocolVersion = 5
        #expect(try encoder.encode([1]).prefix(3) == [0x80, 5, 0x95])
    }

    @Test("Hostile input")
    func hostile() throws {
        let bytes = try PickleEncoder().encode([[1, 2], [3]])
        do {
            let limits = PickleLimits(maxBytes: 1 << 20, maxDepth: 64)
            let document = try PickleDocument(decoding: bytes, limits: limits)
            #expect(document.root.count == 2)
        }
        var options = PickleReadingOptions()
        options.allowedGlobals = [PickleName(module: "decimal", name: "Decimal")]
        #expect(throws: PickleError.self) { try PickleDocument(decoding: Self.call, options: options) }
        for found in try PickleDisassembler.imports(in: bytes) {
            print(found.name, found.danger ?? "")
        }
        let registry = PickleRegistry()
        let strict = try PickleDocument(decoding: bytes, options: .strict(registry))
        #expect(strict.root.count == 2)
    }

    @Test("Talk to Python: arrays and tuples")
    func arrays() throws {
        var encoder = PickleEncoder()
        encoder.numericArrays = .list
        #expect(try PickleDocument(decoding: encoder.encode([1.5])).root.kind == .list)
        let arguments = try PickleEncoder().encodeTuple(1, "two", [3.0])
        #expect(try PickleDocument(decoding: arguments).root.kind == .tuple)
    }

    @Test("Talk to Python: classes")
    func classes() throws {
        let colorBytes = Array("(cpaint\nColor\n(I2\ntRl.".utf8)
        let pointBytes = Array("\u{28}cpaint\nPoint\nF1.5\nF2\no.".utf8)
        var decoder = PickleDecoder()
        decoder.registry.registerEnum(module: "paint", name: "Color")
        decoder.registry.register(module: "paint", name: "Point", fields: ["x", "y"])
        let colors = try decoder.decode([Color].self, from: colorBytes)
        let point = try decoder.decode(Point.self, from: pointBytes)
        #expect(colors == [.blue])
        #expect(point.x == 1.5 && point.y == 2)

        let document = try PickleDocument(decoding: Self.call)
        var registry = PickleRegistry()
        registry.register(module: "shapes", name: "Circle") { value in
            Circle(radius: value.state?["radius"]?.doubleValue ?? 0)
        }
        let circle = try registry.make(document.root) as? Circle
        #expect(circle?.radius == 2.5)
    }

    @Test("Talk to Python: values outside the pickle")
    func outside() throws {
        let tensors: [String: [UInt8]] = ["a": [1, 2, 3]]
        let bytes = Array("(Pa\nPa\nt.".utf8)
        var options = PickleReadingOptions()
        options.persistentIDs = { id in
            guard let tensor = tensors[id.stringValue ?? ""] else { return .refused("no such tensor") }
            return .value(PickleValue(bytes: tensor))
        }
        options.extensionNames = { code in code == 7 ? PickleName(module: "paint", name: "Color") : nil }
        let outside = try PickleDocument(decoding: bytes, options: options)
        #expect(outside.root[1]?.bytesValue == [1, 2, 3])
    }

    private static let call = Array("cshapes\nCircle\n)\u{52}}Vradius\nF2.5\nsb.".utf8)

    @Test("every sample of the catalog is one of these")
    func complete() throws {
        func lines(_ text: some StringProtocol) -> [String] {
            text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                !$0.isEmpty
            }
        }
        let own = lines(try String(contentsOfFile: #filePath, encoding: .utf8)).joined(separator: "\n")
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let catalog = root.appendingPathComponent("Sources/PickleCoding/PickleCoding.docc")
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: catalog.path) where file.hasSuffix(".md") {
            let text = try String(contentsOf: catalog.appendingPathComponent(file), encoding: .utf8)
            for block in text.components(separatedBy: "```swift\n").dropFirst() {
                let sample = block.components(separatedBy: "```")[0]
                count += 1
                // Types are declared before the function that uses them, so that paragraphs are looked for one by one.
                for paragraph in sample.components(separatedBy: "\n\n") {
                    let wanted = lines(paragraph).joined(separator: "\n")
                    #expect(own.contains(wanted), "\(file): \(paragraph)")
                }
            }
        }
        #expect(count > 8)
    }
}

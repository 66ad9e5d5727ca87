import AllocationCounter
import Foundation
import PickleCoding

/// Reads every input in one way and says what it took.
enum MemoryProbe {
    /// A record as it comes in lists of thousands.
    struct Sample: Codable {
        var id: Int
        var name: String
        var x: Double
        var y: Double
        var ok: Bool
    }

    static func run(_ kind: String) {
        let work: (([UInt8]) throws -> Any)? =
            switch kind {
            case "document": { try PickleDocument(decoding: $0) }
            case "[Int]": { try PickleDecoder().decode([Int].self, from: $0) }
            case "[Double]": { try PickleDecoder().decode([Double].self, from: $0) }
            case "[String]": { try PickleDecoder().decode([String].self, from: $0) }
            case "[String: Double]": { try PickleDecoder().decode([String: Double].self, from: $0) }
            case "[[Int]]": { try PickleDecoder().decode([[Int]].self, from: $0) }
            case "[Sample]": { try PickleDecoder().decode([Sample].self, from: $0) }
            case "Data": { try PickleDecoder().decode(Data.self, from: $0) }
            default: nil
            }
        guard let work else { return print("unknown kind \(kind)") }
        // What is made once and kept is no input's fault.
        for input in [Inputs.small, [0x80, 4, 0x4E, 0x2E]] { _ = try? work(input) }
        for input in Inputs.all(withGolden: kind == "document") {
            let bytes = input.bytes
            var outcome = "read"
            var value: Any?
            allocation_reset()
            do { value = try work(bytes) } catch { outcome = "refused: \(error)" }
            let figures = allocation_stop()
            withExtendedLifetime(value) {}
            let line = outcome.prefix(160).replacing("\n", with: " ").replacing("\t", with: " ")
            print(input.name, bytes.count, input.opcodes, figures.peak, figures.live, line, separator: "\t")
        }
    }
}

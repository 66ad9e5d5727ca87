import ArgumentParser
import PickleCoding

/// `apus pickle roundtrip`: reads a pickle and writes its value in another protocol.
struct PickleRoundtripCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roundtrip", abstract: "Read a pickle and write its value in a protocol of choice.")

    @Argument(help: "The file, or - for the standard input.")
    var file: String

    @Option(name: .customLong("protocol"), help: "The protocol to write, 0 to 5.")
    var protocolVersion: Int = 4

    @Option(help: "How to write: compact, cpython (its C pickler's very bytes) or canonical.")
    var mode = "compact"

    @Option(help: "Where to write; the standard output by default.")
    var out: String?

    @OptionGroup var reading: PickleReadingArguments

    func run() throws {
        guard (0...5).contains(protocolVersion) else {
            throw PickleFiles.misuse("--protocol is \(protocolVersion), but pickle has protocols 0 to 5")
        }
        let modes: [String: PickleMode] = ["compact": .compact, "cpython": .cpython, "canonical": .canonical]
        guard let mode = modes[mode] else {
            throw PickleFiles.misuse("--mode is '\(mode)'; it can be compact, cpython or canonical")
        }
        let bytes = try PickleFiles.read(file)
        try PickleFiles.reporting {
            let document = try PickleDocument(decoding: bytes, options: try reading.options())
            try PickleFiles.write(try document.root.encoded(protocolVersion: protocolVersion, mode: mode), to: out)
        }
    }
}

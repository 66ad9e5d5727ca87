import ArgumentParser
import PickleCoding

/// `apus pickle disassemble`: shows the opcodes of a pickle.
struct PickleDisassembleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disassemble",
        abstract: "Show the opcodes of a pickle, explained, and the names that loading it in Python would import.")

    @Argument(help: "The file, or - for the standard input.")
    var file: String

    @Flag(help: "Print bare lines: offset, name, argument.")
    var lines = false

    func run() throws {
        let bytes = try PickleFiles.read(file)
        try PickleFiles.reporting {
            let text = lines ? try PickleDisassembler.lines(of: bytes) : try PickleDisassembler.listing(of: bytes)
            try PickleFiles.write(text, to: nil)
        }
    }
}

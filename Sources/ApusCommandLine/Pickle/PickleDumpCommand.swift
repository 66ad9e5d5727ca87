import ArgumentParser
import PickleCoding

/// `apus pickle dump`: shows the value that a pickle holds.
struct PickleDumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Show the value that a pickle holds; names and calls stay records.")

    @Argument(help: "The file, or - for the standard input.")
    var file: String

    @Flag(help: "Print one line of canonical JSON.")
    var json = false

    @OptionGroup var reading: PickleReadingArguments

    func run() throws {
        let bytes = try PickleFiles.read(file)
        try PickleFiles.reporting {
            let document = try PickleDocument(decoding: bytes, options: try reading.options())
            let rest = bytes.count - document.endOffset
            if rest > 0 { PickleFiles.note("\(rest) bytes after STOP") }
            var text = json ? try document.root.canonicalJSON() : [UInt8](document.root.description.utf8)
            text.append(0x0A)
            try PickleFiles.write(text, to: nil)
        }
    }
}

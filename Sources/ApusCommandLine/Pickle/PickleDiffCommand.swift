import ArgumentParser
import PickleCoding

/// `apus pickle diff`: says where two pickles hold different values.
struct PickleDiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say where two pickles hold different values; exit status 1 if they do.")

    @Argument(help: "The first file, or - for the standard input.")
    var first: String

    @Argument(help: "The second file.")
    var second: String

    @OptionGroup var reading: PickleReadingArguments

    func run() throws {
        let (left, right) = (try PickleFiles.read(first), try PickleFiles.read(second))
        var isEqual = true
        try PickleFiles.reporting {
            let options = try reading.options()
            let lines = PickleDifference.lines(
                try PickleDocument(decoding: left, options: options).root,
                try PickleDocument(decoding: right, options: options).root)
            isEqual = lines.isEmpty
            let text = isEqual ? "the values are equal" : lines.joined(separator: "\n")
            try PickleFiles.write([UInt8]((text + "\n").utf8), to: nil)
        }
        if !isEqual { throw ExitCode(1) }
    }
}

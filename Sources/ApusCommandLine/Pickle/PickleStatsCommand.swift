import ArgumentParser
import PickleCoding

/// `apus pickle stats`: counts opcodes and values and shows what takes the space.
struct PickleStatsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Count the opcodes and values of a pickle and show what takes the space.")

    @Argument(help: "The file, or - for the standard input.")
    var file: String

    func run() throws {
        let bytes = try PickleFiles.read(file)
        try PickleFiles.reporting {
            let statistics = try PickleStatistics(of: bytes)
            try PickleFiles.write([UInt8](statistics.description.utf8), to: nil)
        }
    }
}

import ArgumentParser
import DataFlow
import Launch

/// What the commands for operators have in common: which run is asked, and how the answer is shown.
struct OperatorOptions: ParsableArguments {
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "The directory of a run, or one with runs in it, of which the newest that runs is asked.",
            valueName: "directory"))
    var directory = "runinfo"

    @Flag(help: "Print the answer as one JSON object.")
    var json = false

    /// Asks, and prints the answer; what is wrong goes to standard error, and the exit code is 1.
    func show<Report: Decodable>(_ question: OperatorQuestion, as type: Report.Type, _ text: (Report) -> String) throws
    {
        do {
            let bytes = try CommandClient(finding: directory).ask(question)
            guard !json else { return StandardStreams.output(bytes + [UInt8(ascii: "\n")]) }
            let report: Report
            do {
                report = try JSONText.decode(type, from: bytes)
            } catch {
                throw OperatorError(
                    "the answer cannot be read; use the `apus` that was built with the workflow's library (\(error))")
            }
            StandardStreams.output(text(report))
        } catch let error as OperatorError {
            StandardStreams.error("apus: \(error)\n")
            throw ExitCode(1)
        }
    }
}

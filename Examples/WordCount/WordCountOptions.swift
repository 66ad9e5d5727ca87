import Glibc

/// What the command line asks for.
struct WordCountOptions: Sendable {
    var folder = ""
    var files: [String] = []
    var limit = 10
    var workers = 2
    var useThreads = false

    static let usage = """
        usage: WordCount FOLDER [--top N] [--workers N] [--threads]

          FOLDER        a folder of text files, such as /usr/share/common-licenses
          --top N       how many words are printed, 1 to 1000000 (10)
          --workers N   how many worker processes, or threads, 1 to 4096 (2)
          --threads     run on threads of this process instead of worker processes
        """

    /// Reads the arguments; ends the program with code 2 and an explanation when they make no sense.
    static func fromCommandLine() -> WordCountOptions {
        do throws(UsageError) {
            return try WordCountOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            let message = "WordCount: \(error.text)\n\(usage)\n"
            _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(2)
        }
    }

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--top": limit = try Self.number(argument, rest.popFirst(), 1...1_000_000)
            case "--workers": workers = try Self.number(argument, rest.popFirst(), 1...4096)
            case "--threads": useThreads = true
            case "--help", "-h":
                print(Self.usage)
                exit(0)
            default:
                guard !argument.hasPrefix("-") else { throw UsageError(text: "unknown option '\(argument)'") }
                guard folder.isEmpty else {
                    throw UsageError(text: "one folder is expected, not '\(folder)' and '\(argument)'")
                }
                folder = argument
            }
        }
        guard !folder.isEmpty else { throw UsageError(text: "name a folder of text files") }
        do throws(FileError) {
            files = try TextFiles.paths(in: folder)
        } catch {
            throw UsageError(text: error.description)
        }
        guard !files.isEmpty else { throw UsageError(text: "there are no files in \(folder)") }
    }

    private static func number(
        _ option: String, _ text: String?, _ allowed: ClosedRange<Int>
    ) throws(UsageError) -> Int {
        guard let text else { throw UsageError(text: "\(option) needs a number after it") }
        guard let value = Int(text), allowed.contains(value) else {
            throw UsageError(
                text: "\(option) is '\(text)'; it is a number from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return value
    }
}

/// An argument that makes no sense.
struct UsageError: Error {
    var text: String
}

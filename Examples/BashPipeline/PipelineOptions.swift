import FoundationEssentials
import Glibc

/// What the command line asks for.
struct PipelineOptions: Sendable {
    var folder = ""
    var files: [String] = []
    var output = "word-counts.txt"
    var limit = 10
    var workers = 2
    var useThreads = false

    static let usage = """
        usage: BashPipeline FOLDER [--output FILE] [--top N] [--workers N] [--threads]

          FOLDER        a folder of text files, such as /usr/share/common-licenses
          --output FILE where the result goes (word-counts.txt)
          --top N       how many words are printed, 1 to 1000000 (10)
          --workers N   how many worker processes, or threads, 1 to 4096 (2)
          --threads     run on threads of this process instead of worker processes
        """

    /// Reads the arguments; ends the program with code 2 and an explanation when they make no sense.
    static func fromCommandLine() -> PipelineOptions {
        do throws(UsageError) {
            return try PipelineOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            let message = "BashPipeline: \(error.text)\n\(usage)\n"
            _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(2)
        }
    }

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--output":
                guard let file = rest.popFirst(), !file.isEmpty else {
                    throw UsageError(text: "\(argument) needs a file name after it")
                }
                output = file
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
        files = try Self.paths(in: folder)
        guard !files.isEmpty else { throw UsageError(text: "there are no files in \(folder)") }
    }

    /// The paths of all files in a folder (links to files are files, folders in it are not looked into), sorted.
    private static func paths(in folder: String) throws(UsageError) -> [String] {
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            return names.filter { !$0.hasPrefix(".") }.map { folder + "/" + $0 }.filter { path in
                var isFolder = false
                return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
            }
        } catch {
            throw UsageError(text: "cannot read \(folder): \(error)")
        }
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

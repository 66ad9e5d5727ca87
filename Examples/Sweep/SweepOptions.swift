import Glibc

/// What the command line asks for.
struct SweepOptions: Sendable {
    var points = 200
    var work = 20_000_000
    var workers = 2
    var useThreads = false

    static let usage = """
        usage: Sweep [--points N] [--work N] [--workers N] [--threads]

          --points N    how many infection rates, 1 to 1000000 (200)
          --work N      how many steps a simulation takes, 1000 to 1000000000 (20000000)
          --workers N   how many worker processes, or threads, 1 to 4096 (2)
          --threads     run on threads of this process instead of worker processes
        """

    /// Reads the arguments; ends the program with code 2 and an explanation when they make no sense.
    static func fromCommandLine() -> SweepOptions {
        do throws(UsageError) {
            return try SweepOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            let message = "Sweep: \(error.text)\n\(usage)\n"
            _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(2)
        }
    }

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--points": points = try Self.number(argument, rest.popFirst(), 1...1_000_000)
            case "--work": work = try Self.number(argument, rest.popFirst(), 1_000...1_000_000_000)
            case "--workers": workers = try Self.number(argument, rest.popFirst(), 1...4096)
            case "--threads": useThreads = true
            case "--help", "-h":
                print(Self.usage)
                exit(0)
            default:
                throw UsageError(text: "unknown argument '\(argument)'")
            }
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

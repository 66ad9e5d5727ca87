import Glibc

/// What the command line asks for.
struct MandelbrotOptions: Sendable {
    var width = 1200
    var height = 900
    var tile = 100
    var iterations = 2000
    var output = "mandelbrot.png"
    var workers = 2
    var useThreads = false

    static let usage = """
        usage: Mandelbrot [--width N] [--height N] [--tile N] [--iterations N] [--output FILE] [--workers N] [--threads]

          --width N        points across, 1 to 20000 (1200)
          --height N       points down, 1 to 20000 (900)
          --tile N         edge of the square that one task computes, 1 to 20000 (100)
          --iterations N   how long a point is followed, 1 to 1000000 (2000)
          --output FILE    the picture (mandelbrot.png)
          --workers N      how many worker processes, or threads, 1 to 4096 (2)
          --threads        run on threads of this process instead of worker processes
        """

    /// Reads the arguments; ends the program with code 2 and an explanation when they make no sense.
    static func fromCommandLine() -> MandelbrotOptions {
        do throws(UsageError) {
            return try MandelbrotOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            let message = "Mandelbrot: \(error.text)\n\(usage)\n"
            _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            exit(2)
        }
    }

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--width": width = try Self.number(argument, rest.popFirst(), 1...20_000)
            case "--height": height = try Self.number(argument, rest.popFirst(), 1...20_000)
            case "--tile": tile = try Self.number(argument, rest.popFirst(), 1...20_000)
            case "--iterations": iterations = try Self.number(argument, rest.popFirst(), 1...1_000_000)
            case "--workers": workers = try Self.number(argument, rest.popFirst(), 1...4096)
            case "--threads": useThreads = true
            case "--output":
                guard let path = rest.popFirst(), !path.isEmpty else {
                    throw UsageError(text: "--output needs a file name after it")
                }
                output = path
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

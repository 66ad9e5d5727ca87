import TestSupport
import Testing

/// A command line that makes no sense, and what the explanation must name.
struct Mistake: Sendable, CustomTestStringConvertible {
    var program: String
    var arguments: [String]
    var named: String

    var testDescription: String { ([program] + arguments).joined(separator: " ") }
}

@Suite("Arguments of the examples", .tags(.realProcess), .blocking)
struct UsageTests {
    static let mistakes = [
        Mistake(program: "MonteCarloPi", arguments: ["--tasks", "0"], named: "--tasks is '0'"),
        Mistake(program: "MonteCarloPi", arguments: ["--tasks", "ten"], named: "--tasks is 'ten'"),
        Mistake(
            program: "MonteCarloPi", arguments: ["--tasks", "99999999999999999999"], named: "is '99999999999999999999'"),
        Mistake(program: "MonteCarloPi", arguments: ["--points", "-5"], named: "--points is '-5'"),
        Mistake(program: "MonteCarloPi", arguments: ["--workers"], named: "--workers needs a number"),
        Mistake(
            program: "MonteCarloPi", arguments: ["--worker", "2"],
            named: "unknown option '--worker'; did you mean '--workers'?"),
        Mistake(program: "MonteCarloPi", arguments: [""], named: "unexpected argument ''"),
        Mistake(program: "WordCount", arguments: [], named: "FOLDER is missing: a folder of text files"),
        Mistake(program: "WordCount", arguments: ["/nonexistent"], named: "/nonexistent"),
        Mistake(program: "WordCount", arguments: ["/etc/passwd"], named: "/etc/passwd"),
        Mistake(program: "WordCount", arguments: ["one", "two"], named: "unexpected argument 'two'"),
        Mistake(program: "WordCount", arguments: ["--top", "0", "."], named: "--top is '0'"),
        Mistake(program: "WordCount", arguments: ["."], named: "cannot read .: there are no files in it"),
        Mistake(program: "Mandelbrot", arguments: ["--width", "0"], named: "--width is '0'"),
        Mistake(program: "Mandelbrot", arguments: ["--height", "20001"], named: "1 to 20000"),
        Mistake(program: "Mandelbrot", arguments: ["--output"], named: "--output needs a file name"),
        Mistake(program: "Mandelbrot", arguments: ["picture.png"], named: "unexpected argument 'picture.png'"),
    ]

    @Test("a mistake ends the program with code 2, and the explanation names it", arguments: mistakes)
    func mistake(_ mistake: Mistake) throws {
        // The two files in it that take the program's output are hidden ones, so the folder counts as empty.
        let finished = try Example.run(mistake.program, mistake.arguments, in: TemporaryFolder())
        #expect(finished.code == 2)
        #expect(finished.output == "")
        #expect(finished.errors.hasPrefix("\(mistake.program): "))
        #expect(finished.errors.contains(mistake.named), "\(finished.errors)")
        #expect(finished.errors.contains("usage: \(mistake.program) "))
    }

    @Test("--help explains the options and succeeds", arguments: ["MonteCarloPi", "WordCount", "Mandelbrot"])
    func help(program: String) throws {
        let finished = try Example.run(program, ["--help"], in: TemporaryFolder())
        #expect(finished.code == 0)
        #expect(finished.output.hasPrefix("usage: \(program) "))
        #expect(finished.output.contains("--workers N") && finished.output.contains("--on threads|local|slurm"))
        #expect(finished.errors == "")
    }
}

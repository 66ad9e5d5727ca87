import TestSupport
import Testing

/// What every program answers: `tasks`, `describe`, `call`, `run`, `--help`.
@Suite("Commands of programs", .tags(.realProcess), .blocking, .serialized)
struct ProgramTests {
    private func run(_ program: String, _ words: String...) throws -> Finished {
        try Example.run(program, words, in: TemporaryFolder())
    }

    @Test("tasks lists the apps with their types, and describe tells more")
    func listing() throws {
        let tasks = try run("MonteCarloPi", "tasks")
        #expect(tasks.code == 0 && tasks.errors == "")
        #expect(tasks.output == "count-inside(Int, Int) -> Int, version 1\nsum(Array<Int>) -> Int, version 1\n")
        #expect(try run("Sweep", "tasks").output.hasSuffix("-> Outcome, version 1, cached by all arguments\n"))
        // A bash app shows the types that its author wrote, not what travels.
        #expect(try run("BashPipeline", "tasks").output.contains("\nwords(String) -> BashResult, version 1"))

        let one = try run("MonteCarloPi", "describe", "sum")
        #expect(one.output.contains("  argument 1  Array<Int>\n") && one.output.contains("  result      Int\n"))
        let all = try run("MonteCarloPi", "describe")
        #expect(all.output.contains(#/\nfingerprint  [0-9a-f]{16}\n/#))
        #expect(all.output.contains(#/\nbuild +[0-9a-f]{32}\n/#))
    }

    @Test("--json is JSON", arguments: [["tasks", "--json"], ["describe", "--json"], ["describe", "sum", "--json"]])
    func json(words: [String]) throws {
        let folder = try TemporaryFolder()
        let finished = try Example.run("MonteCarloPi", words, in: folder)
        try folder.write("a.json", Array(finished.output.utf8))
        let checked = try Example.shell("python3 -m json.tool a.json >/dev/null", in: folder)
        #expect(checked.code == 0 || checked.errors.contains("not found"), "\(checked.errors)")
        #expect(finished.output.contains("\"parameters\" : [\n"))
    }

    @Test("call prints the result as JSON", arguments: placements)
    func call(placement: [String]) throws {
        let folder = try TemporaryFolder()
        let sum = try Example.run("MonteCarloPi", ["call", "sum", "--json", "[[1, 2, 39]]"] + placement, in: folder)
        #expect(sum.output == "42\n" && sum.code == 0, "\(sum.errors)")

        let words = ["call", "simulate", "--json", "[0.25, 1000]", "--no-progress"]
        let outcome = try Example.run("Sweep", words + placement, in: folder)
        #expect(outcome.output.contains(#/^\{"ill":0\.[0-9]+,"rate":0\.25\}\n$/#), "\(outcome.errors)")

        try folder.write("texts/a", Array("b a\na".utf8))
        let bash = try Example.run(
            "BashPipeline", ["call", "words", "--json", "[\"texts/a\"]"] + placement, in: folder)
        #expect(bash.output.contains("\"exitCode\":0"), "\(bash.errors)")
    }

    @Test("arguments may come from standard input")
    func standardInput() throws {
        let folder = try TemporaryFolder()
        let command = "echo '[[20, 1]]' | \(Example.products)/MonteCarloPi call sum --on threads --json -"
        let finished = try Example.shell(command, in: folder)
        #expect(finished.output == "21\n", "\(finished.errors)")
    }

    @Test("a call that fails ends with code 1 and the error's text")
    func failure() throws {
        let finished = try run("WordCount", "call", "count-file", "--json", "[\"/nonexistent\"]", "--on", "threads")
        #expect(finished.code == 1)
        #expect(finished.output == "")
        #expect(finished.errors.contains("cannot read /nonexistent: "), "\(finished.errors)")
    }

    @Test(
        "what makes no sense ends with code 2, and is named",
        arguments: [
            (["call"], "call needs a task"), (["call", "sun", "--json", "[]"], "no task 'sun'; did you mean 'sum'?"),
            (["call", "sum"], "call needs --json with the arguments, an array, for sum(Array<Int>) -> Int"),
            (["call", "sum", "--json", "[]"], "it takes 1 argument, and 0 stand in the array"),
            (["call", "sum", "--json", "[[1], 2]"], "it takes 1 argument, and 2 stand in the array"),
            (["call", "sum", "--json", "[[1, \"x\"]]"], "argument 1, at '[1]', is no Int"),
            (["call", "count-inside", "--json", "[1, null]"], "argument 2 is null, and no Int"),
            (["call", "sum", "--json", "{\"a\": 1}"], "write a JSON array"),
            (["call", "sum", "--json", "[1"], "the text: "),
            (["call", "sum", "--json", "[[1]]", "--one", "x"], "unknown option '--one'"),
            (["tasks", "all"], "unexpected argument 'all'"), (["describe", "sam"], "no task 'sam'"),
            (["describe", "--yaml"], "unknown option '--yaml'"), (["run", "x"], "this program has none"),
        ])
    func mistakes(words: [String], text: String) throws {
        let finished = try Example.run("MonteCarloPi", words, in: TemporaryFolder())
        #expect(finished.code == 2)
        #expect(finished.output == "")
        #expect(finished.errors.contains(text), "\(finished.errors)")
        #expect(finished.errors.contains("usage: MonteCarloPi"))
    }

    @Test("run starts a harness with its options")
    func harness() throws {
        let finished = try run("Sweep", "run", "single", "--", "0.25", "--work", "1000", "--on", "threads")
        #expect(finished.output.contains(#/^\{"ill":0\.[0-9]+,"rate":0\.25\}\n$/#), "\(finished.errors)")
        #expect(try run("Sweep", "run", "single", "0.25", "--work", "1000").output == finished.output)

        let help = try run("Sweep", "run", "single", "--help")
        #expect(help.output.hasPrefix("usage: Sweep run single -- RATE [OPTION…]\n\nSimulates one rate.\n"))
        #expect(help.output.contains("  --work N  (20000000)\n") || help.output.contains("--work N"))

        #expect(try run("Sweep", "run").errors.contains("run needs the name of a harness: single"))
        #expect(try run("Sweep", "run", "singel").errors.contains("no harness 'singel'; did you mean 'single'?"))
        #expect(try run("Sweep", "run", "single").errors.contains("RATE is missing: the infection rate"))
        #expect(try run("Sweep", "run", "single", "--", "fast").errors.contains("RATE is 'fast'; it is a number"))
    }

    @Test("a word behind -- is the program's own")
    func passedOn() throws {
        let finished = try run("WordCount", "--", "tasks")
        #expect(finished.code == 2)
        #expect(finished.errors.contains("cannot read tasks: "))
    }

    @Test("a program without options has a help as well, and its other words are its own")
    func plain() throws {
        let help = try run("Hello", "--help")
        #expect(help.output.hasPrefix("usage: Hello [ARGUMENT…]\n"))
        #expect(help.output.contains("greet(String) -> String"))
        #expect(try run("Hello", "call", "greet", "--json", "[\"you\"]").output.contains("Hello, you, from"))
        #expect(try run("Hello", "--", "tasks").output.hasPrefix("Hello, Ada"))
        #expect(try run("Hello", "whatever", "tasks").output.hasPrefix("Hello, Ada"))
    }
}

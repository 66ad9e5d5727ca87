// Calls two apps, and talks meanwhile. Tasks wait until a file is there, so that a test decides when they go on.

import Apus
@preconcurrency import Glibc  // why: `stderr` is a variable there

/// Waits, at most a minute, for a file.
func wait(for path: String) {
    for _ in 0..<6000 where access(path, F_OK) != 0 { usleep(10_000) }
}

let quick = app("quick") { (number: Int) -> Int in
    if number == 0 { print("a task says something") }
    return number
}
let patient = app("patient") { (number: Int, before: Int) throws -> Int in
    wait(for: "go")
    if number == 2 { throw RemoteMistake() }
    return number + before
}

struct RemoteMistake: Error {}

struct TalkOptions: ProgramOptions {
    var quiet = false
}

var configuration = WorkflowConfiguration.local(workers: 2)
configuration.summary = .never

await Workflow.run(configuration: configuration) { (options: TalkOptions) in
    var last = 0
    for number in 0..<7 { last = try await quick(number).value }
    let waiting = (0..<3).map { patient($0, last) }
    if !options.quiet {
        wait(for: "talk")
        print("the program says something")
        print("and more, ", terminator: "")
        print("in two pieces")
        fputs("an error, of two\nlines\n", stderr)
    }
    for future in waiting { _ = await future.result }
    print("done")
}

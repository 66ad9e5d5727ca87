import SystemSupport
import Testing

/// Tasks that are stopped, with real processes.
@Suite("Cancellation and walltime", .tags(.integration), .serialized)
struct StopTests {
    @Test("attempts are cancelled wherever they are, and nobody else notices")
    func cancel() throws {
        let run = try ProbeRun(["cancel"], program: "StopProgram")
        #expect(run.finish(within: 90) == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("queued: ")).contains("did not run"))
        #expect(try #require(run.line("queued: ")).contains("'nothing' (task 3 (try 0)) was cancelled"))
        #expect(run.line("many ") == "1001")
        for name in ["sleeper", "counter"] {
            let text = try #require(run.line("\(name): "))
            #expect(text.contains("cancelled: '\(name)'") && text.contains("asked to stop, and has ended"), "\(text)")
        }
        let deaf = try #require(run.line("deaf: "))
        #expect(deaf.contains("cancelled: 'deaf'") && deaf.contains("killed and replaced"), "\(deaf)")
        #expect(!deaf.contains("workerLost"))
        #expect(run.line("worker gone ") == "true")
        #expect(run.line("children alive ") == "0")
        #expect(run.line("others ") == "100")
        #expect(run.line("last ") == "100")
        #expect(run.line("reports for one ") == "1")
        #expect(run.line("outstanding ") == "0")
    }

    @Test("a walltime ends a body that sleeps, one that computes, and one that is deaf; others go on")
    func walltime() throws {
        let run = try ProbeRun(["walltime"], program: "StopProgram")
        #expect(run.finish(within: 90) == .exited(0), "\(run.output)\(run.errors)")
        for name in ["sleeper", "counter", "deaf"] {
            let text = try #require(run.line("\(name): "))
            #expect(text.contains("AppTimeout") && text.contains("its walltime is 0.2 s"), "\(text)")
        }
        #expect(run.line("good ") == "200")
    }

    @Test("a bash app's processes end when its future is cancelled")
    func cancelledFamily() throws {
        let run = try ProbeRun(["cancelled-family"], program: "StopProgram")
        #expect(run.finish(within: 90) == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("family: ")).contains("ancelled"))
        #expect(run.line("began ") == "true")
        #expect(run.line("alive ") == "0")
    }

    @Test("a future that is cancelled stops a body that is deaf, and the workflow goes on")
    func cancelledFuture() throws {
        let run = try ProbeRun(["cancelled-deaf"], program: "StopProgram")
        #expect(run.finish(within: 90) == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("deaf: ")).contains("ancelled"))
        #expect(run.line("worker gone ") == "true")
        #expect(run.line("next: ") == "value 7")
    }

    @Test(
        "a bash app's processes end with its walltime, even those that refuse to",
        arguments: ["family", "stubborn-family"])
    func family(scenario: String) throws {
        let run = try ProbeRun([scenario], program: "StopProgram")
        #expect(run.finish(within: 90) == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("family: ")).contains("AppTimeout"))
        #expect(run.line("alive ") == "0")
    }
}

import Glibc
import SystemSupport
import TestSupport
import Testing

/// Tasks that are stopped, with real processes.
@Suite("Cancellation and walltime", .tags(.realProcess), .blocking, .serialized)
struct StopTests {
    @Test("attempts are cancelled wherever they are, and nobody else notices")
    func cancel() throws {
        let run = try ProbeRun(["cancel"], program: "StopProgram")
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
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
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        for name in ["sleeper", "counter", "deaf"] {
            let text = try #require(run.line("\(name): "))
            #expect(text.contains("AppTimeout") && text.contains("its walltime is 0.2 s"), "\(text)")
        }
        #expect(run.line("good ") == "200")
    }

    @Test("a bash app's processes end when its future is cancelled")
    func cancelledFamily() throws {
        let run = try ProbeRun(["cancelled-family"], program: "StopProgram")
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("family: ")).contains("ancelled"))
        #expect(run.line("began ") == "true")
        #expect(run.line("alive ") == "0")
    }

    @Test("a future that is cancelled stops a body that is deaf, and the workflow goes on")
    func cancelledFuture() throws {
        let run = try ProbeRun(["cancelled-deaf"], program: "StopProgram")
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("deaf: ")).contains("ancelled"))
        #expect(run.line("worker gone ") == "true")
        #expect(run.line("next: ") == "value 7")
    }

    @Test("what calls ask for is there, or an error that says why not; one beyond its memory dies alone")
    func resources() throws {
        let run = try ProbeRun(["resources"], program: "StopProgram")
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        #expect(run.line("two: ") == "value 0,1")
        #expect(run.line("none: ") == "value ")
        let eater = try #require(run.line("eater: "))
        #expect(eater.contains("'eater' was stopped on") && eater.contains("its limit is 64.0 MiB"), "\(eater)")
        #expect(run.line("alive ") == "0")
        #expect(try #require(run.line("wrong: ")).contains("invalidResources: the resources of this call"))
        #expect(try #require(run.line("nodes: ")).contains("hands out none"))
        let large = try #require(run.line("large: "))
        #expect(large.contains("resourcesUnavailable: the task asks for 3 accelerators"), "\(large)")
    }

    @Test("programs on several nodes find their prefix and their nodes, and share those of the block")
    func mpi() throws {
        let folder = "/tmp/apus-srun-\(CurrentProcess.pid)"
        mkdir(folder, 0o700)
        defer { _ = try? Command.output("/bin/rm", ["-rf", folder]) }
        // Plays Slurm's: notes its words, and runs the program once.
        let srun = """
            #!/bin/bash
            echo "srun $*" >> \(folder)/log
            while [[ $1 != echo ]]; do shift; done
            exec "$@"

            """
        try SmallFile.write(Array(srun.utf8), to: "\(folder)/srun", mode: 0o700)
        try SmallFile.write(Array("n1\nn1\nn2\nn3\n".utf8), to: "\(folder)/nodes", mode: 0o600)
        let path = EnvironmentVariables.get("PATH") ?? "/usr/bin:/bin"
        let run = try ProbeRun(
            ["mpi"], program: "StopProgram",
            environment: ["PATH": "\(folder):\(path)", "PBS_NODEFILE": "\(folder)/nodes"])
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        let starts = try SmallFile.readText("\(folder)/log").split(separator: "\n")
        #expect(starts.count == 6)
        let whole = "srun --ntasks 6 --ntasks-per-node 2 --nodelist n1,n2,n3 --nodes 3 echo"
        #expect(starts.count { $0.hasPrefix(whole) } == 2, "\(starts)")
        let lines = run.file("ranks.out").split(separator: "\n")
        #expect(lines.filter { $0 == "n1,n2,n3 6" }.count == 2)
        #expect(lines.count { $0.hasSuffix(" 4") } == 2 && lines.count { $0.hasSuffix(" 2") } == 2, "\(lines)")
        #expect(try #require(run.line("plain: ")).contains("the call does not say how many"))
        #expect(try #require(run.line("uneven: ")).contains("3 ranks cannot be shared evenly by 2 nodes"))
        #expect(try #require(run.line("many: ")).contains("the task asks for 4 nodes"))
    }

    @Test(
        "a bash app's processes end with its walltime, even those that refuse to",
        arguments: ["family", "stubborn-family"])
    func family(scenario: String) throws {
        let run = try ProbeRun([scenario], program: "StopProgram")
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        #expect(try #require(run.line("family: ")).contains("AppTimeout"))
        #expect(run.line("alive ") == "0")
    }
}

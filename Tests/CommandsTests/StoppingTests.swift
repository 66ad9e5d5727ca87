import Commands
import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Stopping commands", .tags(.realProcess), .blocking)
struct StoppingTests {
    let directory = TemporaryDirectory()

    private func options(_ line: String, walltime: Duration? = nil) -> CommandOptions {
        CommandOptions(line, directory: directory.path, walltime: walltime)
    }

    /// A shell below a shell below the shell, and one in the background.
    private static let tree = """
        echo $$ > leader
        sleep 300 & echo $! > background
        bash -c 'echo $$ > child; bash -c "echo \\$\\$ > grandchild; sleep 300; true"; true'
        true
        """
    private static let members = ["leader", "background", "child", "grandchild"]

    private func processes() throws -> [Int32] {
        try Self.members.map { try #require(directory.number($0), "\($0) did not start") }
    }

    @Test("the walltime ends the whole tree of processes")
    func walltime() throws {
        let outcome = try Command(options(Self.tree, walltime: .seconds(3))).run()
        #expect(outcome.ending == .walltime)
        #expect(outcome.elapsed >= 3 && outcome.elapsed < 60, "\(outcome.elapsed) s: nobody refuses SIGTERM")
        #expect(!outcome.status.isSuccess)
        for pid in try processes() { #expect(eventually { !isRunning(pid) }) }
    }

    @Test("a command that ends in time is not stopped")
    func inTime() throws {
        let outcome = try Command(options("true", walltime: .seconds(60))).run()
        #expect(outcome.ending == .ended && outcome.status == .exited(0))
    }

    @Test("a walltime of nothing ends the command at once")
    func noTime() throws {
        #expect(try Command(options("sleep 300", walltime: .zero)).run().ending == .walltime)
    }

    @Test("a program below the shell has the grace to clean up")
    func cleanUp() throws {
        let line = "bash -c 'trap \"sleep 0.3; echo clean > cleaned; exit\" TERM; while :; do sleep 0.05; done'; true"
        _ = try Command(options(line, walltime: .seconds(2))).run()
        #expect(try directory.text("cleaned") == "clean\n")
    }

    @Test("what ignores SIGTERM is killed after the grace")
    func stubborn() throws {
        let line = "trap '' TERM; echo $$ > leader; while :; do sleep 0.1; done"
        var options = options(line, walltime: .seconds(2))
        options.grace = .milliseconds(400)
        let outcome = try Command(options).run()
        #expect(outcome.ending == .walltime && outcome.status == .signalled(SIGKILL))
        #expect(outcome.elapsed >= 2.4 && outcome.elapsed < 60)
        #expect(!isRunning(try #require(directory.number("leader"))))
    }

    @Test("a stopped process is ended as well")
    func stopped() throws {
        let outcome = try Command(options("echo $$ > leader; kill -STOP $$", walltime: .seconds(2))).run()
        #expect(outcome.ending == .walltime)
        #expect(!isRunning(try #require(directory.number("leader"))))
    }

    @Test("what a command leaves running in its group ends with it")
    func leftovers() throws {
        let outcome = try Command(options("sleep 300 & echo $! > background; (trap '' HUP TERM; sleep 300) &")).run()
        #expect(outcome.status == .exited(0))
        #expect(outcome.elapsed < 60)
        let pid = try #require(directory.number("background"))
        #expect(eventually { !isRunning(pid) })
    }

    @Test("a caller can stop a command")
    func stop() throws {
        let bell = try WakeUp()
        let directory = directory
        let thread = startThread(named: "stop") {
            #expect(eventually { directory.number("leader") != nil })
            bell.ring()
        }
        let outcome = try Command(options("echo $$ > leader; sleep 300; true")).run(stop: bell)
        thread.join()
        #expect(outcome.ending == .stopped && outcome.elapsed < 60)
        #expect(!isRunning(try #require(directory.number("leader"))))
    }

    @Test("nothing is left when the process that runs the command is killed", arguments: [SIGKILL, SIGTERM])
    func killedCaller(signal: Int32) async throws {
        // The exit test is a process of its own that runs the command, and kills itself in the middle.
        let path = directory.path
        await #expect(processExitsWith: .signal(signal)) { [path = path as String, signal = signal as Int32] in
            startThread(named: "command") {
                let line = """
                    trap '' TERM; sleep 300 & echo $! > background; echo $$ > leader; while :; do sleep 0.1; done
                    """
                _ = try? Command(CommandOptions(line, directory: path)).run()
            }
            #expect(eventually { access(path + "/leader", F_OK) == 0 })
            kill(getpid(), signal)
            pause()
        }
        for name in ["leader", "background"] {
            let pid = try #require(directory.number(name))
            #expect(eventually { !isRunning(pid) }, "\(name) still runs")
        }
    }
}

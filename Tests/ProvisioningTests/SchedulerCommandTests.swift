import Provisioning
import TestSupport
import Testing

@Suite("Client programs of schedulers", .paced, .tags(.realProcess))
struct SchedulerCommandTests {
    @Test("both streams and the exit code come back")
    func streams() async throws {
        let outcome = try await SchedulerCommand(
            "sh", ["-c", "echo out; echo err >&2; exit 3"], timeout: .seconds(120)
        ).outcome()
        #expect(outcome == SchedulerOutcome(exitCode: 3, standardOutput: "out\n", standardError: "err\n"))
    }

    @Test("a failure shows the command and what it printed")
    func failure() async {
        let error = await #expect(throws: ProviderError.self) {
            _ = try await SchedulerCommand("sh", ["-c", "echo 'no such queue' >&2; exit 7"], timeout: .seconds(120))
                .output()
        }
        #expect(error?.code == .refused)
        let text = error?.description ?? ""
        #expect(text.contains("exit code 7"))
        #expect(text.contains("  | no such queue"))
        #expect(text.contains("  $ sh -c 'echo '\\''no such queue'\\'' >&2; exit 7'"))
    }

    @Test(
        "a scheduler that is away is told from one that refuses",
        arguments: [
            ("sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)", true),
            ("sbatch: error: invalid partition specified: nowhere", false),
            ("qsub: cannot connect to server login (errno=111)", true),
            ("error: unable to contact qmaster using port 6444 on host \"head\"", true),
            ("LSF is down. Please wait ...", true), ("ERROR: Can't find address of local schedd", true),
        ])
    func away(printed: String, isAway: Bool) {
        let error = SchedulerCommand("sbatch", ["job"]).refusal(
            SchedulerOutcome(exitCode: 1, standardError: printed), remedy: "look")
        #expect(error.code == (isAway ? .schedulerDown : .refused))
        #expect(error.message.contains("cannot be reached") == isAway)
        #expect(error.message.hasSuffix("; look") && error.output == printed)
    }

    @Test("a program that does not end is ended, with what it had printed in the error")
    func timeout() async {
        let error = await #expect(throws: ProviderError.self) {
            _ = try await SchedulerCommand(
                "sh", ["-c", "echo waiting for the controller; exec sleep 600"], timeout: .seconds(5)
            ).output()
        }
        #expect(error?.code == .timedOut)
        #expect(error?.output == "waiting for the controller\n")
    }

    @Test("a child that keeps the output open does not hold up the answer")
    func detached() async throws {
        let output = try await SchedulerCommand("sh", ["-c", "sleep 600 & echo done"], timeout: .seconds(120)).output()
        #expect(output == "done\n")
    }

    @Test("a program that is not there is named, with what to do")
    func missing() async {
        let error = await #expect(throws: ProviderError.self) {
            _ = try await SchedulerCommand("apus-no-such-scheduler", []).output()
        }
        #expect(error?.code == .commandNotFound)
        #expect(error?.message.contains("'apus-no-such-scheduler' on PATH") == true)
    }

    @Test("what may be repeated is repeated until it succeeds")
    func repeats() async throws {
        let directory = try TemporaryDirectory()
        let script = "echo x >>\(directory.path)/runs; [ $(wc -l <\(directory.path)/runs) -ge 2 ] && echo good"
        let output = try await SchedulerCommand("sh", ["-c", script], timeout: .seconds(120), repeats: 2).output()
        #expect(output == "good\n")
    }
}

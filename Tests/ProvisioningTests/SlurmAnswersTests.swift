import Provisioning
import TestSupport
import Testing

@Suite("Answers of Slurm", .paced)
struct SlurmAnswersTests {
    @Test(
        "the job's number is found in what sbatch prints",
        arguments: [
            ("123\n", "123"), ("123;cluster\n", "123"), ("Welcome to the cluster\n77\n", "77"),
        ])
    func number(_ output: String, _ number: String) {
        #expect(SlurmAnswers.jobID(output) == JobID(number))
    }

    @Test("no number is no job", arguments: ["", "\n", "sbatch: error: x\n", "12a\n", ";3\n"])
    func noNumber(_ output: String) {
        #expect(SlurmAnswers.jobID(output) == nil)
    }

    @Test(
        "states of squeue are Parsl's",
        arguments: [
            ("PENDING|Priority", JobState.pending), ("PENDING|JobHeldUser", .held), ("PENDING|BeginTime", .pending),
            ("CONFIGURING|None", .pending), ("RUNNING|None", .running), ("COMPLETING|TimeLimit", .running),
            ("SUSPENDED|None", .held), ("REQUEUE_HOLD|x", .held), ("COMPLETED|None", .completed),
            ("FAILED|NonZeroExitCode", .failed), ("NODE_FAIL|None", .failed), ("OUT_OF_MEMORY|None", .failed),
            ("BOOT_FAIL|None", .failed), ("TIMEOUT|TimeLimit", .timeout), ("DEADLINE|None", .timeout),
            ("CANCELLED|None", .cancelled), ("PREEMPTED|None", .cancelled), ("REVOKED|None", .cancelled),
            ("SOMETHING_NEW|None", .unknown), ("|", .unknown),
        ])
    func queueStates(_ fields: String, _ state: JobState) {
        let answer = SlurmAnswers.queue("CLUSTER: test\n5|\(fields)\n")
        #expect(answer.count == 1)
        #expect(answer[JobID("5")]?.state == state)
    }

    @Test("the reason is the state's word and squeue's reason, each once")
    func reasons() {
        let answer = SlurmAnswers.queue("1|TIMEOUT|TimeLimit\n2|RUNNING|None\n3|PENDING|Resources\n")
        #expect(answer[JobID("1")]?.reason == "TIMEOUT, TimeLimit")
        #expect(answer[JobID("2")]?.reason == "RUNNING")
        #expect(answer[JobID("3")]?.description == "pending (PENDING, Resources)")
    }

    @Test("sacct says who cancelled, and with what exit code a job ended")
    func accounting() {
        let answer = SlurmAnswers.accounting(
            "7|CANCELLED by 0|0:15\n8|FAILED|3:0\n9|COMPLETED|0:0\n10|OUT_OF_ME+|0:125\n")
        #expect(answer[JobID("7")] == JobStatus(.cancelled, reason: "CANCELLED by 0 (root)", exitCode: 143))
        #expect(answer[JobID("8")] == JobStatus(.failed, reason: "FAILED", exitCode: 3))
        #expect(answer[JobID("9")] == JobStatus(.completed, reason: "COMPLETED", exitCode: 0))
        #expect(answer[JobID("10")]?.state == .unknown)
    }

    @Test("lines that are no answer are passed over")
    func damage() {
        #expect(SlurmAnswers.queue("slurm_load_jobs error: Unable to contact slurm controller\n||\n").count == 1)
        #expect(SlurmAnswers.queue("a|b\n").isEmpty)
        #expect(SlurmAnswers.accounting("1|RUNNING\n").isEmpty)
    }
}

import Provisioning
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@testable import HighThroughput

@Suite("The desk that keeps an executor's blocks", .paced)
struct BlockDeskTests {
    private func call() -> ClientMailbox.Submission {
        let stub = StubCall()
        return ClientMailbox.Submission(invocation: stub, receiver: stub)
    }

    private func expect(
        _ harness: DeskHarness, _ load: Int, _ managers: [BlockSummary] = [], step: Double = 0.05,
        _ location: SourceLocation = #_sourceLocation, _ condition: () -> Bool
    ) async throws {
        let holds = try await harness.until(load: load, managers, step: step, condition)
        #expect(holds, "\(harness.log)", sourceLocation: location)
    }

    @Test("the initial blocks are asked for at once, and more as there are calls, up to the maximum")
    func start() async throws {
        let harness = try DeskHarness(BlockParameters(initBlocks: 2, maxBlocks: 3))
        try await expect(harness, 0) { harness.provider.content.withLock { $0.submitted } == ["0", "1"] }
        try await expect(harness, 9) { harness.provider.content.withLock { $0.submitted } == ["0", "1", "2"] }
        #expect(harness.log.contains("block 2 is job job2 of scripted"), "\(harness.log)")
        try await expect(harness, 9) { harness.log.contains("block 0 (job job0): pending (Priority)") }
    }

    @Test("the first call after a rest does not wait for the end of a period")
    func firstCall() async throws {
        let harness = try DeskHarness(BlockParameters(initBlocks: 0)) { $0.strategyPeriod = .seconds(3600) }
        harness.turn(load: 0)
        harness.turn(load: 1, after: 1)
        #expect(harness.desk.state.living.count == 1)
    }

    @Test("a scheduler that does not answer holds nothing up: decisions and questions go on")
    func slow() async throws {
        let harness = try DeskHarness(BlockParameters(initBlocks: 2, maxBlocks: 2))
        harness.provider.shut()
        harness.turn(load: 1)
        let before = harness.questions.count
        for _ in 0..<20 { harness.turn(load: 1, after: 5) }
        #expect(harness.questions.count == before + 20)
        #expect(harness.desk.state.living.count == 2, "what was asked for counts, and is not asked for again")
        harness.provider.open()
        try await expect(harness, 1) { harness.provider.content.withLock { $0.submitted.count } == 2 }
    }

    @Test("an idle block is held at the interchange first, and cancelled when that was confirmed and it has no task")
    func scaleIn() async throws {
        let harness = try DeskHarness(BlockParameters()) { $0.maxIdleTime = .seconds(60) }
        try await expect(harness, 1) { harness.desk.notes[BlockNumber(0)]?.job != nil }
        harness.notice(.managerRegistered, "m", 0)
        harness.turn(load: 1, after: 5, [DeskHarness.managers(0, tasks: 1)])
        harness.turn(load: 0, after: 5, [DeskHarness.managers(0)])
        #expect(harness.desk.connectedCount == 1)
        let holds = harness.questions.filter { !$0.isEmpty }
        #expect(holds.isEmpty)
        // A task slipped in just before the hold: it is waited for.
        harness.turn(load: 0, after: 70, [DeskHarness.managers(0, tasks: 1)])
        harness.turn(load: 0, after: 70, [DeskHarness.managers(0, tasks: 1)])
        #expect(harness.questions.contains([BlockNumber(0)]))
        #expect(harness.provider.content.withLock { $0.cancelled }.isEmpty)
        try await expect(harness, 0, [DeskHarness.managers(0)]) {
            harness.provider.content.withLock { $0.cancelled } == ["job0"]
        }
        harness.notice(.managerLost, "m", 0)
        try await expect(harness, 0) { harness.desk.state.living.isEmpty }
        #expect(harness.desk.state.ends == [.scaledIn])
        #expect(harness.log.contains("block 0 cancelled: the executor is idle"), "\(harness.log)")
        #expect(harness.failure == nil)
    }

    @Test("a call whose manager was lost is reported with what the scheduler says of the job, and what it printed")
    func explained() async throws {
        let harness = try DeskHarness(BlockParameters())
        try await expect(harness, 1) { harness.desk.notes[BlockNumber(0)]?.job != nil }
        harness.notice(.managerRegistered, "m", 0)
        harness.turn(load: 1, after: 1, [DeskHarness.managers(0, tasks: 1)])
        let lost = ExecutionError(.managerLost, "manager m on n1, which had task 1, is lost: silence")
        #expect(harness.desk.holds(lost, call(), at: harness.now))
        #expect(!harness.desk.holds(ExecutionError(.workerLost, "manager m"), call(), at: harness.now))
        harness.notice(.managerLost, "m", 0)
        harness.turn(load: 1, after: 0.1)
        #expect(harness.explained.isEmpty)
        let job = try #require(harness.desk.notes[BlockNumber(0)]?.job)
        let name = "apus.htex.block-0.run"
        try SmallFile.write(
            Array("slurmstepd: error: oom-kill\n".utf8), to: "\(harness.directory)/blocks/\(name).stderr", mode: 0o600)
        harness.provider.content.withLock { content in
            content.statuses[job] = JobStatus(.failed, reason: "OUT_OF_MEMORY", exitCode: 137)
        }
        // Small steps: in five seconds of the desk it would be reported without the scheduler.
        try await expect(harness, 1, step: 0.001) { !harness.explained.isEmpty }
        let text = try #require(harness.explained.first).error.message
        #expect(text.contains("scripted says of block 0 (job job0): failed (OUT_OF_MEMORY, exit code 137)"), "\(text)")
        #expect(text.contains("| slurmstepd: error: oom-kill"), "\(text)")
        // And another block comes for it.
        try await expect(harness, 1) { harness.provider.content.withLock { $0.submitted } == ["0", "1"] }
    }

    @Test("when the scheduler does not say why, the call is reported all the same after five seconds")
    func unexplained() async throws {
        let harness = try DeskHarness(BlockParameters())
        try await expect(harness, 1) { harness.desk.notes[BlockNumber(0)]?.job != nil }
        harness.notice(.managerRegistered, "m", 0)
        harness.provider.shut()
        let lost = ExecutionError(.managerLost, "manager m on n1, which had task 1, is lost: silence")
        #expect(harness.desk.holds(lost, call(), at: harness.now))
        harness.turn(load: 1, after: 4.9)
        #expect(harness.explained.isEmpty)
        harness.turn(load: 1, after: 0.2)
        #expect(harness.explained.count == 1)
    }

    @Test("a refused submission is tried three times at growing distances; then calls end with the scheduler's words")
    func refused() async throws {
        let harness = try DeskHarness(BlockParameters(initBlocks: 4, maxBlocks: 4))
        harness.provider.content.withLock { $0.refusal = "invalid partition specified: nowhere" }
        try await expect(harness, 1) { harness.failure != nil }
        let text = try #require(harness.failure).message
        #expect(text.contains("3 starts of blocks in a row came to nothing, and no block is left"), "\(text)")
        #expect(text.contains("block 0: its job could not be submitted: invalid partition specified"), "\(text)")
        #expect(!text.contains("block 1: its job"), "what was not tried says nothing: \(text)")
        let tries = harness.log.split(separator: "\n").count {
            $0.contains(" could not be submitted") && !$0.contains("its job")
        }
        #expect(tries == 3, "\(harness.log)")
    }

    @Test("a scheduler that cannot be reached is tried for two minutes, and that is no failure of a block")
    func away() async throws {
        let harness = try DeskHarness(BlockParameters(initBlocks: 2, maxBlocks: 2))
        harness.provider.content.withLock { $0.absences = 6 }
        let start = harness.now
        // The desk's clock stands while an answer is awaited, however long that takes.
        try await expect(harness, 1, step: 1) {
            _ = eventually { !harness.desk.works.isBusy }
            return harness.provider.content.withLock { $0.submitted.count } == 2
        }
        // 2 + 4 + 8 + 16 + 32 + 60 seconds.
        #expect((122...150).contains((harness.now - start) / 1_000_000_000))
        #expect(harness.desk.state.ends == [nil, nil])
        #expect(harness.log.contains("blocks 0, 1 could not be submitted yet"), "\(harness.log)")
    }

    @Test("a scheduler that stays away ends the executor, with its words")
    func goneForGood() async throws {
        let harness = try DeskHarness(BlockParameters()) { $0.blockErrorHandler = .simple }
        harness.provider.content.withLock { $0.absences = .max }
        try await expect(harness, 1, step: 1) { harness.failure != nil }
        #expect(harness.failure?.message.contains("the scheduler cannot be reached") == true)
        let other = try DeskHarness(BlockParameters())
        other.provider.content.withLock { $0.absences = .max }
        try await expect(other, 1, step: 1) { other.log.contains("could not be submitted yet") }
        let warnings = await other.stop()
        #expect(warnings.isEmpty && other.desk.state.living.isEmpty, "what was put off is not asked for any more")
    }

    @Test("at the end all blocks are cancelled, also one whose submission is under way, and none is begun")
    func stop() async throws {
        let other = try DeskHarness(BlockParameters(initBlocks: 3, maxBlocks: 3))
        other.provider.shut()
        other.turn(load: 0)
        let provider = other.provider
        let works = other.desk.works
        let opener = startThread(named: "opener") {
            // Opened before the end has begun it would let the next submission through.
            _ = eventually { works.isClosed }
            provider.open()
        }
        let warnings = await other.stop()
        opener.join()
        #expect(warnings.isEmpty)
        let content = provider.content.withLock { $0 }
        // Whether the first submission had begun is a matter of threads; what was taken is cancelled.
        #expect(content.submitted.count <= 1)
        #expect(content.cancelled == content.submitted.map { "job\($0)" })
        #expect(other.desk.state.living.values.allSatisfy { $0.phase == .cancelling })
    }

    @Test("a cancellation that is refused is tried once more at the end, and then somebody is told which jobs are left")
    func uncancelled() async throws {
        let harness = try DeskHarness(BlockParameters())
        try await expect(harness, 1) { harness.desk.notes[BlockNumber(0)]?.job != nil }
        harness.provider.content.withLock { $0.cancelRefusals = 1 }
        let warnings = await harness.stop()
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("jobs [\"job0\"] of scripted may still run: not now") == true)
    }

    @Test("the snapshot names blocks, jobs, states, reasons and managers")
    func snapshot() async throws {
        let harness = try DeskHarness(BlockParameters(maxBlocks: 2))
        try await expect(harness, 5) { harness.desk.notes[BlockNumber(1)]?.job != nil }
        try await expect(harness, 5) { harness.desk.notes[BlockNumber(0)]?.status.reason == "Priority" }
        harness.notice(.managerRegistered, "m", 1, workers: 3)
        harness.turn(load: 5, after: 5, [DeskHarness.managers(1, tasks: 2)])
        var snapshot = harness.desk.takeSnapshot()
        #expect(snapshot?.blocks.map(\.phase) == ["waiting", "running"])
        #expect(snapshot?.blocks.map(\.job) == ["job0", "job1"])
        #expect(snapshot?.blocks.map(\.managers) == [[:], ["m": 3]])
        #expect(snapshot?.blocks.map(\.tasks) == [0, 2])
        #expect(snapshot?.blocks.first?.status == JobStatus(.pending, reason: "Priority"))
        #expect(snapshot?.standing == "5 tasks, 6 slots in 2 blocks: 0 not needed")
        #expect(harness.desk.takeSnapshot() == nil, "nothing has changed since")
        harness.provider.content.withLock {
            $0.statuses[JobID("job0")] = JobStatus(.cancelled, reason: "CANCELLED by 7")
        }
        try await expect(harness, 5, [DeskHarness.managers(1)]) { harness.desk.state.ends.first == .some(.missing) }
        harness.turn(load: 5, after: 5, [DeskHarness.managers(1)])
        snapshot = harness.desk.takeSnapshot()
        #expect(snapshot?.blocks.first?.isOver == true)
        #expect(snapshot?.blocks.first?.status.reason == "CANCELLED by 7")
    }

    @Test(
        "settings that cannot work are refused with the name of the field",
        arguments: [
            ("strategyPeriod", { @Sendable (c: inout HighThroughputConfiguration) in c.strategyPeriod = .zero }),
            ("maxIdleTime", { $0.maxIdleTime = .seconds(-1) }), ("drainLimit", { $0.drainLimit = .seconds(-1) }),
            ("blockErrorHandler", { $0.blockErrorHandler = .windowed(0) }),
            ("blockErrorHandler", { $0.blockErrorHandler = .failedStarts(0) }),
            (
                "initBlocks",
                {
                    $0.strategy = .none
                    $0.provider = LocalProvider(blocks: BlockParameters(initBlocks: 0))
                }
            ),
        ] as [(String, @Sendable (inout HighThroughputConfiguration) -> Void)])
    func faults(field: String, change: @Sendable (inout HighThroughputConfiguration) -> Void) {
        var configuration = HighThroughputConfiguration(provider: LocalProvider())
        #expect(configuration.fault == nil)
        change(&configuration)
        #expect(configuration.fault?.hasPrefix("\(field) is ") == true, "\(configuration.fault ?? "nil")")
    }

    @Test("configurations with the same settings are equal, error handlers of one's own only to themselves")
    func equality() {
        var left = HighThroughputConfiguration(provider: LocalProvider())
        var right = left
        #expect(left == right)
        left.blockErrorHandler = BlockErrorHandler { _ in nil }
        #expect(left != right)
        right.blockErrorHandler = left.blockErrorHandler
        #expect(left == right)
        right.blockErrorHandler = .windowed(4)
        left.blockErrorHandler = .windowed(4)
        #expect(left == right)
    }
}

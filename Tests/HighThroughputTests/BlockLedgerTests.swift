import Provisioning
import Testing
import WorkflowCore

@testable import HighThroughput

@Suite("Which blocks there are, and when another is needed")
struct BlockLedgerTests {
    private static func ledger(_ parameters: BlockParameters, submit: Bool = true) -> BlockLedger {
        var ledger = BlockLedger(parameters)
        let count = ledger.missingBlocks(openCalls: 0)
        if submit { for _ in 0..<count { Self.submit(&ledger) } }
        return ledger
    }

    private static func submit(_ ledger: inout BlockLedger) {
        let id = ledger.nextID()
        ledger.submitted(id, JobID("job\(id)"), at: 0)
    }

    @Test("at the start there are as many blocks as initBlocks says, calls or not", arguments: [0, 1, 3])
    func start(_ count: Int) {
        var ledger = BlockLedger(BlockParameters(initBlocks: count, maxBlocks: 5))
        #expect(ledger.missingBlocks(openCalls: 0) == count)
    }

    @Test("a block that is over is replaced when calls are open, and not otherwise")
    func replacement() {
        var ledger = Self.ledger(BlockParameters())
        ledger.registered("m", of: BlockID("0"))
        #expect(ledger.missingBlocks(openCalls: 9) == 0)
        let ended = ledger.answered([JobID("job0"): JobStatus(.timeout, reason: "TIMEOUT")])
        #expect(ended.map(\.id) == [BlockID("0")])
        #expect(ledger.missingBlocks(openCalls: 0) == 0)
        #expect(ledger.missingBlocks(openCalls: 1) == 1)
        #expect(ledger.failures == 0)
    }

    @Test("minBlocks are kept without calls; maxBlocks are not passed")
    func bounds() {
        var ledger = Self.ledger(BlockParameters(initBlocks: 1, minBlocks: 2, maxBlocks: 3))
        #expect(ledger.missingBlocks(openCalls: 0) == 1)
        Self.submit(&ledger)
        #expect(ledger.missingBlocks(openCalls: 100) == 0)
    }

    @Test("with no blocks at the start the first call brings one")
    func lazily() {
        var ledger = Self.ledger(BlockParameters(initBlocks: 0))
        #expect(ledger.missingBlocks(openCalls: 0) == 0)
        #expect(ledger.missingBlocks(openCalls: 1) == 1)
    }

    @Test("a job that the scheduler does not list is over after three answers, not after one")
    func absent() {
        var ledger = Self.ledger(BlockParameters())
        #expect(ledger.answered([:]).isEmpty)
        #expect(ledger.answered([JobID("job0"): JobStatus(.unknown)]).isEmpty)
        let ended = ledger.answered([:])
        #expect(ended.first?.status.state == .missing)
        #expect(ledger.failures == 1)
    }

    @Test("a listed job starts the count of absences anew; one with a manager is there whatever the scheduler says")
    func present() {
        var ledger = Self.ledger(BlockParameters())
        for _ in 0..<5 {
            #expect(ledger.answered([:]).isEmpty)
            #expect(ledger.answered([:]).isEmpty)
            #expect(ledger.answered([JobID("job0"): JobStatus(.pending)]).isEmpty)
        }
        ledger.registered("m", of: BlockID("0"))
        for _ in 0..<9 { #expect(ledger.answered([:]).isEmpty) }
        ledger.lost("m", of: BlockID("0"))
        #expect(ledger.answered([:]).first?.status.state == .completed)
    }

    @Test("three blocks in a row without a manager end all hope, one that registers restores it")
    func hopeless() {
        var ledger = Self.ledger(BlockParameters())
        for number in 0..<2 {
            _ = ledger.answered([JobID("job\(number)"): JobStatus(.failed, reason: "NODE_FAIL")])
            #expect(!ledger.isHopeless)
            Self.submit(&ledger)
        }
        var other = ledger
        other.registered("m", of: BlockID("2"))
        _ = other.answered([JobID("job2"): JobStatus(.failed)])
        #expect(!other.isHopeless)
        _ = ledger.answered([JobID("job2"): JobStatus(.failed, exitCode: 127)])
        #expect(ledger.isHopeless)
        #expect(ledger.failureTexts.last == "block 2 (job job2): failed (exit code 127)")
    }

    @Test("submissions that are refused count as failures")
    func refused() {
        var ledger = Self.ledger(BlockParameters(), submit: false)
        for _ in 0..<3 { ledger.submissionFailed("no such partition") }
        #expect(ledger.isHopeless)
    }
}

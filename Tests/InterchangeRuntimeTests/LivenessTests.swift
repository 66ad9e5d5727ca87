import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("how managers go", .paced)
struct LivenessTests {
    @Test("a silent manager is lost once, after its own threshold, and its tasks with it")
    func silence() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 2)
        try harness.registerStock("s", capacity: 2)
        try harness.submit(1...4)
        try harness.turn()
        #expect(try harness.wait(seconds: 10).failed.isEmpty)
        let first = try harness.wait(seconds: 0.1)
        #expect(first.failed.count == 2)
        #expect(first.lossReasons[0].contains("10 s"))
        #expect(try harness.wait(seconds: 100).failed.isEmpty)
        #expect(try harness.wait(seconds: 11).failed.count == 2)
        #expect(try harness.wait(seconds: 1000).failed.isEmpty)
        #expect(harness.state.managerCount == 0)
        #expect(harness.tasks.isEmpty)
    }

    @Test("anything a manager sends keeps it", arguments: 0..<3)
    func signsOfLife(kind: Int) throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 5)
        try harness.submit(1...5)
        try harness.turn()
        for round in 1...5 {
            #expect(try harness.wait(seconds: 9).failed.isEmpty)
            switch kind {
            case 0: try harness.turn(.heartbeat(ManagerIdentity("a")))
            case 1: try harness.finish(round, at: "a")
            default: try harness.turn(.monitoring(ManagerIdentity("a")))
            }
        }
        #expect(harness.state.managerCount == 1)
        #expect(try harness.wait(seconds: 11).failed.count == (kind == 1 ? 0 : 5))
        #expect(harness.state.managerCount == 0)
    }

    @Test("after a late wake-up everybody has the whole threshold again")
    func lateWakeUp() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 1, descriptor: 5)
        try harness.registerStock("s", capacity: 1)
        try harness.submit(1...2)
        try harness.turn()
        try harness.turn(.disconnected(descriptor: 5))
        harness.now += 500_000_000_000
        try harness.turn(.wokeLate)
        let outcome = try harness.turn(.tick)
        #expect(outcome.failed.isEmpty)
        #expect(outcome.checks.isEmpty)
        #expect(try harness.wait(seconds: 1).checks == ["a"])
        #expect(try harness.wait(seconds: 9.5).failed.count == 1)
    }

    @Test("a closed connection that does not come back within a second is a lost manager", arguments: [false, true])
    func closedConnection(isApus: Bool) throws {
        var harness = StateHarness()
        if isApus {
            try harness.registerApus("a", capacity: 1, descriptor: 5)
        } else {
            try harness.registerStock("a", capacity: 1, descriptor: 5)
        }
        try harness.submit(1...2)
        try harness.turn()
        #expect(try harness.turn(.disconnected(descriptor: 4)).checks.isEmpty)
        #expect(try harness.turn(.disconnected(descriptor: 5)).checks.isEmpty)
        #expect(try harness.turn(.unreachable(ManagerIdentity("a"))).failed.isEmpty)
        #expect(try harness.wait(seconds: 0.9).checks.isEmpty)
        #expect(try harness.wait(seconds: 0.2).checks == ["a"])
        let outcome = try harness.turn(.unreachable(ManagerIdentity("a")))
        #expect(outcome.failed == [1])
        #expect(outcome.lossReasons[0].contains("did not come back"))
        #expect(try harness.turn(.unreachable(ManagerIdentity("a"))).failed.isEmpty)
        #expect(harness.state.managerCount == 0)
    }

    @Test("managers whose connections close at once have time for each other; a single one has one second")
    func storm() throws {
        var harness = StateHarness()
        for number in 0..<101 {
            try harness.registerApus("m\(number)", capacity: 1, descriptor: Int32(number))
        }
        for number in 0..<101 { try harness.handle(.disconnected(descriptor: Int32(number))) }
        // Those that come back do not shorten the time of the others.
        for number in 0..<91 { try harness.registerApus("m\(number)", capacity: 1, descriptor: Int32(2000 + number)) }
        #expect(try harness.wait(seconds: 1.2).checks.isEmpty)
        #expect(try harness.wait(seconds: 0.1).checks.count == 10)
        for number in 91..<101 { try harness.handle(.unreachable(ManagerIdentity("m\(number)"))) }
        #expect(harness.state.managerCount == 91)
        try harness.handle(.disconnected(descriptor: 2000))
        #expect(try harness.wait(seconds: 1).checks == ["m0"])
    }

    @Test("a manager in doubt gets no tasks until it is back")
    func suspect() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 5, descriptor: 5)
        try harness.turn(.disconnected(descriptor: 5))
        try harness.submit(1)
        #expect(try harness.turn().dispatches.isEmpty)
        let back = try harness.registerApus("a", capacity: 5, descriptor: 9)
        #expect(back.dispatches.map(\.tasks) == [[1]])
        #expect(try harness.wait(seconds: 2).checks.isEmpty)
        try harness.turn(.disconnected(descriptor: 5))
        try harness.submit(2)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[2]])
        try harness.turn(.disconnected(descriptor: 9))
        try harness.submit(3)
        #expect(try harness.turn().dispatches.isEmpty)
    }

    @Test("a message that cannot be sent makes a manager a suspect as well")
    func unreachable() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 5)
        try harness.turn(.unreachable(ManagerIdentity("a")))
        try harness.submit(1)
        #expect(try harness.turn().dispatches.isEmpty)
        #expect(try harness.wait(seconds: 1).checks == ["a"])
        #expect(try harness.turn(.reachable(ManagerIdentity("a"))).dispatches.map(\.tasks) == [[1]])
    }

    @Test("an Apus manager that can be reached after its second keeps its tasks")
    func reachable() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 1, descriptor: 5)
        try harness.submit(1...2)
        try harness.turn()
        try harness.turn(.disconnected(descriptor: 5))
        #expect(try harness.wait(seconds: 1).checks == ["a"])
        #expect(try harness.turn(.reachable(ManagerIdentity("a"))).failed.isEmpty)
        #expect(try harness.wait(seconds: 2).checks.isEmpty)
        #expect(try harness.finish(1, at: "a").dispatches.map(\.tasks) == [[2]])
    }

    @Test("a stock pool that was cut off for a moment loses what it had, stays, and is watched again")
    func stockReconnect() throws {
        var harness = StateHarness()
        try harness.registerStock("s", capacity: 2, descriptor: 5)
        try harness.submit(1...4)
        try harness.turn()
        try harness.turn(.disconnected(descriptor: 5))
        #expect(try harness.finish(2, at: "s").forwarded == [2])
        #expect(try harness.wait(seconds: 1).checks == ["s"])
        let outcome = try harness.turn(.reachable(ManagerIdentity("s")))
        #expect(outcome.failed == [1])
        #expect(outcome.dispatches.map(\.tasks) == [[3, 4]])
        #expect(try harness.finish(1, at: "s").dropped == [.endedBefore])
        // Until it sends something, any connection that closes may be its own.
        try harness.turn(.disconnected(descriptor: 7))
        #expect(try harness.wait(seconds: 1).checks == ["s"])
        try harness.turn(.reachable(ManagerIdentity("s")))
        try harness.turn(.located(ManagerIdentity("s"), descriptor: 8))
        try harness.turn(.disconnected(descriptor: 7))
        #expect(try harness.wait(seconds: 1).checks.isEmpty)
        try harness.turn(.disconnected(descriptor: 8))
        #expect(try harness.wait(seconds: 1).checks == ["s"])
    }

    @Test("a draining stock pool that was cut off is told to end")
    func drainingCutOff() throws {
        var harness = StateHarness()
        try harness.registerStock("s", capacity: 2, descriptor: 5)
        try harness.submit(1)
        try harness.turn()
        try harness.turn(.drainRequested(ManagerIdentity("s")))
        try harness.turn(.disconnected(descriptor: 5))
        let outcome = try harness.turn(.reachable(ManagerIdentity("s")))
        #expect(outcome.failed == [1])
        #expect(outcome.shutdowns == ["s"])
    }

    @Test("a manager that wants to be drained gets no tasks, finishes, is told to end and disappears")
    func drainByTime() throws {
        var harness = StateHarness()
        try harness.registerStock("m", capacity: 2, drainDelay: 5_000_000_000)
        try harness.submit(1...3)
        try harness.turn()
        #expect(try harness.wait(seconds: 4).shutdowns.isEmpty)
        try harness.wait(seconds: 1.1)
        #expect(harness.state.managerSummaries(at: harness.now).map(\.draining) == [true])
        let first = try harness.finish(1, at: "m")
        #expect(first.dispatches.isEmpty)
        #expect(first.shutdowns.isEmpty)
        #expect(try harness.finish(2, at: "m").shutdowns == ["m"])
        #expect(harness.state.managerCount == 0)
        #expect(harness.state.queuedCount == 1)
    }

    @Test("a manager whose time to drain has passed when it registers gets nothing at all")
    func drainAtOnce() throws {
        var harness = StateHarness()
        try harness.submit(1)
        let outcome = try harness.registerStock("m", capacity: 2, drainDelay: 0)
        #expect(outcome.dispatches.isEmpty)
        #expect(outcome.shutdowns == ["m"])
    }

    @Test("a drained manager whose registration comes late is told to end again; another process is welcome")
    func drainedRegistersAgain() throws {
        var harness = StateHarness()
        try harness.registerApus("m", capacity: 1)
        try harness.turn(.drainRequested(ManagerIdentity("m")))
        try harness.submit(1)
        let late = try harness.registerApus("m", capacity: 1)
        #expect(late.shutdowns == ["m"])
        #expect(late.dispatches.isEmpty)
        #expect(harness.state.managerCount == 0)
        #expect(try harness.registerApus("m", capacity: 1, startTime: 2).dispatches.map(\.tasks) == [[1]])
    }

    @Test("the older request to drain works as well, once")
    func legacyDrain() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("m", capacity: 1)
        try harness.submit(1)
        try harness.turn()
        #expect(try harness.turn(.drainRequested(ManagerIdentity("m"))).shutdowns.isEmpty)
        #expect(try harness.turn(.drainRequested(ManagerIdentity("m"))).shutdowns.isEmpty)
        let end = try harness.finish(1, at: "m")
        #expect(end.acknowledged == [[1]])
        #expect(end.shutdowns == ["m"])
        #expect(end.notices.map(\.kind) == [.managerDrained])
        #expect(try harness.turn(.drainRequested(ManagerIdentity("m"))).warnings.count == 1)
    }

    @Test("a draining manager that falls silent is lost like any other")
    func drainAndSilence() throws {
        var harness = StateHarness()
        try harness.registerApus("m", capacity: 1)
        try harness.submit(1)
        try harness.turn()
        try harness.turn(.drainRequested(ManagerIdentity("m")))
        #expect(try harness.wait(seconds: 11).failed == [1])
    }

    @Test("the next deadline is the earliest, and nil when nobody is there")
    func deadlines() throws {
        var harness = StateHarness()
        #expect(harness.state.nextDeadline == nil)
        try harness.registerStock("s", capacity: 1, drainDelay: 3_000_000_000)
        #expect(harness.state.nextDeadline == harness.now + 3_000_000_000)
        try harness.wait(seconds: 4)
        #expect(harness.state.managerCount == 0)
        try harness.wait(seconds: 1000)
        #expect(harness.state.nextDeadline == nil)
    }

    @Test("at the end Apus managers are told; stock pools only when the executor is no Parsl")
    func ending() throws {
        var harness = StateHarness()
        try harness.registerStock("s", capacity: 1)
        try harness.registerApus("a", capacity: 1)
        #expect(try harness.turn(.ending).shutdowns == ["a"])
        try harness.hello()
        #expect(try harness.turn(.ending).shutdowns == ["s", "a"])
    }
}

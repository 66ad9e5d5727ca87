import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// Cancellation and walltime on threads.
@Suite("Thread pool", .paced)
struct ThreadPoolTests {
    private func pool(
        threads: Int = 1, throughCodec: Bool = false, grace: Duration = .seconds(20)
    ) async throws -> ThreadPoolExecutor {
        let pool = ThreadPoolExecutor(threads: threads, throughCodec: throughCodec, cancelGrace: grace)
        try await pool.start(ExecutorContext(runID: RunID("run"), runDirectory: "/", table: TaskTable()))
        return pool
    }

    @Test("a call that waits is taken out of the queue and never runs", arguments: [1, 1000])
    func queued(count: Int) async throws {
        let pool = try await pool()
        let receiver = PoolReceiver()
        let gate = Gate()
        let ran = Locked(0)
        let first = PoolCall(0) {
            gate.pass()
            return 0
        }
        pool.submit(first, to: receiver)
        #expect(gate.awaitBody())
        let waiting = (1...count).map { number in
            PoolCall(number) {
                ran.withLock { $0 += 1 }
                return number
            }
        }
        let last = PoolCall(count + 1) { 7 }
        for call in waiting + [last] { pool.submit(call, to: receiver) }
        for call in waiting.reversed() { pool.cancel(call) }
        // At once: the only thread is busy.
        #expect(receiver.count == count)
        #expect(pool.snapshot.outstanding == 2)
        let error = try #require(try receiver.error(of: waiting[0]) as? ExecutionError)
        #expect(error.code == .cancelled)
        #expect(
            error.message.contains("'call1'") && error.message.contains("waited") && error.message.contains("not run"))
        gate.open()
        guard case .value(let value) = try receiver.outcome(of: last) else {
            Issue.record("the last call did not run")
            return
        }
        #expect(value as? Int == 7)
        #expect(ran.withLock { $0 } == 0)
        await pool.shutdown()
        #expect(pool.snapshot.outstanding == 0)
    }

    @Test("a body that listens to cancellation ends, and its thread goes on", arguments: [true, false])
    func cooperative(throughCodec: Bool) async throws {
        let pool = try await pool(throughCodec: throughCodec)
        let receiver = PoolReceiver()
        let gate = Gate()
        let sleeper = PoolCall(1) {
            gate.enter()
            try await Task.sleep(for: .seconds(600))
            return 1
        }
        let counter = PoolCall(2) {
            gate.enter()
            while !Task.isCancelled {}
            return 2
        }
        for call in [sleeper, counter] {
            pool.submit(call, to: receiver)
            #expect(gate.awaitBody())
            pool.cancel(call)
            let error = try #require(try receiver.error(of: call) as? ExecutionError)
            // Also that of a body which returns a value: it may be half of one.
            #expect(error.code == .cancelled && error.message.contains("has ended"))
        }
        let next = PoolCall(3)
        pool.submit(next, to: receiver)
        _ = try receiver.outcome(of: next)
        await pool.shutdown()
    }

    @Test("a body that is deaf is reported after the grace period, its thread replaced, its late end dropped")
    func deaf() async throws {
        let pool = try await pool(grace: .milliseconds(20))
        let receiver = PoolReceiver()
        let gate = Gate()
        let deaf = PoolCall(1) {
            gate.pass()
            return 1
        }
        pool.submit(deaf, to: receiver)
        #expect(gate.awaitBody())
        pool.cancel(deaf)
        pool.cancel(deaf)
        let error = try #require(try receiver.error(of: deaf) as? ExecutionError)
        #expect(error.code == .cancelled && error.message.contains("cannot be killed"))
        // The pool has one thread, and it is there.
        let next = PoolCall(2)
        pool.submit(next, to: receiver)
        _ = try receiver.outcome(of: next)
        gate.open()
        let last = PoolCall(3)
        pool.submit(last, to: receiver)
        _ = try receiver.outcome(of: last)
        await pool.shutdown()
        #expect(receiver.count(of: deaf) == 1)
    }

    @Test("a walltime ends a body that sleeps, spins, or is deaf, with both times", arguments: 0..<3)
    func walltime(kind: Int) async throws {
        let pool = try await pool(grace: .milliseconds(kind == 2 ? 20 : 20_000))
        let receiver = PoolReceiver()
        let gate = Gate()
        let call = PoolCall(1, walltime: .milliseconds(50)) {
            switch kind {
            case 0: try await Task.sleep(for: .seconds(600))
            case 1: while !Task.isCancelled {}
            default: gate.pass()
            }
            return 1
        }
        pool.submit(call, to: receiver)
        let timeout = try #require(try receiver.error(of: call) as? AppTimeout)
        #expect(timeout.app == "call1")
        #expect(timeout.limit == 0.05)
        #expect(timeout.elapsed >= 0.05)
        gate.open()
        let next = PoolCall(2, walltime: .seconds(600)) { 3 }
        pool.submit(next, to: receiver)
        _ = try receiver.outcome(of: next)
        await pool.shutdown()
    }

    @Test("time in the queue does not count")
    func queueTime() async throws {
        let pool = try await pool()
        let receiver = PoolReceiver()
        let gate = Gate()
        let first = PoolCall(1) {
            gate.pass()
            return 1
        }
        pool.submit(first, to: receiver)
        #expect(gate.awaitBody())
        // Longer than a busy machine may hold up the body.
        let call = PoolCall(2, walltime: .seconds(2)) { 2 }
        pool.submit(call, to: receiver)
        try await Task.sleep(for: .milliseconds(2500))
        gate.open()
        guard case .value = try receiver.outcome(of: call) else {
            Issue.record("the call timed out in the queue")
            return
        }
        await pool.shutdown()
    }

    @Test("shutting down fails what waits and stops what runs, deaf or not")
    func shutdown() async throws {
        let pool = try await pool(threads: 2, grace: .milliseconds(20))
        let receiver = PoolReceiver()
        let gate = Gate()
        let deaf = PoolCall(1) {
            gate.pass()
            return 1
        }
        let sleeper = PoolCall(2) {
            gate.enter()
            try await Task.sleep(for: .seconds(600))
            return 2
        }
        let waiting = PoolCall(3)
        for call in [deaf, sleeper] { pool.submit(call, to: receiver) }
        #expect(gate.awaitBody() && gate.awaitBody())
        pool.submit(waiting, to: receiver)
        await pool.shutdown()
        for call in [deaf, sleeper, waiting] {
            #expect(try #require(try receiver.error(of: call) as? ExecutionError).code == .cancelled)
        }
        let late = PoolCall(4)
        pool.submit(late, to: receiver)
        #expect(try receiver.error(of: late) is ExecutionError)
        pool.cancel(late)
        await pool.shutdown()
        gate.open()
    }

    @Test("under random cancels and walltimes every call ends exactly once", arguments: 1...3)
    func random(seed: Int) async throws {
        let pool = try await pool(threads: 3, grace: .milliseconds(1))
        let receiver = PoolReceiver()
        let count = 3000
        var calls: [PoolCall] = []
        for number in 0..<count {
            let call = PoolCall(number, walltime: number % 7 == seed ? .microseconds(50) : nil) {
                if number % 5 == 0 { try await Task.sleep(for: .microseconds(100)) }
                if number % 97 == 0 {
                    let pause = CountingSemaphore()
                    pause.wait(until: Monotonic.nanoseconds + 5_000_000)
                }
                return number
            }
            calls.append(call)
            pool.submit(call, to: receiver)
            if number % 3 == 0 { pool.cancel(calls[Int.random(in: max(0, number - 50)...number)]) }
        }
        #expect(PoolReceiver.eventually(within: 60) { receiver.count == count })
        await pool.shutdown()
        #expect(calls.allSatisfy { receiver.count(of: $0) == 1 })
        #expect(pool.snapshot.outstanding == 0)
    }
}

/// The pool's decisions, with a clock of the test's.
@Suite("Thread pool state", .paced)
struct ThreadPoolStateTests {
    private let receiver = PoolReceiver()
    private var state = ThreadPoolState(label: "threads", threads: 2, grace: 1000)

    private mutating func submit(_ call: PoolCall) {
        let submission = state.submit(.init(invocation: call, receiver: receiver))
        #expect(submission == .queued)
        #expect(state.checkInvariants() == nil)
    }

    private mutating func begin(_ slot: Int, at now: UInt64 = 0) -> (call: PoolCall?, run: Int) {
        let next = state.begin(slot, now: now)
        #expect(state.checkInvariants() == nil)
        return (next?.item.invocation as? PoolCall, next?.run ?? -1)
    }

    private mutating func end(_ slot: Int, _ run: Int, at now: UInt64 = 0) -> TaskOutcome? {
        let outcome = state.end(slot, run: run, .value(1), now: now)
        #expect(state.checkInvariants() == nil)
        return outcome
    }

    private mutating func cancel(_ call: PoolCall, at now: UInt64) -> ThreadPoolState.Actions {
        let actions = state.cancel(call, at: now)
        #expect(state.checkInvariants() == nil)
        return actions
    }

    private mutating func tick(at now: UInt64) -> ThreadPoolState.Actions {
        let actions = state.tick(at: now)
        #expect(state.checkInvariants() == nil)
        return actions
    }

    private mutating func looksEarlier() -> Bool { state.mustLookEarlier() }

    @Test("each thread that found nothing to do is woken once, and no other call wakes anybody")
    mutating func waking() {
        let first = begin(0)
        let second = begin(1)
        #expect(first.call == nil && second.call == nil)
        let calls = (0..<3).map { PoolCall($0) }
        let submissions = calls.map { state.submit(.init(invocation: $0, receiver: receiver)) }
        #expect(submissions == [.wake, .wake, .queued])
        let taken = [begin(0), begin(1)]
        #expect(taken.map { $0.call?.identity.task.rawValue } == [0, 1])
        _ = state.shutDown(at: 0)
        #expect(state.submit(.init(invocation: calls[0], receiver: receiver)) == .refused)
    }

    @Test("a cancelled place in the queue is passed over, the order of the others kept")
    mutating func order() {
        let calls = (0..<5).map { PoolCall($0) }
        for call in calls { submit(call) }
        #expect(cancel(calls[2], at: 0).ended.count == 1)
        #expect(cancel(calls[2], at: 0).ended.isEmpty)
        #expect(state.outstanding == 4)
        var order: [Int] = []
        for _ in 0..<5 {
            let (call, run) = begin(0)
            guard let call else { continue }
            order.append(call.identity.task.rawValue)
            let outcome = end(0, run)
            #expect(outcome != nil)
        }
        #expect(order == [0, 1, 3, 4])
        #expect(cancel(calls[0], at: 0).ended.isEmpty)
    }

    @Test("a call that is submitted again can be cancelled again")
    mutating func again() {
        let call = PoolCall(1)
        submit(call)
        #expect(cancel(call, at: 0).ended.count == 1)
        submit(call)
        submit(PoolCall(2))
        #expect(cancel(call, at: 0).ended.count == 1)
        #expect(state.outstanding == 1)
    }

    @Test("a stop has a deadline, the first reason stays, and an end in between wins the race")
    mutating func stop() {
        let call = PoolCall(1, walltime: .nanoseconds(500))
        submit(call)
        let (_, run) = begin(0, at: 100)
        #expect(looksEarlier())
        #expect(looksEarlier() == false)
        #expect(state.nextLook == 600)
        #expect(tick(at: 599).cancellations.isEmpty)
        #expect(tick(at: 600).cancellations == [.init(slot: 0, run: run)])
        #expect(state.nextLook == 1600)
        #expect(cancel(call, at: 700).cancellations.isEmpty)
        guard case .failure(let error)? = end(0, run, at: 800), let timeout = error as? AppTimeout else {
            Issue.record("no timeout")
            return
        }
        #expect(abs(timeout.elapsed - 700e-9) < 1e-12)
        #expect(tick(at: 5000).abandoned.isEmpty)
        #expect(state.nextLook == .max)
    }

    @Test("a thread that does not stop is given up once, and its end says nothing")
    mutating func abandon() {
        let call = PoolCall(1)
        submit(call)
        let (_, run) = begin(1)
        #expect(cancel(call, at: 10).cancellations.count == 1)
        let actions = tick(at: 1010)
        #expect(actions.abandoned == [1] && actions.ended.count == 1)
        #expect(tick(at: 9999).abandoned.isEmpty)
        #expect(end(1, run) == nil)
        submit(PoolCall(2))
        let (next, nextRun) = begin(1)
        #expect(next != nil)
        #expect(end(1, run) == nil)
        #expect(end(1, nextRun) != nil)
        #expect(state.outstanding == 0)
    }

    @Test("a grace period of nothing gives the thread up at the next look")
    mutating func noGrace() {
        state = ThreadPoolState(label: "threads", threads: 1, grace: 0)
        submit(PoolCall(1, walltime: .nanoseconds(5)))
        _ = begin(0)
        let actions = tick(at: 5)
        #expect(actions.cancellations.count == 1 && actions.abandoned == [0])
    }
}

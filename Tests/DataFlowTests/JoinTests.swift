import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

private let number = app("join.number") { (n: Int) in n }
private let plus = app("join.plus") { (a: Int, b: Int) in a + b }
private let broken = app("join.broken", throwing: [TooFew.self]) { (n: Int) -> Int in throw TooFew(count: n) }
private let one = joinApp("join.one") { (n: Int) in number(n) }
private let several = joinApp("join.several") { (n: Int) in (0..<n).map { number($0) } }
private let keyed = joinApp("join.keyed") { (n: Int) in ["a": number(n), "b": number(n + 1)] }
private let perhaps = joinApp("join.perhaps") { (n: Int) -> AppFuture<Int>? in n > 0 ? number(n) : nil }
private let plain = joinApp("join.plain") { (n: Int) in n + 1 }
private let awaits = joinApp("join.awaits") { (n: Int) async throws -> AppFuture<Int> in
    plus(try await number(n).value, 1)
}
private let failing = joinApp("join.failing") { (n: Int) in [number(n), broken(n)] }
private let outer = joinApp("join.outer") { (n: Int) in failing(n) }
private let tries = Locked<[Int: Int]>([:])
private let throwing = joinApp("join.throwing", options: AppOptions(retries: 2)) { (n: Int) throws -> AppFuture<Int> in
    let count = tries.withLock { tries in
        tries[n, default: 0] += 1
        return tries[n] ?? 0
    }
    if count <= n { throw TooFew(count: count) }
    return number(count)
}
private let shared = joinApp("join.shared", options: AppOptions(cache: true)) { (n: Int) in
    tries.withLock { $0[-n, default: 0] += 1 }
    return number(n)
}
private let endless = joinApp("join.endless") { (_: Int) async throws -> AppFuture<Int> in
    try await Task.sleep(for: .seconds(60))
    return number(1)
}
private func down(_ n: Int) -> AppFuture<Int> { countdown(n) }
private let countdown: App<Int, Int> = joinApp("join.countdown") { (n: Int) -> AppFuture<Int> in
    n == 0 ? number(0) : plus(down(n - 1), 1)
}
private func halves(_ range: [Int]) -> AppFuture<Int> { summing(range) }
private let summing: App<Int, [Int]> = joinApp("join.summing") { (range: [Int]) -> AppFuture<Int> in
    if range[1] - range[0] <= 1 { return number(range[0]) }
    let middle = (range[0] + range[1]) / 2
    return plus(halves([range[0], middle]), halves([middle, range[1]]))
}
private let nested = app("join.nested") { (n: Int) async throws -> Int in try await one(n).value }
private let all: [any RegisteredApp] = [
    number, plus, broken, one, several, keyed, perhaps, plain, awaits, failing, outer, throwing, shared, endless,
    countdown, summing, nested,
]

extension AppTests {
    @Suite("Join apps", .serialized)
    struct JoinTests {
        private func onThreads<Value>(_ body: (DataFlowKernel) async throws -> Value) async throws -> Value {
            try await withKernel([ThreadPoolExecutor(threads: 2)], apps: all, body)
        }

        @Test("futures, arrays, dictionaries and optionals of them, and values, are what a join app has")
        func results() async throws {
            try await onThreads { _ async throws in
                #expect(try await one(3).value == 3)
                #expect(try await several(4).value == [0, 1, 2, 3])
                #expect(try await several(0).value.isEmpty)
                #expect(try await keyed(5).value == ["a": 5, "b": 6])
                #expect(try await perhaps(2).value == 2)
                #expect(try await perhaps(0).value == nil)
                #expect(try await plain(1).value == 2)
                #expect(try await awaits(4).value == 5)
                #expect(try await plus(one(1), one(number(2))).value == 3)
            }
        }

        @Test("a join app is joining until its calls have ended, and no executor has it")
        func status() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let call = one(1)
                try await until("it joins") { call.status == .joining }
                #expect(kernel.progress.joining == 1)
                #expect(executor.held.map(\.definition.name) == ["join.number"])
                try await executor.finish("join.number")
                #expect(try await call.value == 1)
                #expect(call.status == .succeeded)
            }
        }

        @Test("a failure inside names the route and the root cause, through several join apps")
        func failure() async throws {
            try await onThreads { kernel async throws in
                let call = outer(4)
                let error = await #expect(throws: JoinError.self) { try await call.value }
                #expect(error?.route.map(\.app) == ["join.outer", "join.failing", "join.broken"])
                #expect(error?.rootCause as? TooFew == TooFew(count: 4))
                #expect(error?.failedCalls == 1)
                #expect(call.status == .dependencyFailed)
                let after = await #expect(throws: DependencyError.self) { try await plus(one(failing(1)[0]), 1).value }
                #expect(after?.rootCause as? TooFew == TooFew(count: 1))
                await kernel.waitForAll()
                #expect(kernel.unseenFailures.isEmpty)
            }
        }

        @Test("a body that throws is tried again; a call it returned that fails is not a reason to")
        func retries() async throws {
            tries.withLock { $0 = [:] }
            try await onThreads { kernel async throws in
                #expect(try await throwing(2).value == 3)
                await #expect(throws: TooFew(count: 3)) { try await throwing(5).value }
                _ = await failing.with(retries: 5)(1).result
                #expect(kernel.progress.retried == 4)
            }
        }

        @Test("equal calls of a cached join app run once")
        func cached() async throws {
            tries.withLock { $0 = [:] }
            try await onThreads { _ async throws in
                let calls = (0..<10).map { _ in shared(7) }
                for call in calls { #expect(try await call.value == 7) }
                #expect(tries.withLock { $0[-7] } == 1)
            }
        }

        @Test("a join app cannot be called in a task")
        func role() async throws {
            try await onThreads { _ async throws in
                let error = await #expect(throws: RoleError.self) { try await nested(1).value }
                #expect(error?.app == "join.one")
            }
        }

        @Test("divide and conquer, ten thousand deep and ten thousand wide")
        func recursion() async throws {
            try await onThreads { kernel async throws in
                #expect(try await countdown(10_000).value == 10_000)
                #expect(try await summing([0, 10_000]).value == 9_999 * 5_000)
                await kernel.waitForAll()
                #expect(kernel.content.withLock { $0.calls.isEmpty && $0.joins.isEmpty && $0.joinBodies.isEmpty })
            }
        }

        @Test("a join app that waits fails at once when it is taken back, and takes its calls with it")
        func cancelJoining() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let call = several(3)
                try await until("it joins") { call.status == .joining }
                call.cancel()
                let error = await #expect(throws: CallCancelled.self) { try await call.value }
                #expect(error?.app == "join.several")
                await kernel.waitForAll()
                #expect(executor.asked.count == 3)
                #expect(kernel.progress.cancelled == 4)
            }
        }

        @Test("a join app ten thousand deep is taken back as a whole, without recursion")
        func cancelDeep() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let call = countdown(10_000)
                try await until("the innermost call is made") { executor.held.count == 1 }
                call.cancel()
                await kernel.waitForAll()
                #expect(call.status == .cancelled)
                #expect(kernel.progress.succeeded == 0)
                #expect(kernel.progress.cancelled + kernel.progress.failed == 20_002)
                #expect(kernel.content.withLock { $0.joins.isEmpty && $0.children.isEmpty && $0.joinBodies.isEmpty })
            }
        }

        @Test("a body that runs is cancelled as a Swift task")
        func cancelBody() async throws {
            try await onThreads { _ async throws in
                let call = endless(1)
                try await until("its body runs") { call.status == .running }
                call.cancel()
                let error = await #expect(throws: CallCancelled.self) { try await call.value }
                #expect(error?.origin == .program)
            }
        }
    }
}

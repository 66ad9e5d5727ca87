import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

struct Stats: AppValue, Equatable {
    var mean: Double
    var rows: [Int]
    var names: [String: Int]
}

private let number = app("future.number") { (n: Int) in n }
private let plus = app("future.plus") { (a: Int, b: Int) in a + b }
private let text = app("future.text") { (n: Int) in "n\(n)" }
private let stats = app("future.stats") { (n: Int) in
    Stats(mean: Double(n), rows: Array(0..<n), names: ["a": n])
}
private let broken = app("future.broken", throwing: [TooFew.self]) { (n: Int) -> Int in throw TooFew(count: n) }
private let all: [any RegisteredApp] = [number, plus, text, stats, broken]

extension AppTests {
    @Suite("Futures", .serialized)
    struct FutureTests {
        private func onThreads<Value>(_ body: (DataFlowKernel) async throws -> Value) async throws -> Value {
            try await withKernel([ThreadPoolExecutor(threads: 2)], apps: all, body)
        }

        @Test("the status follows the call")
        func status() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all, retries: 1) { _ async throws in
                let first = number(1)
                let second = plus(first, 1)
                #expect(first.status == .launched && second.status == .waiting)
                executor.begin("future.number")
                #expect(first.status == .running)
                try await executor.finish("future.number", .failure(TooFew(count: 1)))
                #expect(first.status == .retrying)
                try await executor.finish("future.number")
                #expect(first.status == .succeeded && first.isDone)
                #expect(second.status == .launched)
                try await executor.finish("future.plus")
                let failing = broken(1)
                let after = plus(failing, 1)
                for _ in 0..<2 { try await executor.finish("future.broken") }
                #expect(failing.status == .failed && after.status == .dependencyFailed)
                #expect(CallStatus.allCases.filter(\.isDone).count == 5)
            }
        }

        @Test("an await with a time limit ends, and the call goes on")
        func timeout() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let call = number(3)
                let error = await #expect(throws: FutureTimeout.self) {
                    try await call.value(timeout: .milliseconds(5))
                }
                #expect(error == FutureTimeout(app: "future.number", task: call.taskID, limit: .milliseconds(5)))
                #expect(error?.description.contains("it goes on") == true)
                #expect(!call.isDone)
                try await executor.finish("future.number")
                #expect(try await call.value(timeout: .seconds(30)) == 3)
                let again = try await call.value(timeout: .zero)
                #expect(again == 3)
            }
        }

        @Test("members, elements and what dictionaries hold are futures, and arguments")
        func lifted() async throws {
            try await onThreads { _ async throws in
                let made = stats(4)
                let mean: AppFuture<Double> = made.mean
                #expect(try await mean.value == 4)
                #expect(try await made.rows[3].value == 3)
                #expect(try await made.rows.count.value == 4)
                #expect(try await made.names["a"].value == 4)
                #expect(try await made.names["b"].value == nil)
                #expect(try await plus(made.rows[1], made.rows[2]).value == 3)
                let error = await #expect(throws: WorkflowError.self) { try await made.rows[4].value }
                #expect(error?.code == .noSuchElement)
                #expect(error?.message.contains("it has 4") == true)
                let negative = await #expect(throws: WorkflowError.self) { try await made.rows[-1].value }
                #expect(negative?.code == .noSuchElement)
            }
        }

        @Test("what is made of a failed future fails with its error, and a call names the route")
        func derivedFailure() async throws {
            try await onThreads { kernel async throws in
                let failing = broken(2)
                await #expect(throws: TooFew(count: 2)) { try await failing.map { $0 + 1 }.value }
                let error = await #expect(throws: DependencyError.self) {
                    try await plus(failing.map { $0 }, 1).value
                }
                #expect(error?.rootCause as? TooFew == TooFew(count: 2))
                #expect(error?.route.map(\.app) == ["future.plus", "future.broken"])
                #expect(error?.route.last?.task == failing.taskID)
                await #expect(throws: TooFew(count: 9)) {
                    try await number(1).map { _ -> Int in throw TooFew(count: 9) }.value
                }
            }
        }

        @Test("who awaits what is made of a future has seen its failure; who only makes it has not")
        func observed() async throws {
            try await onThreads { kernel async throws in
                let unseen = broken(1).map { $0 }.map { $0 }
                let seen = broken(2).map { $0 }.map { $0 }
                let combined = [broken(3), number(1)].all()
                let late = broken(4).map { $0 }
                _ = await seen.result
                _ = await combined.result
                await kernel.waitForAll()
                try await until("the derived futures are done") { unseen.isDone && late.isDone }
                _ = await late.result
                let left = kernel.unseenFailures
                #expect(left.map { "\($0.error)" } == ["\(TooFew(count: 1))"])
            }
        }

        @Test("map, zip, all and any")
        func combining() async throws {
            try await onThreads { _ async throws in
                #expect(try await number(2).map { "\($0)" }.value == "2")
                let pair = try await number(1).zip(text(2)).value
                #expect(pair == Pair(1, "n2"))
                #expect(try await number(1).zip(text(2)) { "\($0)\($1)" }.value == "1n2")
                #expect(try await (0..<100).map { number($0) }.all().value == Array(0..<100))
                #expect(try await [AppFuture<Int>]().all().value.isEmpty)
                await #expect(throws: TooFew(count: 5)) { try await [number(1), broken(5)].all().value }
                #expect(try await [broken(1), number(7), broken(2)].any().value == 7)
                let none = await #expect(throws: NoneSucceeded.self) { try await [broken(1), broken(2)].any().value }
                #expect(none?.count == 2 && none?.errors.count == 2)
                let nothing = await #expect(throws: NoneSucceeded.self) { try await [AppFuture<Int>]().any().value }
                #expect(nothing?.count == 0)
            }
        }

        @Test("what is made of futures is an argument like any other")
        func derivedArguments() async throws {
            try await onThreads { _ async throws in
                let sum = [number(1), number(2)].all().map { $0.reduce(0, +) }
                #expect(try await plus(sum, number(1).zip(number(2)) { $0 * 10 + $1 }).value == 15)
            }
        }

        @Test("futures come in the order in which they are done")
        func asCompleted() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let calls: [AppFuture<Int>] = [number(1), plus(1, 1), broken(3)]
                let collector = Task {
                    var seen: [String] = []
                    for await future in calls.asCompleted() { seen.append(future.appName) }
                    return seen
                }
                try await until("the loop waits") { calls.allSatisfy { !$0.hasNoWaiters } }
                for name in ["future.plus", "future.broken", "future.number"] { try await executor.finish(name) }
                #expect(await collector.value == ["future.plus", "future.broken", "future.number"])
                for await _ in [AppFuture<Int>]().asCompleted() { Issue.record("there is none") }
            }
        }

        @Test("fifty thousand futures are iterated in the order of their ends, each once")
        func manyCompleted() async throws {
            try await onThreads { _ async throws in
                let calls = (0..<50_000).map { number($0) }
                var sum = 0
                for await future in calls.asCompleted() { sum += try await future.value }
                #expect(sum == 49_999 * 25_000)
            }
        }

        @Test("a loop over futures that is cancelled ends, and takes its calls with it")
        func cancelledLoop() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let calls = [number(1), number(2)]
                let kept = plus(calls[1], 1)
                let loop = Task {
                    var count = 0
                    for await _ in calls.asCompleted() { count += 1 }
                    return count
                }
                try await until("the loop waits") { calls.allSatisfy { !$0.hasNoWaiters } }
                loop.cancel()
                #expect(await loop.value == 0)
                #expect(calls[0].status == .cancelled)
                #expect(!calls[1].isDone && !kept.isDone)
            }
        }

        @Test("cancelling what is made of futures takes those back that nobody else wants")
        func cancelDerived() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let wanted = number(1)
                let waiter = Task { try await wanted.value }
                try await until("somebody waits") { !wanted.hasNoWaiters }
                let unwanted = number(2)
                let sum = wanted.zip(unwanted.map { $0 }) { $0 + $1 }
                sum.cancel()
                let error = await #expect(throws: CallCancelled.self) { try await sum.value }
                #expect(error?.origin == .program)
                #expect(sum.status == .cancelled)
                try await until("the unwanted one is taken back") { unwanted.isDone }
                #expect(unwanted.status == .cancelled && !wanted.isDone)
                try await executor.finish("future.number")
                #expect(try await waiter.value == 1)
            }
        }

        @Test(
            "closures and Swift tasks are arguments; to cancel them is to cancel their Swift task",
            arguments: [true, false])
        func closures(isTask: Bool) async throws {
            try await onThreads { _ async throws in
                let made =
                    isTask ? Task { try await number(20).value }.future : AppFuture { try await number(20).value }
                #expect(try await plus(made, 1).value == 21)
                let failing = AppFuture<Int>("loading") { throw TooFew(count: 1) }
                let error = await #expect(throws: DependencyError.self) { try await plus(failing, 1).value }
                #expect(error?.route.map(\.app) == ["future.plus", "loading"])
                let ended = LockedFlag()
                let body: @Sendable () async throws -> Int = {
                    do {
                        try await Task.sleep(for: .seconds(60))
                    } catch {
                        ended.set()
                        throw error
                    }
                    return 1
                }
                let endless: AppFuture<Int> = isTask ? Task { try await body() }.future : AppFuture { try await body() }
                endless.cancel()
                await #expect(throws: CallCancelled.self) { try await endless.value }
                try await until("the Swift task has noticed") { ended.isSet }
            }
        }

        @Test("a closure is called with the result, and the failure counts as seen")
        func onCompletion() async throws {
            try await onThreads { kernel async throws in
                let results = Locked<[String]>([])
                broken(1).onCompletion { result in results.withLock { $0.append("\(result)") } }
                number(5).onCompletion { result in results.withLock { $0.append("\(result)") } }
                try await until("both were called") { results.withLock { $0.count } == 2 }
                #expect(results.withLock { $0.contains("success(5)") })
                #expect(kernel.unseenFailures.isEmpty)
            }
        }

        @Test("a chain of a hundred thousand futures made of each other is no recursion", arguments: [true, false])
        func longChain(cancels: Bool) async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let first = number(0)
                var last = first.map { $0 }
                for _ in 0..<100_000 { last = last.map { $0 + 1 } }
                if cancels {
                    last.cancel()
                    try await until("the first is taken back") { first.isDone }
                    #expect(first.status == .cancelled)
                } else {
                    try await executor.finish("future.number")
                    #expect(try await last.value == 100_000)
                }
            }
        }
    }
}

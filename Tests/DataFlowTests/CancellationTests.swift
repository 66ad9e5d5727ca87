import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

private let number = app("cancel.number") { (n: Int) in n }
private let plus = app("cancel.plus") { (a: Int, b: Int) in a + b }
private let cached = app("cancel.cached", options: AppOptions(cache: true)) { (n: Int) in n * 2 }
private let stubborn = app("cancel.stubborn", options: AppOptions(retries: 3)) { (n: Int) -> Int in n }
private let all: [any RegisteredApp] = [number, plus, cached, stubborn]

extension AppTests {
    @Suite("Calls that are taken back", .serialized)
    struct CancellationTests {
        @Test("a call that waits fails at once, its dependents name the route, and what it waited for goes on")
        func waiting() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let first = number(1)
                let second = plus(first, 1)
                let third = plus(second, 1)
                #expect(second.status == .waiting)
                second.cancel()
                let error = await #expect(throws: CallCancelled.self) { try await second.value }
                #expect(error == CallCancelled(app: "cancel.plus", task: second.taskID, origin: .program))
                #expect(error?.description.contains("'cancel.plus' (task \(second.taskID?.rawValue ?? 0))") == true)
                let dependent = await #expect(throws: DependencyError.self) { try await third.value }
                #expect(dependent?.route.map(\.task) == [third.taskID, second.taskID])
                #expect(dependent?.rootCause is CallCancelled)
                #expect(second.status == .cancelled && third.status == .dependencyFailed)
                try await executor.finish("cancel.number")
                #expect(try await first.value == 1)
                #expect(kernel.progress.cancelled == 1)
            }
        }

        @Test("a call that an executor has is stopped there, and is not tried again")
        func launched() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let call = stubborn(1)
                call.cancel()
                call.cancel()
                let error = await #expect(throws: CallCancelled.self) { try await call.value }
                #expect(error?.origin == .program)
                let task = try #require(call.taskID)
                #expect(executor.asked == [TryID(task: task, number: 0)])
                #expect(executor.count == 1)
            }
        }

        @Test("a call whose executor was quicker keeps its value, or its own error")
        func quicker() async throws {
            let executor = HoldingExecutor(stopsWhenAsked: false)
            try await withKernel([executor], apps: all) { _ async throws in
                let value = number(4)
                value.cancel()
                try await executor.finish("cancel.number")
                #expect(try await value.value == 4)
                let failure = stubborn(1)
                failure.cancel()
                try await executor.finish("cancel.stubborn", .failure(AppTimeout(app: "x", limit: 1, elapsed: 1)))
                await #expect(throws: AppTimeout.self) { try await failure.value }
                #expect(executor.count == 2)
            }
        }

        @Test("what a body says when it is cancelled is told as the cancellation it is")
        func cooperative() async throws {
            let executor = HoldingExecutor(stopsWhenAsked: false)
            try await withKernel([executor], apps: all) { _ async throws in
                let call = number(1)
                call.cancel()
                try await executor.finish("cancel.number", .failure(CancellationError()))
                await #expect(throws: CallCancelled.self) { try await call.value }
                let alone = number(2)
                try await executor.finish("cancel.number", .failure(CancellationError()))
                await #expect(throws: CancellationError.self) { try await alone.value }
            }
        }

        @Test("taking back what is done changes nothing")
        func done() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let call = number(3)
                try await executor.finish("cancel.number")
                call.cancel()
                #expect(try await call.value == 3)
                #expect(call.status == .succeeded)
                #expect(executor.asked.isEmpty)
            }
        }

        @Test("those who wait for an equal call that is taken back run by themselves")
        func memoWaiters() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let first = cached(5)
                let second = cached(5)
                let third = cached(5)
                #expect(executor.count == 1)
                second.cancel()
                await #expect(throws: CallCancelled.self) { try await second.value }
                first.cancel()
                await #expect(throws: CallCancelled.self) { try await first.value }
                #expect(executor.count == 2)
                try await executor.finish("cancel.cached")
                #expect(try await third.value == 10)
                #expect(third.status == .succeeded)
                let fourth = cached(5)
                #expect(try await fourth.value == 10)
                #expect(fourth.status == .fromCache)
            }
        }

        @Test("an await that is cancelled ends at once, and takes the call with it")
        func awaiting() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let call = number(1)
                let waiter = Task { try await call.value }
                try await until("somebody waits") { !call.hasNoWaiters }
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                let error = await #expect(throws: CallCancelled.self) { try await call.value }
                #expect(error?.origin == .awaitingTask)
                #expect(kernel.unseenFailures.isEmpty)
            }
        }

        @Test("an await in a task that is cancelled already takes the call with it")
        func awaitingLate() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let call = number(1)
                let waiter = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await call.value
                }
                await #expect(throws: CancellationError.self) { try await waiter.value }
                try await until("the call is taken back") { call.isDone }
                #expect(call.status == .cancelled)
            }
        }

        @Test("an await that is cancelled leaves a call alone that somebody else wants")
        func wanted() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                let shared = number(1)
                let other = Task { try await shared.value }
                let waiter = Task { try await shared.value }
                let source = number(2)
                let dependent = plus(source, 1)
                let waiterOfSource = Task { try await source.value }
                try await until("all wait") { !source.hasNoWaiters && !shared.hasNoWaiters }
                waiter.cancel()
                waiterOfSource.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                await #expect(throws: CancellationError.self) { try await waiterOfSource.value }
                #expect(executor.asked.isEmpty)
                for _ in 0..<2 { try await executor.finish("cancel.number") }
                #expect(try await other.value == 1)
                try await executor.finish("cancel.plus")
                #expect(try await dependent.value == 3)
            }
        }

        @Test("calls that were taken back, and those that failed for that reason, are no failures nobody awaited")
        func report() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let first = number(1)
                plus(first, 1)
                number(2)
                first.cancel()
                try await executor.finish("cancel.number", .failure(AppTimeout(app: "x", limit: 1, elapsed: 1)))
                await kernel.waitForAll()
                #expect(kernel.unseenFailures.map(\.app) == ["cancel.number"])
                #expect(kernel.progress.failed == 2)
            }
        }

        @Test("taking everything back ends calls in every phase")
        func everything() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                let calls = (0..<100).map { plus(number($0), number($0)) }
                kernel.cancelAll(by: .interrupt)
                await kernel.waitForAll()
                for call in calls {
                    let error = await #expect(throws: CallCancelled.self) { try await call.value }
                    #expect(error?.origin == .interrupt)
                }
                let late = await #expect(throws: CallCancelled.self) { try await number(1).value }
                #expect(late?.origin == .interrupt)
                #expect(executor.held.isEmpty)
            }
        }

        @Test("a call that is taken back while it is handed over is stopped, whoever is first", arguments: 0..<20)
        func race(round: Int) async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                for _ in 0..<50 {
                    let source = number(1)
                    let call = cached(round * 1000 + Int(source.taskID?.rawValue ?? 0))
                    let dependent = plus(source, 1)
                    let finisher = Task { try await executor.finish("cancel.number") }
                    let canceller = Task {
                        dependent.cancel()
                        call.cancel()
                    }
                    _ = await (finisher.result, canceller.result)
                    _ = await dependent.result
                    _ = await call.result
                }
                await kernel.waitForAll()
                #expect(executor.held.isEmpty)
            }
        }
    }
}

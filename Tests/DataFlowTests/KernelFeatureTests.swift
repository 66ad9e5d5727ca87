import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

private let number = app("feature.number") { (n: Int) in n }
private let plus = app("feature.plus") { (a: Int, b: Int) in a + b }
// Not in the declarations: the tests of other targets run in this process, with executors of other names.
private let big = number.with(executor: "big")
private let either = number.with(executors: ["small", "big"])
private let broken = app("feature.broken", throwing: [TooFew.self]) { (n: Int) -> Int in throw TooFew(count: n) }
private let spawning = joinApp("feature.spawning") { (n: Int) in (0..<n).map { number($0) } }
private struct Job: AppValue {
    var count: Int
    var name = "plain"
}
private let work = app("feature.work") { (job: Job) in "\(job.name) \(job.count)" }
private let all: [any RegisteredApp] = [number, plus, broken, spawning, work]

extension AppTests {
    @Suite("What a kernel can do", .serialized)
    struct KernelFeatureTests {
        // MARK: Options

        @Test("options of a single call hold for that call")
        func options() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { _ async throws in
                number.with(walltime: .seconds(5), priority: -3)(1)
                number(2)
                let held = executor.held
                #expect(held[0].walltime == .seconds(5) && held[0].resources.priority == -3)
                #expect(held[1].walltime == nil && held[1].resources.priority == nil)
                let retried = broken.with(retries: 2)(1)
                for _ in 0..<3 { try await executor.finish("feature.broken") }
                await #expect(throws: TooFew.self) { try await retried.value }
                let first = number.with(cache: true)(9)
                let second = number.with(cache: true)(9)
                for _ in 0..<3 { try await executor.finish("feature.number") }
                _ = try await (first.value, second.value)
                #expect(second.status == .fromCache)
            }
        }

        @Test("a parameter struct is made with its memberwise initialiser, at the call")
        func parameterStruct() async throws {
            try await withKernel([ThreadPoolExecutor(throughCodec: true)], apps: all) { _ async throws in
                #expect(try await work(.init(count: 2)).value == "plain 2")
                #expect(try await work(.init(count: 3, name: "large")).value == "large 3")
            }
        }

        // MARK: Executors

        @Test("calls go to the executor that is asked for; the first runs the others")
        func executors() async throws {
            let small = HoldingExecutor(label: "small")
            let large = HoldingExecutor(label: "big")
            try await withKernel([small, large], apps: all) { _ async throws in
                number(1)
                big(2)
                number.with(executor: "big")(3)
                #expect(small.held.count == 1 && large.held.count == 2)
                let error = await #expect(throws: WorkflowError.self) {
                    try await number.with(executor: "bgi")(4).value
                }
                #expect(error?.code == .unknownExecutor)
                #expect(error?.message.contains("there are: 'small', 'big'") == true)
            }
        }

        @Test("of several executors the one with the least to do for each worker takes a call")
        func leastLoad() async throws {
            let small = HoldingExecutor(label: "small", workers: 1)
            let large = HoldingExecutor(label: "big", workers: 3)
            try await withKernel([small, large], apps: all) { _ async throws in
                for n in 0..<40 { either(n) }
                #expect(small.held.count == 10 && large.held.count == 30)
                for _ in 0..<10 { try await small.finish("feature.number") }
                for n in 0..<4 { either(n) }
                #expect(small.held.count == 4)
            }
        }

        // MARK: Room

        @Test("a plain call beyond the bound fails, and names the one that waits")
        func bound() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all, limits: ["holding": 2]) { kernel async throws in
                let first = number(1)
                plus(first, 1)
                let error = await #expect(throws: WorkflowError.self) { try await number(3).value }
                #expect(error?.code == .tooManyUnfinished)
                #expect(error?.message.contains("`try await feature.number.submit(…)`") == true)
                try await executor.finish("feature.number")
                try await executor.finish("feature.plus")
                number(4)
                #expect(executor.held.count == 1)
            }
        }

        @Test("calls that wait for room come in their order, and the bound holds all the time")
        func waiting() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all, limits: ["holding": 3]) { kernel async throws in
                let submitter = Task {
                    var calls: [AppFuture<Int>] = []
                    for n in 0..<50 { calls.append(try await number.submit(n)) }
                    return calls
                }
                for n in 0..<50 {
                    try await until("call \(n) is there") { !executor.held.isEmpty }
                    #expect(executor.held.count <= 3)
                    try await executor.finish("feature.number")
                }
                let values = try await submitter.value.all().value
                #expect(values == Array(0..<50))
                #expect(kernel.content.withLock { $0.rooms[0].unfinished } == 0)
            }
        }

        @Test("who waits for room and is cancelled takes none")
        func cancelledWait() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all, limits: ["holding": 1]) { kernel async throws in
                let first = number(1)
                let waiters = (0..<5).map { n in Task { try await number.submit(n) } }
                for waiter in waiters { waiter.cancel() }
                for waiter in waiters { await #expect(throws: CancellationError.self) { try await waiter.value } }
                try await executor.finish("feature.number")
                _ = try await first.value
                let next = try await number.submit(2)
                try await executor.finish("feature.number")
                #expect(try await next.value == 2)
                #expect(kernel.content.withLock { $0.rooms[0].unfinished } == 0)
            }
        }

        @Test("join apps and closures make calls whether there is room or not, so that nothing waits for itself")
        func exempt() async throws {
            try await withKernel(
                [ThreadPoolExecutor(threads: 2)], apps: all, limits: ["threads": 2]
            ) { _ async throws in
                #expect(try await spawning(100).value.count == 100)
                let closure = AppFuture<Int> {
                    var sum = 0
                    for n in 0..<10 { sum += try await number(n).value }
                    return sum
                }
                let dependents = try await [plus.submit(closure, 0), plus.submit(closure, 1)]
                #expect(try await dependents.all().value == [45, 46])
            }
        }

        @Test("those who wait for room go on when everything is taken back")
        func endWhileWaiting() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all, limits: ["holding": 1]) { kernel async throws in
                number(1)
                let waiter = Task { try await number.submit(2) }
                kernel.cancelAll(by: .interrupt)
                let late = try await waiter.value
                await #expect(throws: CallCancelled.self) { try await late.value }
            }
        }

        // MARK: Retries

        @Test("the handler says what a failure costs, and sees what went before")
        func handler() async throws {
            let seen = Locked<[TaskRecord]>([])
            let handler = RetryHandler { error, record in
                seen.withLock { $0.append(record) }
                return record.tries == 1 ? 0.5 : 1
            }
            try await withKernel(
                [ThreadPoolExecutor(threads: 1)], apps: all, retries: 2, retryHandler: handler
            ) { kernel async throws in
                await #expect(throws: TooFew.self) { try await broken.with(label: "odd")(1).value }
                let records = seen.withLock { $0 }
                #expect(records.map(\.tries) == [1, 2, 3])
                #expect(records.map(\.cost) == [0, 0.5, 1.5])
                #expect(records.map { $0.errors.count } == [1, 2, 3])
                #expect(records.allSatisfy { $0.label == "odd" && $0.app == "feature.broken" && $0.budget == 2 })
                #expect(records[0].executor == "threads")
                #expect(kernel.content.withLock { $0.histories.isEmpty })
            }
        }

        @Test("an error of the handler ends the call, and both errors are shown")
        func brokenHandler() async throws {
            struct Confused: Error {}
            let handler = RetryHandler { _, _ in throw Confused() }
            #expect(handler == handler && handler != RetryHandler { _, _ in 1 })
            try await withKernel(
                [ThreadPoolExecutor(threads: 1)], apps: all, retries: 5, retryHandler: handler
            ) { kernel async throws in
                let error = await #expect(throws: RetryHandlerFailure.self) { try await broken(1).value }
                #expect(error?.error as? TooFew == TooFew(count: 1))
                #expect(error?.thrown is Confused)
                #expect(error?.description.contains("Confused") == true)
                #expect(kernel.progress.retried == 0)
            }
        }

        @Test("the loss of a process is not the handler's business")
        func lossWithHandler() async throws {
            let executor = HoldingExecutor()
            let handler = RetryHandler { _, _ in
                Issue.record("it was asked")
                return 1
            }
            try await withKernel([executor], apps: all, lostRetries: 1, retryHandler: handler) { _ async throws in
                let call = number(1)
                try await executor.finish("feature.number", .failure(ExecutionError(.workerLost, "gone")))
                try await executor.finish("feature.number")
                #expect(try await call.value == 1)
            }
        }

        // MARK: The end

        @Test("waiting for present calls does not wait for later ones")
        func waitForCurrent() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                await kernel.waitForCurrent()
                let first = number(1)
                plus(first, 1)
                let isOver = LockedFlag()
                let waiter = Task {
                    await kernel.waitForCurrent()
                    isOver.set()
                }
                try await until("it waits") { kernel.content.withLock { !$0.batches.isEmpty } }
                broken(1)
                try await executor.finish("feature.number")
                #expect(!isOver.isSet)
                try await executor.finish("feature.plus")
                await waiter.value
                #expect(executor.held.count == 1)
            }
        }

        @Test("waiting for all ends when the time is over")
        func waitAtMost() async throws {
            let executor = HoldingExecutor()
            try await withKernel([executor], apps: all) { kernel async throws in
                number(1)
                #expect(await kernel.waitForAll(atMost: .milliseconds(5)) == false)
                try await executor.finish("feature.number")
                #expect(await kernel.waitForAll(atMost: .seconds(30)))
            }
        }

        @Test("what calls held goes when they end: arguments, records, tables")
        func memory() async throws {
            try await withKernel([ThreadPoolExecutor(threads: 2)], apps: all) { kernel async throws in
                weak var lastFuture: AppFuture<Int>?
                weak var lastCall: AnyObject?
                do {
                    var last = number(1)
                    for n in 0..<20_000 { last = plus(last, n) }
                    lastFuture = last
                    lastCall = last.taskID.flatMap { kernel.call($0) }
                    _ = await last.result
                }
                await kernel.waitForAll()
                try await until("the last thread lets go") { lastFuture == nil && lastCall == nil }
                #expect(kernel.content.withLock { $0.calls.isEmpty })
                broken(1)
                await kernel.waitForAll()
                // What the report at the end needs, and not the call with its arguments.
                #expect(kernel.content.withLock { $0.failures.count == 1 && $0.calls.isEmpty })
                #expect(kernel.unseenFailures.map(\.app) == ["feature.broken"])
            }
        }

        // MARK: Several kernels

        // Code outside of all workflows is in ProcessTests: other tests of this process have workflows, too.
        @Test("a call belongs to the workflow whose Swift task makes it; futures pass between workflows")
        func severalKernels() async throws {
            let first = HoldingExecutor(label: "first")
            let second = HoldingExecutor(label: "second")
            try await withKernel([first], apps: all) { _ async throws in
                let outside = number(1)
                try await withKernel([second], apps: all) { _ async throws in
                    let inside = plus(outside, 1)
                    #expect(second.held.isEmpty && inside.status == .waiting)
                    _ = await Task { number(3) }.value
                    #expect(second.held.count == 1)
                    try await first.finish("feature.number")
                    try await until("the value has come over") { second.held.count == 2 }
                    try await second.finish("feature.plus")
                    #expect(try await inside.value == 2)
                    number(5).cancel()
                    #expect(second.asked.count == 1 && first.asked.isEmpty)
                }
                number(6)
                #expect(first.held.count == 1)
            }
        }

        @Test("a future of a workflow that has ended is a value for the next one")
        func oldFuture() async throws {
            let old = try await withKernel([ThreadPoolExecutor(threads: 1)], apps: all) { _ async throws in
                let call = number(20)
                _ = try await call.value
                return call
            }
            try await withKernel([ThreadPoolExecutor(threads: 1)], apps: all) { _ async throws in
                #expect(try await plus(old, 1).value == 21)
                old.cancel()
                #expect(old.status == .succeeded)
            }
        }
    }
}

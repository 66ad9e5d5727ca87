import FoundationEssentials
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

struct Point: AppValue, Equatable {
    var x = 0.0
    var y = 0.0
}

struct TooFew: Error, Codable, Equatable {
    var count: Int
}

private let add = app("test.add") { (a: Int, b: Int) in a + b }
private let norm = app("test.norm") { (p: Point, scale: Double?) in (p.x * p.x + p.y * p.y) * (scale ?? 1) }
private let sum = app("test.sum") { (values: [Int]) in values.reduce(0, +) }
private let pick = app("test.pick") { (values: [String: Int], key: String) in values[key] ?? -1 }
private let fail = app("test.fail", throwing: [TooFew.self]) { (count: Int) -> Int in throw TooFew(count: count) }
private let nothing = app("test.nothing") { (_: Int) in }
private let sleepy = app("test.sleepy") { (milliseconds: Int) async throws -> Int in
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
}
private let nested = app("test.nested") { () async throws -> Int in try await add(1, 2).value }
private let bytes = app("test.bytes") { (data: Data) in data.count }
private let later = app("test.later") { (moment: Date, id: UUID) in
    moment.addingTimeInterval(Double(id.uuidString.count))
}

/// Runs a workflow on threads of the test's process.
@discardableResult
func onThreads<Value>(
    throughCodec: Bool = true, retries: Int = 0, _ body: (DataFlowKernel) async throws -> Value
) async throws -> Value {
    // Globals of a file are initialised on first use; reading a name declares the app.
    for app in [add, norm, sum, pick, fail, nothing, sleepy, nested, bytes, later] as [any RegisteredApp] {
        _ = app.name
    }
    let executor = ThreadPoolExecutor(threads: 2, throughCodec: throughCodec)
    let context = ExecutorContext(
        runID: RunID("test"), runDirectory: "/nonexistent", table: try AppRegistry.sealedTable())
    try await executor.start(context)
    let kernel = DataFlowKernel(context: context, executors: [executor], retries: retries, lostRetries: 0)
    do {
        let value = try await kernel.asCurrent { try await body(kernel) }
        await kernel.waitForAll()
        await kernel.shutdown()
        return value
    } catch {
        await kernel.shutdown()
        throw error
    }
}

@Suite("Apps on threads", .paced, .serialized)
struct AppTests {
    @Test("values, optionals, structs and futures mix as arguments", arguments: [true, false])
    func arguments(throughCodec: Bool) async throws {
        try await onThreads(throughCodec: throughCodec) { _ in
            #expect(try await add(1, 2).value == 3)
            #expect(try await add(add(1, 2), 3).value == 6)
            #expect(try await norm(Point(x: 3, y: 4), nil).value == 25)
            #expect(try await norm(Point(x: 3, y: 4), 2).value == 50)
            #expect(try await sum([1, 2, 3]).value == 6)
            #expect(try await sum((1...10).map { add($0, 0) }).value == 55)
            #expect(try await pick(["a": add(20, 1), "b": add(2, 2)], "a").value == 21)
            #expect(try await bytes(Data([1, 2, 3])).value == 3)
            _ = try await nothing(1).value
        }
    }

    @Test("library types keep their value through the codec")
    func libraryTypes() async throws {
        let moment = Date(timeIntervalSince1970: 1_700_000_000.25)
        try await onThreads { _ in
            let value = try await later(moment, UUID()).value
            #expect(value == moment.addingTimeInterval(36))
        }
    }

    @Test("a thrown error is caught as itself")
    func ownError() async throws {
        try await onThreads { _ in
            await #expect(throws: TooFew(count: 7)) { try await fail(7).value }
        }
    }

    @Test("a dependent of a failed call names the root cause and the route")
    func dependencyError() async throws {
        try await onThreads { _ in
            let chain = add(add(fail(3), 1), 2)
            let error = await #expect(throws: DependencyError.self) { try await chain.value }
            #expect(error?.rootCause as? TooFew == TooFew(count: 3))
            #expect(error?.route.map(\.app) == ["test.add", "test.add", "test.fail"])
            #expect(error?.failedDependencies == 1)
        }
    }

    @Test("a task cannot submit")
    func roleError() async throws {
        try await onThreads { _ in
            let error = await #expect(throws: RoleError.self) { try await nested().value }
            #expect(error?.app == "test.add")
        }
    }

    @Test("an app declared after the start is refused at its first call")
    func lateApp() async throws {
        try await onThreads { _ in
            let late = app("test.late.\(UInt64.random(in: 0 ... .max))") { 1 }
            let error = await #expect(throws: WorkflowError.self) { try await late().value }
            #expect(error?.code == .appNotRegistered)
            #expect(error?.message.contains("list it in `apps:`") == true)
        }
    }

    @Test("an app called outside a workflow is refused")
    func outside() async throws {
        let error = await #expect(throws: WorkflowError.self) { try await add(1, 2).value }
        #expect(error?.code == .noWorkflow)
    }

    @Test("a suspended body is resumed, and others run meanwhile")
    func suspension() async throws {
        try await onThreads { _ in
            let sleeping = (1...4).map { sleepy($0 * 10) }
            let value = try await sum(sleeping).value
            #expect(value == 100)
        }
    }

    @Test("a chain of twenty thousand failures is no recursion, and its error stays short")
    func longChain() async throws {
        try await onThreads(throughCodec: false) { kernel in
            var last = add(fail(1), 1)
            for _ in 0..<20_000 { last = add(last, 1) }
            let error = await #expect(throws: DependencyError.self) { try await last.value }
            #expect(error?.rootCause as? TooFew == TooFew(count: 1))
            #expect(error?.route.count == 16)
            #expect(error?.omittedSteps == 20_002 - 16)
            #expect(error?.description.contains("more … ← test.fail") == true)
            await kernel.waitForAll()
            #expect(kernel.progress.failed == 20_002)
        }
    }

    @Test("failures that nobody awaited are kept for the report")
    func unseen() async throws {
        try await onThreads { kernel in
            fail(1)
            let seen = fail(2)
            _ = await seen.result
            await kernel.waitForAll()
            #expect(kernel.unseenFailures.map(\.app) == ["test.fail"])
        }
    }

    @Test("retries run again, as many times as asked for")
    func retries() async throws {
        try await onThreads(retries: 3) { kernel in
            _ = await fail(1).result
            #expect(kernel.progress.retried == 3)
        }
    }
}

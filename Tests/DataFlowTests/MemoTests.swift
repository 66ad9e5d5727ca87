import Glibc
import PickleCoding
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// How often each app of this file has run, by a name that every test makes for itself.
private let runs = Locked<[String: Int]>([:])
/// Bodies that wait here go on when their test says so.
private let gates = Locked<Set<String>>([])

private func count(_ name: String) { runs.withLock { $0[name, default: 0] += 1 } }
private func runCount(_ name: String) -> Int { runs.withLock { $0[name] ?? 0 } }
private func open(_ gate: String) { gates.withLock { _ = $0.insert(gate) } }
/// Waits for a gate; gives up after a while, so that a test that forgets its gate fails instead of hanging.
private func wait(_ gate: String) {
    let deadline = Monotonic.deadline(after: .seconds(300))
    while !gates.withLock({ $0.contains(gate) }) {
        if Monotonic.nanoseconds > deadline {
            Issue.record("nobody opened the gate '\(gate)' within five minutes")
            return
        }
        usleep(500)
    }
}

private struct Refused: Error, Codable, Equatable {
    var value: Int
}

private let square = app("memo.square", options: AppOptions(cache: true)) { (name: String, n: Int) -> Int in
    count(name)
    return n * n
}
private let quiet = app("memo.quiet", options: AppOptions(cache: true, ignoreForCache: [0])) {
    (name: String, n: Int) -> Int in
    count("quiet \(n)")
    return n + name.utf8.count
}
private let plain = app("memo.plain") { (name: String) -> Int in
    count(name)
    return 1
}
private let gated = app("memo.gated", options: AppOptions(cache: true)) { (name: String) -> Int in
    count(name)
    wait(name)
    return 7
}
private let refusing = app("memo.refusing", options: AppOptions(cache: true), throwing: [Refused.self]) {
    (name: String) -> Int in
    count(name)
    wait(name)
    throw Refused(value: 3)
}
private let flaky = app("memo.flaky", options: AppOptions(retries: 2, cache: true)) { (name: String) throws -> Int in
    count(name)
    if runCount(name) < 3 { throw Refused(value: runCount(name)) }
    return 5
}
private let misdeclared = app("memo.misdeclared", options: AppOptions(cache: true, ignoreForCache: [4])) {
    (n: Int) -> Int in n
}
private let point = app("memo.point", options: AppOptions(cache: true)) { (name: String) -> Point in
    count(name)
    return Point(x: 1, y: 2)
}

/// Runs a workflow on threads, with a table of results.
@discardableResult
private func withMemo<Value>(
    _ memoizer: Memoizer = Memoizer(), throughCodec: Bool = true, threads: Int = 2,
    _ body: (DataFlowKernel) async throws -> Value
) async throws -> Value {
    for app in [square, quiet, plain, gated, refusing, flaky, misdeclared, point] as [any RegisteredApp] {
        _ = app.name
    }
    let executor = ThreadPoolExecutor(threads: threads, throughCodec: throughCodec)
    let context = ExecutorContext(
        runID: RunID("test"), runDirectory: "/nonexistent", table: try AppRegistry.sealedTable())
    try await executor.start(context)
    let kernel = DataFlowKernel(
        context: context, executors: [executor], retries: 0, lostRetries: 0, memoizer: memoizer)
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

// Inside the suite of the other apps, so that no two tests have a workflow at the same time: a process has one.

extension AppTests {
    @Suite("Cached apps", .serialized)
    struct MemoTests {
        @Test("an equal call is not run again, on values and through the codec", arguments: [true, false])
        func hit(throughCodec: Bool) async throws {
            let name = "hit \(throughCodec)"
            try await withMemo(throughCodec: throughCodec) { kernel async throws in
                #expect(try await square(name, 4).value == 16)
                #expect(try await square(name, 4).value == 16)
                #expect(try await square(name, 5).value == 25)
                #expect(try await point(name + "p").value == point(name + "p").value)
                #expect(kernel.progress.fromCache == 2)
                await kernel.waitForAll()
                #expect(kernel.progress.succeeded == 5)
            }
            #expect(runCount(name) == 2)
            #expect(runCount(name + "p") == 1)
        }

        @Test("arguments that are ignored make no difference")
        func ignored() async throws {
            try await withMemo { _ async throws in
                #expect(try await quiet("ab", 100).value == 102)
                #expect(try await quiet("abcd", 100).value == 102)
            }
            #expect(runCount("quiet 100") == 1)
        }

        @Test("an app without `cache` runs each time")
        func uncached() async throws {
            try await withMemo { kernel async throws in
                _ = try await plain("uncached").value
                _ = try await plain("uncached").value
                #expect(kernel.progress.fromCache == 0)
            }
            #expect(runCount("uncached") == 2)
        }

        @Test("equal calls at the same time run once", arguments: [true, false])
        func concurrent(throughCodec: Bool) async throws {
            let name = "concurrent \(throughCodec)"
            try await withMemo(throughCodec: throughCodec) { kernel async throws in
                let futures = (0..<100).map { _ in gated(name) }
                #expect(futures.allSatisfy { !$0.isDone })
                open(name)
                for future in futures { #expect(try await future.value == 7) }
                #expect(kernel.progress.fromCache == 99)
            }
            #expect(runCount(name) == 1)
        }

        @Test("equal calls at the same time fail alike, and an error is not kept")
        func failure() async throws {
            let name = "failure"
            try await withMemo { _ async throws in
                let futures = (0..<10).map { _ in refusing(name) }
                open(name)
                for future in futures { await #expect(throws: Refused(value: 3)) { try await future.value } }
                #expect(runCount(name) == 1)
                await #expect(throws: Refused(value: 3)) { try await refusing(name).value }
                #expect(runCount(name) == 2)
            }
        }

        @Test("a cached call is tried again like any other, and those who wait get its value")
        func retries() async throws {
            try await withMemo { kernel async throws in
                let futures = (0..<3).map { _ in flaky("retries") }
                for future in futures { #expect(try await future.value == 5) }
                #expect(kernel.progress.retried == 2)
            }
            #expect(runCount("retries") == 3)
        }

        @Test("a call on a future is looked up when the future has its value")
        func dependency() async throws {
            try await withMemo { _ async throws in
                #expect(try await square("dependency", square("dependency", 2)).value == 16)
                #expect(try await square("dependency", 4).value == 16)
            }
            #expect(runCount("dependency") == 2)
        }

        @Test("a position that the app does not have is refused by name")
        func position() async throws {
            try await withMemo { _ async throws in
                let error = await #expect(throws: WorkflowError.self) { try await misdeclared(1).value }
                #expect(error?.message.contains("ignores argument 4") == true)
            }
        }

        @Test("tens of thousands of equal calls that wait are served without recursion")
        func many() async throws {
            let count = Thoroughness.count(few: 30_000, many: 100_000)
            let name = "many"
            try await withMemo(throughCodec: false) { kernel async throws in
                let futures = (0..<count).map { _ in gated(name) }
                open(name)
                #expect(try await futures[count - 1].value == 7)
                await kernel.waitForAll()
                await kernel.waitForAll()
                #expect(kernel.progress.succeeded == count)
            }
        }

        @Test("calls that wait for an equal one end when the workflow is taken back")
        func cancelled() async throws {
            let name = "cancelled"
            try await withMemo(threads: 1) { kernel async throws in
                let running = gated(name)
                try await until("the body runs") { runCount(name) == 1 }
                let waiting = (0..<1000).map { _ in square("cancelled too", 1) }
                kernel.cancelAll(by: .workflowEnd)
                let late = gated(name)
                open(name)
                await #expect(throws: CallCancelled.self) { try await running.value }
                for future in waiting {
                    let error = await #expect(throws: CallCancelled.self) { try await future.value }
                    #expect(error?.origin == .workflowEnd)
                }
                await #expect(throws: CallCancelled.self) { try await late.value }
            }
        }
    }
}

extension AppTests {
    @Suite("Cached apps over several runs", .serialized)
    struct CheckpointRunTests {
        private let folder: CheckpointFolder
        private static let build = BuildIdentity(bytes: Array(repeating: 1, count: 16))
        private let warnings = Locked<[String]>([])

        init() throws { folder = try CheckpointFolder() }

        private func memoizer(
            loading: Bool, strict: BuildIdentity? = nil, copies: Bool = false, into path: String? = nil
        ) throws -> Memoizer {
            let warnings = warnings
            let warn: @Sendable (String) -> Void = { text in warnings.withLock { $0.append(text) } }
            let loaded =
                loading
                ? try LoadedCheckpoints(
                    paths: [folder.file], table: try AppRegistry.sealedTable(), build: nil, strict: true) : nil
            let writer = try CheckpointWriter(path: path ?? folder.file, build: Self.build, timing: .atOnce, warn: warn)
            return Memoizer(loading: loaded, writer: writer, build: strict, copiesServed: copies, warn: warn)
        }

        @Test("the next run finds what this one recorded", arguments: [true, false])
        func resume(throughCodec: Bool) async throws {
            let name = "resume \(throughCodec)"
            try await withMemo(memoizer(loading: false), throughCodec: throughCodec) { _ async throws in
                for n in 0..<10 { #expect(try await square(name, n).value == n * n) }
                #expect(try await point(name + "p").value == Point(x: 1, y: 2))
            }
            try await withMemo(memoizer(loading: true), throughCodec: throughCodec) { kernel async throws in
                for n in 0..<12 { #expect(try await square(name, n).value == n * n) }
                for _ in 0..<2 { #expect(try await point(name + "p").value == Point(x: 1, y: 2)) }
                #expect(kernel.progress.fromCache == 12)
            }
            #expect(runCount(name) == 12)
            #expect(runCount(name + "p") == 1)
            #expect(warnings.withLock { $0 }.isEmpty)
        }

        @Test("a result is in the file before its value is seen")
        func recordedFirst() async throws {
            try await withMemo(memoizer(loading: false)) { _ async throws in
                _ = try await square("first", 3).value
                let now = try LoadedCheckpoints(
                    paths: [folder.file], table: try AppRegistry.sealedTable(), build: nil, strict: true)
                #expect(now.report.usable == 1)
            }
        }

        @Test("a strict run uses results of its own build alone")
        func strict() async throws {
            let other = BuildIdentity(bytes: Array(repeating: 2, count: 16))
            let cases = [(Self.build, false, 1), (Self.build, true, 1), (other, true, 2), (other, true, 2)]
            for (build, loading, runs) in cases {
                let memoizer = try memoizer(loading: loading, strict: build)
                _ = try await withMemo(memoizer) { _ async throws in try await square("strict", 2).value }
                #expect(runCount("strict") == runs)
            }
        }

        @Test("a stored result of another type is reported, and the call runs again")
        func otherType() async throws {
            let name = "other type"
            try await withMemo(memoizer(loading: false)) { kernel async throws in
                // What an older program recorded under the key that `square` has today.
                let call = AppCall(
                    app: square,
                    future: AppFuture<Int>(taskID: TaskID(1), appName: "x", owner: kernel.id),
                    dependencies: [], executorIndex: 0
                ) { (name, 3) }
                let text = try PickleEncoder().encode("a text")
                kernel.memoizer.record(
                    call, try call.memoKey(build: nil), .encoded(message: text, range: 0..<text.count))
            }
            try await withMemo(memoizer(loading: true)) { kernel async throws in
                #expect(try await square(name, 3).value == 9)
                #expect(kernel.progress.fromCache == 0)
            }
            #expect(runCount(name) == 1)
            let said = warnings.withLock { $0 }
            #expect(said.count == 1)
            #expect(said.first?.contains("memo.square") == true && said.first?.contains("runs again") == true)
        }

        @Test("what is used of an older file is recorded again, once, when only the newest is loaded")
        func copies() async throws {
            try await withMemo(memoizer(loading: false)) { _ async throws in _ = try await square("copies", 6).value }
            let second = folder.path + "/other"
            try await withMemo(memoizer(loading: true, copies: true, into: second)) { _ async throws in
                for _ in 0..<3 { #expect(try await square("copies", 6).value == 36) }
            }
            let copied = try LoadedCheckpoints(
                paths: [second], table: try AppRegistry.sealedTable(), build: nil, strict: true)
            #expect(copied.report.total == 1 && copied.report.usable == 1)
            #expect(runCount("copies") == 1)
        }

        @Test("a program that asks for a checkpoint gets the number of results")
        func manual() async throws {
            let writer = try CheckpointWriter(path: folder.file, build: Self.build, timing: .onRequest) { _ in }
            let memoizer = Memoizer(loading: nil, writer: writer, build: nil, copiesServed: false) { _ in }
            try await withMemo(memoizer) { kernel async throws in
                for n in 0..<3 { _ = try await square("manual", n).value }
                #expect(try kernel.checkpoint() == 3)
                #expect(try kernel.checkpoint() == 0)
            }
            try await withMemo { kernel async throws in #expect(try kernel.checkpoint() == nil) }
        }
    }
}

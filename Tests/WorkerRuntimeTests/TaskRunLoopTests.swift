import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Task run loop", .paced)
struct TaskRunLoopTests {
    private struct Refusal: Error, Equatable {}

    /// The kernel's name of the calling thread; `pthread_self` may be kept in a register across a suspension.
    private static var threadName: String { (try? SmallFile.readText("/proc/thread-self/comm")) ?? "" }

    /// Runs `body` in a loop on a thread of its own.
    private func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Result<Value, any Error>? {
        let result = Locked<Result<Value, any Error>?>(nil)
        startThread(named: "loop") {
            let outcome = TaskRunLoop().run(1, body)
            result.withLock { $0 = outcome }
        }.join()
        return result.withLock { $0 }
    }

    @Test("a body's value and its error come back")
    func outcomes() throws {
        #expect(try run { 7 }?.get() == 7)
        #expect(throws: Refusal.self) { try run { () async throws -> Int in throw Refusal() }?.get() }
    }

    @Test("a body runs on the calling thread, before and after every suspension, and so do its child tasks")
    func thread() throws {
        let names = try run {
            var names = [Self.threadName]
            await Task.yield()
            names.append(Self.threadName)
            try await Task.sleep(for: .milliseconds(5))
            names.append(Self.threadName)
            async let child = Self.threadName
            names.append(await child)
            names += await withTaskGroup(of: String.self) { group in
                for _ in 0..<3 { group.addTask { Self.threadName } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            return names
        }?.get()
        #expect(names == Array(repeating: "loop\n", count: 7))
    }

    @Test("a body that waits for the main actor is woken")
    func mainActor() async throws {
        let result = Locked<Int?>(nil)
        startThread(named: "loop") {
            let outcome = TaskRunLoop().run(1) { await MainActor.run { 42 } }
            result.withLock { $0 = try? outcome.get() }
        }
        for _ in 0..<12_000 where result.withLock({ $0 }) == nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(result.withLock { $0 } == 42)
    }

    @Test("a loop runs any number of bodies, one after the other")
    func many() {
        let sum = Locked(0)
        startThread(named: "loop") {
            let loop = TaskRunLoop()
            for number in 0..<10_000 {
                if number % 1000 == 0 { _ = loop.run(2 * number) { await Task.yield() } }
                if case .success(let value) = loop.run(2 * number + 1, { number }) { sum.withLock { $0 += value } }
            }
        }.join()
        #expect(sum.withLock { $0 } == 49_995_000)
    }

    @Test("a body that blocks its thread holds up nobody else's")
    func blocking() {
        // Each body holds its thread until all have begun.
        let begun = Locked(0)
        let wereTogether = Locked(0)
        let deadline = Monotonic.deadline(after: .seconds(60))
        let threads = (0..<8).map { number in
            startThread(named: "loop \(number)") {
                _ = TaskRunLoop().run(1) {
                    begun.withLock { $0 += 1 }
                    while begun.withLock({ $0 }) < 8, Monotonic.nanoseconds < deadline { usleep(1000) }
                    if begun.withLock({ $0 }) == 8 { wereTogether.withLock { $0 += 1 } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(wereTogether.withLock { $0 } == 8)
    }

    @Test("a body that is cancelled sees it, wherever it is: computing, asleep, in a child task")
    func cancelled() {
        for place in 0..<3 {
            let loop = TaskRunLoop()
            let result = Locked<Result<Bool, any Error>?>(nil)
            let hasBegun = CountingSemaphore()
            let thread = startThread(named: "loop") {
                let outcome = loop.run(7) { () async throws -> Bool in
                    hasBegun.signal()
                    if place == 0 { while !Task.isCancelled {} }
                    if place == 1 { try await Task.sleep(for: .seconds(60)) }
                    if place == 2 {
                        async let child: Void = Task.sleep(for: .seconds(60))
                        try await child
                    }
                    return Task.isCancelled
                }
                result.withLock { $0 = outcome }
            }
            hasBegun.wait()
            loop.cancel(7)
            thread.join()
            switch result.withLock({ $0 }) {
            case .success(let sawIt): #expect(place == 0 && sawIt)
            case .failure(let error): #expect(place != 0 && error is CancellationError)
            case nil: Issue.record("no outcome")
            }
        }
    }

    @Test("a run is cancelled by its number alone: before it begins, but neither the next one nor the last")
    func cancelledByNumber() {
        let seen = Locked<[Bool]>([])
        startThread(named: "loop") {
            let loop = TaskRunLoop()
            loop.cancel(2)
            for number in 1...3 {
                loop.cancel(number - 1)
                _ = loop.run(number) { seen.withLock { $0.append(Task.isCancelled) } }
            }
        }.join()
        #expect(seen.withLock { $0 } == [false, true, false])
    }

    @Test("a late cancellation of one run does not reach the next, however close they follow each other")
    func lateCancellation() {
        let loop = TaskRunLoop()
        let wrong = Locked(0)
        let cancelled = Locked(0)
        let last = Locked(0)
        let isDone = Flag()
        let thread = startThread(named: "loop") {
            // A busy machine may not let the other thread come in between for long.
            let deadline = Monotonic.deadline(after: .seconds(60))
            for number in 1... {
                let isEnough = number > 5000 && cancelled.withLock { $0 } > 0
                if isEnough || Monotonic.nanoseconds > deadline { break }
                last.withLock { $0 = number }
                _ = loop.run(number) {
                    guard Task.isCancelled else { return }
                    // Odd runs alone are asked to stop.
                    if number.isMultiple(of: 2) { wrong.withLock { $0 += 1 } } else { cancelled.withLock { $0 += 1 } }
                }
            }
            loop.close()
            isDone.set()
        }
        while !isDone.isSet {
            let number = last.withLock { $0 }
            loop.cancel(number.isMultiple(of: 2) ? number - 1 : number)
        }
        thread.join()
        #expect(wrong.withLock { $0 } == 0)
        #expect(cancelled.withLock { $0 } > 0)
    }

    @Test("what is put around the bodies holds for all of them, also after one was cancelled")
    func around() {
        let seen = Locked<[Int]>([])
        startThread(named: "loop") {
            let loop = TaskRunLoop { bodies in await Self.$word.withValue(7, operation: bodies) }
            loop.cancel(2)
            for number in 1...3 { _ = loop.run(number) { seen.withLock { $0.append(Self.word) } } }
            loop.close()
        }.join()
        #expect(seen.withLock { $0 } == [7, 7, 7])
    }

    @TaskLocal private static var word = 0

    /// Set once.
    private struct Flag: Sendable {
        private let value = Locked(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }
}

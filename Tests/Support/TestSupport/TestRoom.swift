import SystemSupport
package import Testing

/// Places for tests; who finds none waits before it begins.
///
/// The library begins all tests at once, on as many threads as there are processors. A test that awaits anything would
/// then come after every test that has not yet had a turn, minutes later, and what it wanted to see in time would be over.
///
/// Who came last goes first: the next test of a serialized suite need not wait for all other suites.
final class TestRoom: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    @TaskLocal private static var isInside = false

    private let state: Locked<State>

    init(_ places: Int) { state = Locked(State(free: places)) }

    /// Runs a test on a place; one that is within a test already, by the trait of an outer suite, keeps its place.
    func run(_ test: @concurrent @Sendable () async throws -> Void) async throws {
        guard !Self.isInside else { return try await test() }
        await enter()
        defer { leave() }
        try await Self.$isInside.withValue(true) { try await test() }
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free == 0 else {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if let next = state.waiting.popLast() { return next }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}

/// Lets a few tests run at a time: see ``TestRoom``.
package struct PaceTrait: SuiteTrait, TestTrait, TestScoping {
    /// One for each processor, and one more while another waits.
    private static let room = TestRoom(CurrentProcess.availableCores.count + 1)

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Self.room.run(function)
    }
}

extension Trait where Self == PaceTrait {
    /// The tests wait for their turn, a few run at a time; every suite has this trait, or `blocking`.
    package static var paced: Self { Self() }
}

import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// The table of results as a value: every event in every situation.
@Suite("The table of results", .paced)
struct MemoStateTests {
    private var state = MemoState()
    private let key = MemoKey(low: 1, high: 2)
    private let other = MemoKey(low: 3, high: 4)
    private let entry = MemoEntry.value(MemoValue(42))
    private let one = TaskID(1)
    private let two = TaskID(2)
    private let three = TaskID(3)

    private mutating func take(_ event: MemoState.Event) -> [MemoState.Effect] {
        var effects: [MemoState.Effect] = []
        state.handle(event, into: &effects)
        #expect(state.checkInvariants() == nil)
        return effects
    }

    @Test("the first call for a key runs, and calls for other keys too")
    mutating func first() {
        #expect(take(.asked(one, key)) == [.run(one)])
        #expect(take(.asked(two, other)) == [.run(two)])
        #expect(state.key(of: one) == key)
    }

    @Test("an equal call waits, and is served when the first succeeds")
    mutating func waits() {
        _ = take(.asked(one, key))
        #expect(take(.asked(two, key)).isEmpty)
        #expect(take(.asked(three, key)).isEmpty)
        #expect(take(.succeeded(one, entry)) == [.serve(two, key, entry), .serve(three, key, entry)])
        #expect(state.runningCount == 0)
        #expect(state.servedCount == 2)
    }

    @Test("a later equal call is served from the table")
    mutating func later() {
        _ = take(.asked(one, key))
        #expect(take(.succeeded(one, entry)).isEmpty)
        #expect(take(.asked(two, key)) == [.serve(two, key, entry)])
        #expect(state.key(of: two) == nil)
    }

    @Test("a failure is passed on to those who wait, and is not kept")
    mutating func failure() {
        _ = take(.asked(one, key))
        _ = take(.asked(two, key))
        #expect(take(.failed(one, passOn: true)) == [.fail(two)])
        #expect(state.entryCount == 0)
        #expect(take(.asked(three, key)) == [.run(three)])
    }

    @Test("when the first is taken back, the next of those who wait runs for the rest")
    mutating func election() {
        _ = take(.asked(one, key))
        _ = take(.asked(two, key))
        _ = take(.asked(three, key))
        #expect(take(.failed(one, passOn: false)) == [.run(two)])
        #expect(take(.succeeded(two, entry)) == [.serve(three, key, entry)])
    }

    @Test("when the first is taken back and nobody waits, nothing runs")
    mutating func noElection() {
        _ = take(.asked(one, key))
        #expect(take(.failed(one, passOn: false)).isEmpty)
        #expect(state.runningCount == 0)
    }

    @Test("a loaded result is served; one that cannot be read makes the call run, once for all equal ones")
    mutating func unusable() {
        let stored = MemoEntry.stored(CheckpointRecord(file: 0, length: 1, offset: 2))
        #expect(take(.loaded(key, stored)).isEmpty)
        #expect(take(.asked(one, key)) == [.serve(one, key, stored)])
        #expect(take(.asked(two, key)) == [.serve(two, key, stored)])
        #expect(take(.unusable(one, key)) == [.run(one)])
        #expect(take(.unusable(two, key)).isEmpty)
        #expect(state.servedCount == 0)
        #expect(take(.succeeded(one, entry)) == [.serve(two, key, entry)])
    }

    @Test("a result of this run outlives the complaint about the stored one it replaced")
    mutating func replaced() {
        _ = take(.loaded(key, entry))
        #expect(take(.unusable(one, key)) == [.serve(one, key, entry)])
    }

    @Test("a call that waits can be taken back; one that runs cannot be, here")
    mutating func withdrawn() {
        _ = take(.asked(one, key))
        _ = take(.asked(two, key))
        _ = take(.asked(three, key))
        #expect(take(.withdrawn(two)) == [.release(two)])
        #expect(take(.withdrawn(two)).isEmpty)
        #expect(take(.withdrawn(one)).isEmpty)
        #expect(take(.failed(one, passOn: false)) == [.run(three)])
        #expect(take(.withdrawn(three)).isEmpty)
    }

    @Test("events about calls that do not run change nothing")
    mutating func unknown() {
        #expect(take(.withdrawn(one)).isEmpty)
        #expect(take(.succeeded(one, entry)).isEmpty)
        #expect(take(.failed(one, passOn: true)).isEmpty)
        #expect(take(.failed(one, passOn: false)).isEmpty)
        #expect(state.entryCount == 0)
    }
}

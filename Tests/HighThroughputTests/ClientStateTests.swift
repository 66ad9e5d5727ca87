import TestSupport
import Testing

@testable import HighThroughput

/// The executor's half of the conversation with the interchange.
@Suite("The client's state", .paced)
struct ClientStateTests {
    private var state: ClientState
    private var effects: [ClientState.Effect] = []

    init() {
        state = ClientState(limits: .init(unfinishedBytes: 1000))
        state.acknowledges = true
        state.cancels = true
    }

    private mutating func take(_ event: ClientState.Event, at now: UInt64 = 0) -> [ClientState.Effect] {
        effects = []
        state.handle(event, at: now, into: &effects)
        #expect(state.checkInvariants() == nil)
        return effects
    }

    @Test("how many tasks leave before one that has not")
    mutating func unsent() {
        _ = take(.submitted(1))
        #expect(state.unsentBefore(1) == 0, "it is being encoded")
        _ = take(.encoded(1, bytes: 900))
        #expect(state.unsentBefore(1) == nil, "it has left")
        _ = take(.submitted(2))
        _ = take(.encoded(2, bytes: 200))
        for id in 3...5 { _ = take(.submitted(id)) }
        #expect(state.unsentBefore(2) == 0, "it waits for room")
        #expect((3...5).map { state.unsentBefore($0) } == [1, 2, 3])
        #expect(state.unsentBefore(6) == nil)
    }

    @Test("a task is encoded, then sent")
    mutating func send() {
        #expect(take(.submitted(1)) == [.encode(1)])
        #expect(take(.encoded(1, bytes: 10)) == [.send(1)])
        #expect(state.outstandingCount == 1)
    }

    @Test("tasks beyond the limit wait here, encoded one at a time")
    mutating func limit() {
        _ = take(.submitted(1))
        #expect(take(.submitted(2)).isEmpty)
        #expect(take(.encoded(1, bytes: 600)) == [.send(1), .encode(2)])
        #expect(take(.encoded(2, bytes: 600)).isEmpty)
        #expect(take(.result(1, bytes: 5)) == [.deliver(1), .send(2)])
    }

    @Test("one task is let through whatever its size")
    mutating func giant() {
        _ = take(.submitted(1))
        #expect(take(.encoded(1, bytes: 1_000_000)) == [.send(1)])
    }

    @Test("a task that cannot be encoded makes way for the next")
    mutating func unencodable() {
        _ = take(.submitted(1))
        _ = take(.submitted(2))
        #expect(take(.encodingFailed(1)) == [.encode(2)])
    }

    @Test("a result is delivered once, and one that nobody asked for never")
    mutating func once() {
        _ = take(.submitted(1))
        _ = take(.encoded(1, bytes: 1))
        #expect(take(.result(1, bytes: 1)) == [.deliver(1)])
        #expect(take(.result(1, bytes: 1)) == [.ignoreResult(1)])
        #expect(take(.result(77, bytes: 1)) == [.ignoreResult(77)])
    }

    @Test("results are acknowledged by count, by bytes and by time")
    mutating func acknowledgements() {
        #expect(take(.result(1, bytes: 1 << 20)) == [.ignoreResult(1), .acknowledge([1])])
        for id in 2..<513 { #expect(take(.result(id, bytes: 1)) == [.ignoreResult(id)]) }
        #expect(take(.result(513, bytes: 1)) == [.ignoreResult(513), .acknowledge(Array(2...513))])
        _ = take(.result(600, bytes: 1), at: 5)
        #expect(state.nextDeadline == 2_000_000_005)
        #expect(take(.tick, at: 2_000_000_004).isEmpty)
        #expect(take(.tick, at: 2_000_000_005) == [.acknowledge([600])])
        #expect(state.nextDeadline == nil)
    }

    @Test("a stock interchange is neither acknowledged to nor asked to resume")
    mutating func stock() {
        state.acknowledges = false
        _ = take(.submitted(1))
        _ = take(.encoded(1, bytes: 1))
        #expect(take(.result(1, bytes: 1 << 21)) == [.deliver(1)])
        #expect(take(.reconnected).isEmpty)
        #expect(state.nextDeadline == nil)
    }

    @Test("after a reconnect the client says what it waits for, and sends again what is missing, in order")
    mutating func resume() {
        for id in 1...3 {
            _ = take(.submitted(id))
            _ = take(.encoded(id, bytes: 10))
        }
        #expect(take(.reconnected) == [.resume([1, 2, 3])])
        #expect(take(.missing([2, 3])) == [.encode(2)])
        #expect(take(.encoded(2, bytes: 10)) == [.send(2), .encode(3)])
        #expect(take(.encoded(3, bytes: 10)) == [.send(3)])
    }

    @Test("a result that arrives for a task declared missing is delivered, and the task is not sent again")
    mutating func lateResult() {
        for id in 1...2 {
            _ = take(.submitted(id))
            _ = take(.encoded(id, bytes: 10))
        }
        _ = take(.missing([1, 2]))
        #expect(take(.result(2, bytes: 1)) == [.deliver(2)])
        #expect(take(.encoded(1, bytes: 10)) == [.send(1)])
    }

    @Test("a result for a task that is being encoded again, or waits for room, is delivered, and the task not sent")
    mutating func lateResultWhileHeld() {
        for id in 1...2 {
            _ = take(.submitted(id))
            _ = take(.encoded(id, bytes: 500))
        }
        #expect(take(.missing([2])) == [.encode(2)])
        #expect(take(.result(2, bytes: 1)) == [.deliver(2)])
        #expect(take(.encoded(2, bytes: 500)).isEmpty)
        #expect(take(.submitted(3)) == [.encode(3)])
        #expect(take(.encoded(3, bytes: 600)).isEmpty)
        #expect(take(.result(3, bytes: 1)) == [.deliver(3)])
        #expect(take(.result(1, bytes: 1)) == [.deliver(1)])
        #expect(state.outstandingCount == 0 && state.queuedCount == 0)
    }

    @Test("a task that has not left is cancelled here, wherever it waits, and is never sent")
    mutating func cancelUnsent() {
        for id in 1...5 { _ = take(.submitted(id)) }
        _ = take(.encoded(1, bytes: 600))
        _ = take(.encoded(2, bytes: 600))
        // 2 waits for room, 3 and 4 to be encoded.
        #expect(take(.cancel(4)) == [.endCancelled(4, .unsent)])
        #expect(take(.cancel(2)) == [.endCancelled(2, .unsent), .encode(3)])
        #expect(take(.cancel(3)) == [.endCancelled(3, .unsent)])
        #expect(take(.encoded(3, bytes: 10)) == [.encode(5)])
        #expect(take(.encoded(5, bytes: 10)) == [.send(5)])
        #expect(state.queuedCount == 0)
        #expect(state.abandon() == [1, 5])
    }

    @Test("a thousand waiting tasks are cancelled; those between them go on in order")
    mutating func cancelMany() {
        for id in 1...1001 { _ = take(.submitted(id)) }
        _ = take(.encoded(1, bytes: 2000))
        _ = take(.encoded(2, bytes: 10))
        for id in 3...1000 { #expect(take(.cancel(id)) == [.endCancelled(id, .unsent)]) }
        #expect(state.queuedCount == 2)
        #expect(take(.result(1, bytes: 1)) == [.deliver(1), .send(2), .encode(1001)])
    }

    @Test("a task out there is cancelled by the interchange, whose answer or result is its end")
    mutating func cancelOutstanding() {
        _ = take(.submitted(1))
        _ = take(.encoded(1, bytes: 10))
        #expect(take(.cancel(1)) == [.sendCancel(1)])
        #expect(take(.cancel(1)).isEmpty)
        #expect(take(.result(1, bytes: 1)) == [.deliver(1)])
        #expect(state.outstandingCount == 0)
    }

    @Test("an interchange that cannot be asked: the call ends at once, and what comes of it is dropped")
    mutating func cancelAtStock() {
        state.acknowledges = false
        state.cancels = false
        _ = take(.submitted(1))
        _ = take(.encoded(1, bytes: 900))
        _ = take(.submitted(2))
        _ = take(.encoded(2, bytes: 900))
        #expect(take(.cancel(1)) == [.endCancelled(1, .unstoppable), .send(2)])
        #expect(take(.result(1, bytes: 1)) == [.ignoreResult(1)])
    }

    @Test("after a reconnect a cancelled task that is missing ends here, and the others are asked for again")
    mutating func cancelAcrossReconnect() {
        for id in 1...3 {
            _ = take(.submitted(id))
            _ = take(.encoded(id, bytes: 10))
        }
        _ = take(.cancel(1))
        _ = take(.cancel(2))
        #expect(take(.reconnected) == [.resume([1, 2, 3])])
        #expect(take(.missing([1])) == [.endCancelled(1, .missing), .sendCancel(1), .sendCancel(2)])
        #expect(take(.result(1, bytes: 1)) == [.ignoreResult(1)])
        #expect(take(.missing([2, 3])) == [.endCancelled(2, .missing), .sendCancel(2), .encode(3)])
    }

    @Test("abandoning names all that had not ended")
    mutating func abandon() {
        for id in 1...3 { _ = take(.submitted(id)) }
        _ = take(.encoded(1, bytes: 800))
        _ = take(.encoded(2, bytes: 800))
        #expect(state.abandon() == [1, 2, 3])
        #expect(state.checkInvariants() == nil)
    }
}

extension Socket {
    /// Receives one message of several frames, lends each to `body` with its index, and returns how many there were.
    ///
    /// Nil when nothing waits. Frames beyond `maximumFrames` are dropped unread, yet counted, so that a peer cannot make
    /// the reader hold more than it expects. When `body` throws, the rest of the message is dropped as well.
    package func receiveMultipart(
        maximumFrames: Int, _ body: (_ index: Int, _ frame: consuming Message) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) -> Int? {
        guard let first = try receive() else { return nil }
        var more = first.hasMore
        var count = 1
        do throws(ZeroMQError) {
            if maximumFrames > 0 { try body(0, first) }
            // All frames of a message arrive together, so a receive in the middle never finds nothing.
            while more, let frame = try receive() {
                more = frame.hasMore
                if count < maximumFrames { try body(count, frame) }
                count += 1
            }
        } catch {
            if more { try discardRest() }
            throw error
        }
        return count
    }

    /// Drops the frames that are left of the message whose last received frame said `hasMore`.
    @discardableResult
    package func discardRest() throws(ZeroMQError) -> Int {
        var dropped = 0
        while let frame = try receive() {
            dropped += 1
            if !frame.hasMore { break }
        }
        return dropped
    }

    /// Receives a message that should have two frames: at a ROUTER the peer's identity and its message.
    ///
    /// Nil when nothing waits. A message of one frame has an empty body; of a longer one the rest is dropped: look at
    /// `frameCount`.
    package func receivePair() throws(ZeroMQError) -> MessagePair? {
        guard let first = try receive() else { return nil }
        guard first.hasMore, let second = try receive() else {
            return MessagePair(first: first, second: Message(), frameCount: 1)
        }
        let extra = second.hasMore ? try discardRest() : 0
        return MessagePair(first: first, second: second, frameCount: 2 + extra)
    }
}

/// A message of two frames.
package struct MessagePair: ~Copyable, Sendable {
    /// The first frame: the identity, at a ROUTER.
    package var first: Message
    /// The second frame: the body, at a ROUTER.
    package var second: Message
    /// How many frames came; those beyond two were dropped.
    package var frameCount: Int
}

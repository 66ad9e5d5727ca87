internal import CZeroMQ

/// The pattern a socket speaks.
package struct SocketType: Hashable, Sendable {
    let raw: Int32

    /// Talks to all its peers in turn, without identities.
    package static var dealer: Self { Self(raw: ZMQ_DEALER) }
    /// Talks to each peer by its identity.
    package static var router: Self { Self(raw: ZMQ_ROUTER) }
    /// Asks, then waits for the reply.
    package static var request: Self { Self(raw: ZMQ_REQ) }
    /// Waits for a request, then replies.
    package static var reply: Self { Self(raw: ZMQ_REP) }
    /// Talks to exactly one peer.
    package static var pair: Self { Self(raw: ZMQ_PAIR) }
    /// Only sends, to all its peers in turn.
    package static var push: Self { Self(raw: ZMQ_PUSH) }
    /// Only receives, from all its peers in turn.
    package static var pull: Self { Self(raw: ZMQ_PULL) }
}

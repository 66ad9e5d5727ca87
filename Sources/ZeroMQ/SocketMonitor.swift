internal import CZeroMQ
internal import SystemSupport

/// Something that happened to a connection.
package struct SocketEvent: Sendable, Hashable, CustomStringConvertible {
    /// What happened; more kinds may come.
    package struct Kind: Hashable, Sendable, CustomStringConvertible {
        let raw: Int32

        /// A connection of our own is open; its handshake follows.
        package static var connected: Self { Self(raw: ZMQ_EVENT_CONNECTED) }
        /// A connection could not be made at once and is under way.
        package static var connectDelayed: Self { Self(raw: ZMQ_EVENT_CONNECT_DELAYED) }
        /// A connection failed and will be tried again.
        package static var connectRetried: Self { Self(raw: ZMQ_EVENT_CONNECT_RETRIED) }
        /// The socket listens.
        package static var listening: Self { Self(raw: ZMQ_EVENT_LISTENING) }
        /// A peer has connected; its handshake follows.
        package static var accepted: Self { Self(raw: ZMQ_EVENT_ACCEPTED) }
        /// A peer could not be accepted: often no descriptor was left.
        package static var acceptFailed: Self { Self(raw: ZMQ_EVENT_ACCEPT_FAILED) }
        /// A connection was closed here.
        package static var closed: Self { Self(raw: ZMQ_EVENT_CLOSED) }
        /// A connection has ended without being asked to.
        package static var disconnected: Self { Self(raw: ZMQ_EVENT_DISCONNECTED) }
        /// A connection is ready for messages.
        package static var handshakeSucceeded: Self { Self(raw: ZMQ_EVENT_HANDSHAKE_SUCCEEDED) }
        /// A handshake ended without a reason given.
        package static var handshakeFailed: Self { Self(raw: ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) }
        /// A peer spoke another protocol or mechanism, or used a wrong key.
        package static var handshakeFailedProtocol: Self { Self(raw: ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) }
        /// The authenticator refused a peer.
        package static var handshakeFailedAuthentication: Self { Self(raw: ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) }
        /// The socket was closed; no event follows.
        package static var monitorStopped: Self { Self(raw: ZMQ_EVENT_MONITOR_STOPPED) }

        /// Whether a handshake failed, for any reason.
        package var isHandshakeFailure: Bool {
            self == .handshakeFailed || self == .handshakeFailedProtocol || self == .handshakeFailedAuthentication
        }

        /// The kind's name.
        package var description: String { Self.names[raw] ?? "event \(raw)" }

        private static let names: [Int32: String] = [
            ZMQ_EVENT_CONNECTED: "connected", ZMQ_EVENT_CONNECT_DELAYED: "connect delayed",
            ZMQ_EVENT_CONNECT_RETRIED: "connect retried", ZMQ_EVENT_LISTENING: "listening",
            ZMQ_EVENT_BIND_FAILED: "bind failed", ZMQ_EVENT_ACCEPTED: "accepted",
            ZMQ_EVENT_ACCEPT_FAILED: "accept failed", ZMQ_EVENT_CLOSED: "closed",
            ZMQ_EVENT_CLOSE_FAILED: "close failed", ZMQ_EVENT_DISCONNECTED: "disconnected",
            ZMQ_EVENT_MONITOR_STOPPED: "monitor stopped",
            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: "handshake failed",
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED: "handshake succeeded",
            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: "handshake failed (protocol)",
            ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: "handshake failed (authentication)",
        ]
    }

    /// What happened.
    package let kind: Kind
    /// What libzmq adds: a descriptor, an errno or a reason, by kind.
    package let value: Int32
    /// The endpoint concerned.
    package let endpoint: String

    /// The descriptor of the connection, for the kinds that have one.
    package var descriptor: Int32? {
        switch kind {
        case .connected, .accepted, .listening, .closed, .disconnected: value
        default: nil
        }
    }

    /// "disconnected tcp://127.0.0.1:5000 (12)".
    package var description: String { "\(kind) \(endpoint) (\(value))" }
}

/// Reports what happens to the connections of one socket.
package final class SocketMonitor {
    private static let counter = Locked(0)

    /// To be polled; readable when an event waits.
    ///
    /// It is closed by ``close()`` alone.
    package let socket: Socket
    private let monitored: Socket

    init(of monitored: Socket, events: Int32) throws(ZeroMQError) {
        let number = Self.counter.withLock { count in
            count += 1
            return count
        }
        let endpoint = "inproc://apus.monitor.\(number)"
        guard unsafe zmq_socket_monitor(monitored.raw, endpoint, events) == 0 else {
            throw .last("watch the connections of a socket")
        }
        self.monitored = monitored
        // Without a limit on the queue: at a limit libzmq's I/O thread would wait for the reader of the events.
        socket = try Socket(monitored.context, .pair, options: SocketOptions())
        try socket.connect(endpoint)
        monitored.isMonitored = true
    }

    deinit { monitored.stopMonitor() }

    /// Ends the reports.
    package func close() {
        monitored.stopMonitor()
        socket.close()
    }

    /// The next event, or nil when none waits.
    package func next() throws(ZeroMQError) -> SocketEvent? {
        guard let pair = try socket.receivePair() else { return nil }
        // Six bytes in the machine's order: the kind (2), the value (4).
        guard pair.first.count == 6 else { return nil }
        let (kind, value) = unsafe pair.first.withUnsafeBytes { bytes in
            unsafe (
                bytes.loadUnaligned(as: UInt16.self), bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
        let endpoint = Endpoint.withoutMapping(pair.second.toString())
        return SocketEvent(kind: SocketEvent.Kind(raw: Int32(kind)), value: value, endpoint: endpoint)
    }
}

extension Socket {
    /// Starts to report what happens to the connections of this socket; call it before `bind` or `connect`.
    package func monitor(_ kinds: [SocketEvent.Kind] = []) throws(ZeroMQError) -> SocketMonitor {
        let events = kinds.isEmpty ? ZMQ_EVENT_ALL : kinds.reduce(0) { $0 | $1.raw }
        return try SocketMonitor(of: self, events: events)
    }
}

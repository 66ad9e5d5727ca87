/// How a socket behaves; the defaults are those of every Apus socket.
package struct SocketOptions: Sendable {
    /// ZMTP heartbeats: they find a peer whose host has gone silent.
    package struct Heartbeats: Sendable {
        /// Time between two pings.
        package var interval: Duration
        /// Silence after which the connection is given up.
        package var timeout: Duration
        /// What the peer is told to use as its own timeout; up to 6553 s in steps of 0.1 s.
        package var timeToLive: Duration

        /// Describes heartbeats.
        package init(interval: Duration, timeout: Duration, timeToLive: Duration) {
            self.interval = interval
            self.timeout = timeout
            self.timeToLive = timeToLive
        }
    }

    /// What a ROUTER knows this socket by, 1 to 255 bytes; nil lets the ROUTER choose.
    package var identity: String?
    /// Milliseconds that closing waits for unsent messages; -1 waits without end.
    package var linger: Int32 = 0
    /// Messages queued each way; 0 is no limit.
    ///
    /// At libzmq's default of 1000 a ROUTER drops silently and a DEALER blocks.
    package var highWaterMark: Int32 = 0
    /// Accepts and opens IPv6 connections beside IPv4.
    package var ipv6 = true
    /// Connections the kernel holds for a listening socket; thousands of managers arrive at once.
    package var backlog: Int32 = 4096
    /// A ROUTER reports a message for an unknown peer instead of dropping it.
    package var routerMandatory = true
    /// A ROUTER lets a new connection take over an identity; without it a reconnected peer is never heard again.
    package var routerHandover = true
    /// Encryption and authentication; nil is plain.
    package var curve: CurveRole?
    /// ZMTP heartbeats; nil sends none.
    package var heartbeats: Heartbeats?
    /// Queues messages only for completed connections.
    package var immediate = false
    /// Milliseconds before the first try to connect again; libzmq's default.
    package var reconnectInterval: Int32 = 100
    /// Milliseconds the interval may grow to by doubling; 0 keeps it constant.
    package var reconnectIntervalMaximum: Int32 = 0
    /// Milliseconds an attempt to connect may take; 0 leaves it to the kernel.
    package var connectTimeout: Int32 = 0
    /// Milliseconds a handshake may take; libzmq's default.
    package var handshakeTimeout: Int32 = 30_000
    /// Bytes a frame from a peer may have; -1 is no limit.
    package var maximumMessageBytes: Int64 = -1
    /// Bytes of the kernel's send buffer; -1 leaves it to the kernel.
    package var sendBufferBytes: Int32 = -1
    /// Bytes of the kernel's receive buffer; -1 leaves it to the kernel.
    package var receiveBufferBytes: Int32 = -1
    /// A REQ may send again without having got a reply, and ignores late ones.
    package var relaxedRequests = false

    /// Makes the defaults.
    package init() {}

    /// Makes the defaults with the most used fields.
    package init(identity: String? = nil, curve: CurveRole? = nil, heartbeats: Heartbeats? = nil) {
        self.identity = identity
        self.curve = curve
        self.heartbeats = heartbeats
    }
}

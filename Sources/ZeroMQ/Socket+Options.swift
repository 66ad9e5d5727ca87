internal import CZeroMQ
internal import Glibc

extension Socket {
    /// Sets what a ROUTER knows this socket by, for connections made later.
    package func setIdentity(_ identity: [UInt8]) throws(ZeroMQError) {
        guard unsafe zmq_setsockopt(raw, ZMQ_ROUTING_ID, identity, identity.count) == 0 else {
            throw .last("set an identity of \(identity.count) bytes (1 to 255 are allowed)")
        }
    }

    /// Sets what a ROUTER knows this socket by, for connections made later.
    package func setIdentity(_ identity: String) throws(ZeroMQError) {
        try setIdentity(Array(identity.utf8))
    }

    /// Sets encryption for connections made later.
    package func setCurve(_ role: CurveRole) throws(ZeroMQError) {
        switch role.kind {
        case .server(let secret):
            try set(ZMQ_CURVE_SERVER, 1)
            try set(ZMQ_CURVE_SECRETKEY, secret)
        case .client(let own, let server):
            try set(ZMQ_CURVE_PUBLICKEY, own.publicKey)
            try set(ZMQ_CURVE_SECRETKEY, own.secretKey)
            try set(ZMQ_CURVE_SERVERKEY, server)
        }
    }

    /// Sets how long closing waits for unsent messages, in milliseconds.
    package func setLinger(_ milliseconds: Int32) throws(ZeroMQError) {
        try set(ZMQ_LINGER, milliseconds)
    }

    func apply(_ options: SocketOptions) throws(ZeroMQError) {
        try set(ZMQ_LINGER, options.linger)
        try set(ZMQ_SNDHWM, options.highWaterMark)
        try set(ZMQ_RCVHWM, options.highWaterMark)
        try set(ZMQ_IPV6, options.ipv6 ? 1 : 0)
        try set(ZMQ_BACKLOG, options.backlog)
        if type == .router {
            try set(ZMQ_ROUTER_MANDATORY, options.routerMandatory ? 1 : 0)
            try set(ZMQ_ROUTER_HANDOVER, options.routerHandover ? 1 : 0)
        }
        if type == .request, options.relaxedRequests {
            try set(ZMQ_REQ_RELAXED, 1)
            try set(ZMQ_REQ_CORRELATE, 1)
        }
        if options.immediate { try set(ZMQ_IMMEDIATE, 1) }
        try set(ZMQ_RECONNECT_IVL, options.reconnectInterval)
        try set(ZMQ_RECONNECT_IVL_MAX, options.reconnectIntervalMaximum)
        if options.connectTimeout > 0 { try set(ZMQ_CONNECT_TIMEOUT, options.connectTimeout) }
        try set(ZMQ_HANDSHAKE_IVL, options.handshakeTimeout)
        if options.sendBufferBytes >= 0 { try set(ZMQ_SNDBUF, options.sendBufferBytes) }
        if options.receiveBufferBytes >= 0 { try set(ZMQ_RCVBUF, options.receiveBufferBytes) }
        if options.maximumMessageBytes >= 0 {
            var limit = options.maximumMessageBytes
            guard unsafe zmq_setsockopt(raw, ZMQ_MAXMSGSIZE, &limit, MemoryLayout<Int64>.size) == 0 else {
                throw .last("limit frames to \(limit) bytes")
            }
        }
        if let heartbeats = options.heartbeats {
            try set(ZMQ_HEARTBEAT_IVL, heartbeats.interval.clampedMilliseconds)
            try set(ZMQ_HEARTBEAT_TIMEOUT, heartbeats.timeout.clampedMilliseconds)
            try set(ZMQ_HEARTBEAT_TTL, heartbeats.timeToLive.clampedMilliseconds)
        }
        if let identity = options.identity { try setIdentity(identity) }
        if let curve = options.curve { try setCurve(curve) }
    }

    /// Readable when the socket's state may have changed (`ZMQ_FD`): a hint to look at `events`.
    var wakeUpDescriptor: Int32 {
        get throws(ZeroMQError) { try integerOption(ZMQ_FD) }
    }

    func integerOption(_ option: Int32) throws(ZeroMQError) -> Int32 {
        var value: Int32 = 0
        var length = MemoryLayout<Int32>.size
        while unsafe zmq_getsockopt(raw, option, &value, &length) != 0 {
            if zmq_errno() != EINTR { throw .last("read socket option \(option)") }
        }
        return value
    }

    private func set(_ option: Int32, _ value: Int32) throws(ZeroMQError) {
        var value = value
        guard unsafe zmq_setsockopt(raw, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw .last("set socket option \(option) to \(value)")
        }
    }

    private func set(_ option: Int32, _ key: CurveKey) throws(ZeroMQError) {
        // 40 characters of Z85 need the terminating zero in the count.
        guard unsafe zmq_setsockopt(raw, option, key.text, CurveKey.textLength + 1) == 0 else {
            throw .last("set a CURVE key (is libzmq built with CURVE?)")
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, as libzmq's options take them.
    var clampedMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        let perMillisecond: Int64 = 1_000_000_000_000_000
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return Int32(seconds * 1000 + (attoseconds + perMillisecond - 1) / perMillisecond)
    }
}

internal import CZeroMQ
internal import Glibc

/// A ZeroMQ socket, which lives and dies on one thread.
///
/// No call blocks: sending reports `.wouldBlock`, receiving gives nil; wait with a `Poller`.
@safe
package final class Socket {
    let context: ContextHandle
    /// The pattern it speaks.
    package let type: SocketType
    /// nil after `close()`; libzmq answers calls on nil with `ENOTSOCK`.
    private(set) var raw: UnsafeMutableRawPointer?
    /// An initialised, empty message kept for the next receive, so that looking in vain allocates nothing.
    private var spare: UnsafeMutablePointer<zmq_msg_t>?
    /// Whether libzmq has said that nothing waits here, and the socket has not been used since.
    ///
    /// As long as that holds, whatever comes makes the socket's descriptor readable, and nobody need ask: asking costs two
    /// system calls a socket and sleep. Any other use may swallow that sign.
    var isKnownEmpty = false

    /// Makes a socket with these options, which hold for the connections made later.
    package convenience init(
        _ context: Context, _ type: SocketType, options: SocketOptions = SocketOptions()
    ) throws(ZeroMQError) {
        try self.init(context.handle, type, options: options)
    }

    init(_ context: ContextHandle, _ type: SocketType, options: SocketOptions) throws(ZeroMQError) {
        self.context = context
        self.type = type
        unsafe raw = unsafe zmq_socket(context.raw, type.raw)
        guard unsafe raw != nil else { throw .last("make a socket") }
        try apply(options)
    }

    /// Whether a ``SocketMonitor`` reports what happens here.
    var isMonitored = false

    /// Ends the reports to a ``SocketMonitor``, whose reader must still be there.
    ///
    /// libzmq's I/O thread waits without end where it cannot hand over an event, and with it all sockets of the context.
    func stopMonitor() {
        guard isMonitored, let raw = unsafe raw else { return }
        isMonitored = false
        _ = unsafe zmq_socket_monitor(raw, nil, 0)
    }

    /// Closes the socket at once; unsent messages wait for the linger time.
    package func close() {
        stopMonitor()
        guard let raw = unsafe raw else { return }
        unsafe self.raw = nil
        unsafe zmq_close(raw)
    }

    deinit {
        close()
        if let spare = unsafe spare {
            unsafe zmq_msg_close(spare)
            unsafe spare.deallocate()
        }
    }

    // MARK: Endpoints

    /// Listens at an endpoint, and returns the actual one, with the port that was chosen for `*`.
    @discardableResult
    package func bind(_ endpoint: String) throws(ZeroMQError) -> String {
        try retrying("bind \(endpoint)") { unsafe zmq_bind(raw, endpoint) }
        return try lastEndpoint
    }

    /// Listens at a random port of a range, and returns the port.
    package func bindToRandomPort(
        address: String, ports: Range<Int>, attempts: Int = 100
    ) throws(ZeroMQError) -> Int {
        guard !ports.isEmpty, ports.lowerBound > 0, ports.upperBound <= 65_536 else {
            throw ZeroMQError(
                code: .invalidArgument, attempt: "bind a port of \(ports) at \(address)",
                reason: "the range is empty or not within 1..<65536", remedy: "give a range of valid ports")
        }
        // Every port is tried at most once, in random order.
        var offsets = Array(ports)
        for index in 0..<min(max(attempts, 1), offsets.count) {
            offsets.swapAt(index, Int.random(in: index..<offsets.count))
            do throws(ZeroMQError) {
                try bind(Endpoint.tcp(address, port: offsets[index]))
                return offsets[index]
            } catch  where error.code == .addressInUse || error.errno == EACCES {
                continue
            }
        }
        throw ZeroMQError(
            code: .noPortFree, attempt: "bind a port of \(ports) at \(address)",
            reason: "\(min(attempts, ports.count)) ports were tried and all are in use",
            remedy: "choose another range")
    }

    /// Connects, now and again after every loss; success does not mean that anybody answers there.
    package func connect(_ endpoint: String) throws(ZeroMQError) {
        try retrying("connect to \(endpoint)") { unsafe zmq_connect(raw, endpoint) }
    }

    /// Ends a connection made by `connect`.
    package func disconnect(_ endpoint: String) throws(ZeroMQError) {
        try retrying("disconnect from \(endpoint)") { unsafe zmq_disconnect(raw, endpoint) }
    }

    /// Stops listening at the actual endpoint that `bind` returned.
    package func unbind(_ endpoint: String) throws(ZeroMQError) {
        try retrying("unbind \(endpoint)") { unsafe zmq_unbind(raw, endpoint) }
    }

    // MARK: Messages

    /// Queues a frame; `more` announces another frame of the same message.
    ///
    /// Throws `.wouldBlock` when no peer can take it: a bound DEALER before anybody has connected.
    package func send(_ message: consuming Message, more: Bool = false) throws(ZeroMQError) {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        isKnownEmpty = false
        while unsafe zmq_msg_send(message.raw, raw, flags) < 0 {
            if zmq_errno() != EINTR { throw .last("send a frame of \(message.count) bytes") }
        }
    }

    /// Queues a copy of `bytes` as a frame; false when no peer can take it now.
    package func trySend(copying bytes: UnsafeRawBufferPointer, more: Bool = false) throws(ZeroMQError) -> Bool {
        let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
        isKnownEmpty = false
        while unsafe zmq_send(raw, bytes.baseAddress, bytes.count, flags) < 0 {
            let code = zmq_errno()
            if code == EAGAIN { return false }
            if code != EINTR { throw .last("send a frame of \(bytes.count) bytes") }
        }
        return true
    }

    /// Queues a copy of `bytes` as a frame; false when no peer can take it now.
    package func trySend(copying bytes: [UInt8], more: Bool = false) throws(ZeroMQError) -> Bool {
        var failure: ZeroMQError?
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            do throws(ZeroMQError) { return try unsafe trySend(copying: buffer, more: more) } catch { failure = error }
            return false
        }
        if let failure { throw failure }
        return sent
    }

    /// Sends a message to one peer of a ROUTER; throws `.unreachable` when it is not connected.
    package func send(identity: [UInt8], _ message: consuming Message) throws(ZeroMQError) {
        try send(Message(copying: identity), more: true)
        try send(message)
    }

    /// Sends a message to one peer of a ROUTER; throws `.unreachable` when it is not connected.
    package func send(identity: String, _ message: consuming Message) throws(ZeroMQError) {
        try send(Message(identity), more: true)
        try send(message)
    }

    /// The next frame, or nil when nothing waits.
    package func receive() throws(ZeroMQError) -> Message? {
        let target: UnsafeMutablePointer<zmq_msg_t>
        if let spare = unsafe spare {
            unsafe target = spare
        } else {
            unsafe target = .allocate(capacity: 1)
            unsafe zmq_msg_init(target)
            unsafe spare = target
        }
        while unsafe zmq_msg_recv(target, raw, ZMQ_DONTWAIT) < 0 {
            let code = zmq_errno()
            if code == EAGAIN {
                isKnownEmpty = true
                return nil
            }
            if code != EINTR { throw .last("receive a frame") }
        }
        isKnownEmpty = false
        unsafe spare = nil
        return unsafe Message(owning: target)
    }

    // MARK: State

    /// What the socket is ready for now.
    package var events: PollReadiness {
        get throws(ZeroMQError) {
            PollReadiness(rawValue: try integerOption(ZMQ_EVENTS))
        }
    }

    /// The endpoint bound or connected last, with its actual port.
    package var lastEndpoint: String {
        get throws(ZeroMQError) {
            var buffer = [CChar](repeating: 0, count: 1025)
            var length = buffer.count
            guard unsafe zmq_getsockopt(raw, ZMQ_LAST_ENDPOINT, &buffer, &length) == 0 else {
                throw .last("read the endpoint of a socket")
            }
            let bytes = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
            return Endpoint.withoutMapping(String(decoding: bytes, as: UTF8.self))
        }
    }

    private func retrying(_ attempt: @autoclosure () -> String, _ call: () -> Int32) throws(ZeroMQError) {
        while call() < 0 {
            if zmq_errno() != EINTR { throw .last(attempt()) }
        }
    }
}

/// What a socket is ready for, as libzmq numbers it.
package struct PollReadiness: OptionSet, Sendable {
    /// The bits.
    package let rawValue: Int32

    /// Wraps the bits.
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// A message can be received (`ZMQ_POLLIN`).
    package static var readable: Self { Self(rawValue: 1) }
    /// A message can be sent (`ZMQ_POLLOUT`).
    package static var writable: Self { Self(rawValue: 2) }
}

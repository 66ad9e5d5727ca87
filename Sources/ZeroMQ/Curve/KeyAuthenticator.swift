internal import SystemSupport

/// Decides which client keys the CURVE servers of a context let in (the ZAP protocol, RFC 27, on a thread of its own).
///
/// Start it before a server socket binds or connects: without a handler libzmq lets in every key.
package final class KeyAuthenticator: Sendable {
    /// What has been decided so far.
    package struct Counts: Sendable, Equatable {
        /// Connections let in.
        package var accepted = 0
        /// Connections refused.
        package var refused = 0

        /// Makes counts.
        package init(accepted: Int = 0, refused: Int = 0) {
            self.accepted = accepted
            self.refused = refused
        }
    }

    /// Where libzmq asks, fixed by the protocol.
    fileprivate static let endpoint = "inproc://zeromq.zap.01"

    private let tally = Locked(Counts())
    private let wakeUp: WakeUp
    private let stopping = Locked(false)
    private let thread: JoinableThread

    /// Starts to let in exactly these keys.
    package init(_ context: Context, accepting keys: Set<CurveKey>) throws(ZeroMQError) {
        do throws(SystemError) {
            wakeUp = try WakeUp()
        } catch {
            throw ZeroMQError(code: .system, attempt: "start the key authenticator", reason: error.description)
        }
        let socket = try Socket(context.handle, .reply, options: SocketOptions())
        try socket.bind(Self.endpoint)
        let poller = try Poller()
        try poller.add(socket, id: 0)
        try poller.add(descriptor: wakeUp.descriptor, .read, id: 1)
        let handler = Handler(socket: socket, poller: poller, keys: keys, tally: tally, stopping: stopping)
        thread = startThread(named: "zap") { handler.run() }
    }

    /// What has been decided so far.
    package var counts: Counts { tally.withLock { $0 } }

    /// Stops deciding and closes the handler's socket; afterwards every key is let in, so close the servers first.
    package func stop() {
        stopping.withLock { $0 = true }
        wakeUp.ring()
        thread.join()
    }

    deinit { stop() }
}

/// What the thread owns.
private final class Handler: @unchecked Sendable {  // why: made before its thread starts and used by that thread alone
    private let socket: Socket
    private let poller: Poller
    private let keys: Set<CurveKey>
    private let tally: Locked<KeyAuthenticator.Counts>
    private let stopping: Locked<Bool>

    init(
        socket: Socket, poller: Poller, keys: Set<CurveKey>, tally: Locked<KeyAuthenticator.Counts>,
        stopping: Locked<Bool>
    ) {
        self.socket = socket
        self.poller = poller
        self.keys = keys
        self.tally = tally
        self.stopping = stopping
    }

    func run() {
        defer {
            // Closing alone frees the endpoint some time later, on another thread of libzmq.
            try? socket.unbind(KeyAuthenticator.endpoint)
            socket.close()
        }
        while !stopping.withLock({ $0 }) {
            do throws(ZeroMQError) {
                while let request = try receive() { try answer(request) }
                _ = try poller.wait(timeoutNanoseconds: nil)
            } catch {
                return  // the context has been terminated
            }
        }
    }

    /// Version, request id, domain, address, identity, mechanism, credentials.
    private func receive() throws(ZeroMQError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        let count = try socket.receiveMultipart(maximumFrames: 7) { _, frame in frames.append(frame.toArray()) }
        return count == nil ? nil : frames
    }

    private func answer(_ request: [[UInt8]]) throws(ZeroMQError) {
        let key =
            request.count == 7 && request[0] == Array("1.0".utf8) && request[5] == Array("CURVE".utf8)
            ? CurveKey(bytes: request[6]) : nil
        let user = key.flatMap { keys.contains($0) ? $0 : nil }
        tally.withLock { counts in
            if user == nil { counts.refused += 1 } else { counts.accepted += 1 }
        }
        try socket.send(Message("1.0"), more: true)
        try socket.send(Message(copying: request.count > 1 ? request[1] : []), more: true)
        try socket.send(Message(user == nil ? "400" : "200"), more: true)
        try socket.send(Message(user == nil ? "this key is not known here" : "OK"), more: true)
        try socket.send(Message(user?.text ?? ""), more: true)
        try socket.send(Message())
    }
}

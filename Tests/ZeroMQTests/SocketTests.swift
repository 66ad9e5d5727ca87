import Glibc
import SystemSupport
import TestSupport
import Testing
import ZeroMQ

@Suite("Sockets", .paced)
struct SocketTests {
    let context: Context

    init() throws { context = try Context() }

    private func named(_ identity: String) -> SocketOptions { SocketOptions(identity: identity) }

    @Test("a ROUTER and a DEALER exchange messages by identity")
    func exchange() throws {
        let router = try Socket(context, .router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let dealer = try Socket(context, .dealer, options: named("one"))
        try dealer.connect(endpoint)
        try dealer.send(Message("hello"))
        let received = try #require(try nextPair(router))
        #expect(received.identity == "one" && received.body == "hello")
        try router.send(identity: "one", Message("welcome"))
        try router.send(identity: Array("one".utf8), Message("again"))
        #expect(try next(dealer) == Array("welcome".utf8))
        #expect(try next(dealer) == Array("again".utf8))
    }

    @Test("a ROUTER reports a peer that is not connected as unreachable, and stays usable")
    func unreachable() throws {
        let router = try Socket(context, .router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let error = try #require(throws: ZeroMQError.self) { try router.send(identity: "nobody", Message("x")) }
        #expect(error.code == .unreachable)
        #expect(error.description.contains("wait for it to register again"))
        let dealer = try Socket(context, .dealer, options: named("somebody"))
        try dealer.connect(endpoint)
        try dealer.send(Message("hello"))
        #expect(try nextPair(router)?.body == "hello")
        try router.send(identity: "somebody", Message("y"))
        #expect(try next(dealer) == Array("y".utf8))
    }

    @Test("a second connection with the same identity takes over and is heard")
    func handover() throws {
        let router = try Socket(context, .router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let first = try Socket(context, .dealer, options: named("twin"))
        try first.connect(endpoint)
        try first.send(Message("first"))
        #expect(try nextPair(router)?.body == "first")
        let second = try Socket(context, .dealer, options: named("twin"))
        try second.connect(endpoint)
        try second.send(Message("second"))
        let received = try #require(try nextPair(router))
        #expect(received.identity == "twin" && received.body == "second")
        try router.send(identity: "twin", Message("to the second"))
        #expect(try next(second) == Array("to the second".utf8))
        #expect(try isSilent(first))
    }

    @Test("a bound DEALER without peers refuses to queue instead of waiting")
    func wouldBlock() throws {
        let dealer = try Socket(context, .dealer)
        let endpoint = try dealer.bind("tcp://127.0.0.1:*")
        let error = try #require(throws: ZeroMQError.self) { try dealer.send(Message("x")) }
        #expect(error.code == .wouldBlock)
        #expect(try !dealer.trySend(copying: [1]))
        #expect(try !dealer.events.contains(.writable))
        let peer = try Socket(context, .dealer)
        try peer.connect(endpoint)
        #expect(try eventually { try dealer.trySend(copying: [1]) })
        #expect(try next(peer) == [1])
    }

    @Test("a DEALER queues without limit before its peer listens")
    func unlimitedQueue() throws {
        let listener = try Socket(context, .pull)
        let endpoint = try listener.bind("tcp://127.0.0.1:*")
        let sender = try Socket(context, .dealer)
        try sender.connect("tcp://127.0.0.1:9")  // the discard port: nobody listens there
        for number in 0..<5000 { try sender.send(Message("\(number)")) }
        let pusher = try Socket(context, .push)
        try pusher.connect(endpoint)
        for number in 0..<5000 { try pusher.send(Message("\(number)")) }
        for number in 0..<5000 { #expect(try next(listener) == Array("\(number)".utf8)) }
    }

    @Test("messages of several frames arrive whole, and frames beyond the expected are dropped", arguments: 1...5)
    func multipart(maximum: Int) throws {
        let (left, right) = try pair()
        for number in 0..<4 { try left.send(Message("\(number)"), more: number < 3) }
        try left.send(Message("next"))
        var frames: [String] = []
        var indices: [Int] = []
        var count: Int?
        _ = try eventually {
            count = try right.receiveMultipart(maximumFrames: maximum) { index, frame in
                indices.append(index)
                frames.append(frame.toString())
            }
            return count != nil
        }
        #expect(count == 4)
        #expect(frames == Array(["0", "1", "2", "3"].prefix(maximum)))
        #expect(indices == Array(0..<min(maximum, 4)))
        #expect(try next(right) == Array("next".utf8))
    }

    @Test("a reader that throws in the middle of a message leaves the next one intact")
    func throwingReader() throws {
        let (left, right) = try pair()
        for number in 0..<4 { try left.send(Message("\(number)"), more: number < 3) }
        try left.send(Message("next"))
        let refusal = ZeroMQError(code: .system, attempt: "read", reason: "wrong")
        var thrown: ZeroMQError?
        _ = eventually {
            do throws(ZeroMQError) {
                return try right.receiveMultipart(maximumFrames: 4) { _, _ throws(ZeroMQError) in throw refusal } != nil
            } catch {
                thrown = error
                return true
            }
        }
        #expect(thrown == refusal)
        #expect(try next(right) == Array("next".utf8))
    }

    @Test("a pair is read with the number of frames that came", arguments: 1...4)
    func pairs(frameCount: Int) throws {
        let (left, right) = try pair()
        for number in 1...frameCount { try left.send(Message("\(number)"), more: number < frameCount) }
        var seen: (String, String, Int)?
        _ = try eventually {
            guard let pair = try right.receivePair() else { return false }
            seen = (pair.first.toString(), pair.second.toString(), pair.frameCount)
            return true
        }
        let (first, second, count) = try #require(seen)
        #expect(first == "1" && second == (frameCount > 1 ? "2" : "") && count == frameCount)
        #expect(try isSilent(right))
    }

    private func pair() throws -> (Socket, Socket) {
        let right = try Socket(context, .dealer)
        let left = try Socket(context, .dealer)
        try left.connect(try right.bind("tcp://127.0.0.1:*"))
        return (left, right)
    }

    @Test("a port in use is named with what to do about it")
    func addressInUse() throws {
        let first = try Socket(context, .router)
        let endpoint = try first.bind("tcp://127.0.0.1:*")
        let second = try Socket(context, .router)
        let error = try #require(throws: ZeroMQError.self) { try second.bind(endpoint) }
        #expect(error.code == .addressInUse)
        #expect(error.description.contains(endpoint) && error.description.contains("choose another port"))
        try first.unbind(endpoint)
        #expect(eventually { (try? second.bind(endpoint)) == endpoint }, "the port is free again")
    }

    @Test(
        "endpoints that cannot be are refused",
        arguments: [
            ("nonsense", ZeroMQError.Code.invalidArgument), ("tcp://127.0.0.1", .invalidArgument),
            ("tcp://no.such.interface:*", .addressNotAvailable),
        ])
    func wrongEndpoints(endpoint: String, code: ZeroMQError.Code) throws {
        let socket = try Socket(context, .router)
        let error = try #require(throws: ZeroMQError.self) { try socket.bind(endpoint) }
        #expect(error.code == code, "\(error)")
        #expect(error.description.contains(endpoint))
    }

    @Test("a random port is found around ports in use, and an exhausted range says so")
    func randomPort() throws {
        let blocker = try Socket(context, .router)
        let taken = try #require(Endpoint.port(of: try blocker.bind("tcp://127.0.0.1:*")))
        let socket = try Socket(context, .router)
        let error = try #require(throws: ZeroMQError.self) {
            try socket.bindToRandomPort(address: "127.0.0.1", ports: taken..<(taken + 1))
        }
        #expect(error.code == .noPortFree && error.description.contains("\(taken)"))
        let port = try socket.bindToRandomPort(address: "127.0.0.1", ports: 40_000..<60_000)
        #expect((40_000..<60_000).contains(port))
        let endpoint = try socket.lastEndpoint
        #expect(endpoint == "tcp://127.0.0.1:\(port)")
        let empty = try #require(throws: ZeroMQError.self) {
            try socket.bindToRandomPort(address: "127.0.0.1", ports: 5..<5)
        }
        #expect(empty.code == .invalidArgument)
    }

    @Test("IPv6 addresses get brackets, others stay as they are")
    func endpoints() {
        #expect(Endpoint.tcp("::1", port: 5) == "tcp://[::1]:5")
        #expect(Endpoint.tcp("[::1]", port: 5) == "tcp://[::1]:5")
        #expect(Endpoint.tcp("127.0.0.1", port: 5) == "tcp://127.0.0.1:5")
        #expect(Endpoint.tcpAnyPort("*") == "tcp://*:*")
        #expect(Endpoint.port(of: "tcp://[::1]:77") == 77)
        #expect(Endpoint.port(of: "inproc") == nil)
    }

    @Test(
        "IPv6 works where the host has it",
        .enabled(if: access("/proc/sys/net/ipv6", F_OK) == 0, "needs a kernel with IPv6"))
    func ipv6() throws {
        let listener = try Socket(context, .pull)
        // The kernel may know IPv6 while the loopback interface has no address of it.
        guard let endpoint = try? listener.bind(Endpoint.tcpAnyPort("::1")) else { return }
        #expect(endpoint.hasPrefix("tcp://[::1]:"))
        let sender = try Socket(context, .push)
        try sender.connect(endpoint)
        try sender.send(Message("six"))
        #expect(try next(listener) == Array("six".utf8))
    }

    @Test("a closed socket refuses everything and closes only once")
    func closed() throws {
        let socket = try Socket(context, .dealer)
        socket.close()
        socket.close()
        let error = try #require(throws: ZeroMQError.self) { try socket.send(Message("x")) }
        #expect(error.code == .notSocket)
        #expect(throws: ZeroMQError.self) { _ = try isSilent(socket) }
        #expect(throws: ZeroMQError.self) { try socket.bind("tcp://127.0.0.1:*") }
    }

    @Test("an identity of a wrong length is refused", arguments: [0, 256])
    func identityLength(length: Int) throws {
        let options = SocketOptions(identity: String(repeating: "x", count: length))
        let error = try #require(throws: ZeroMQError.self) { try Socket(context, .dealer, options: options) }
        #expect(error.code == .invalidArgument && error.description.contains("\(length) bytes"))
    }

    @Test("a frame above the limit ends the connection instead of being read")
    func frameLimit() throws {
        var options = SocketOptions()
        options.maximumMessageBytes = 1000
        let receiver = try Socket(context, .pull, options: options)
        let monitor = try receiver.monitor([.disconnected])
        let endpoint = try receiver.bind("tcp://127.0.0.1:*")
        let sender = try Socket(context, .push)
        try sender.connect(endpoint)
        try sender.send(Message(copying: [UInt8](repeating: 1, count: 1000)))
        #expect(try next(receiver)?.count == 1000)
        try sender.send(Message(copying: [UInt8](repeating: 1, count: 1001)))
        #expect(try nextEvent(monitor, .disconnected) != nil)
        #expect(try isSilent(receiver))
    }

    @Test("connects, handshakes and losses are reported with the descriptor of the connection")
    func monitoring() throws {
        let router = try Socket(context, .router)
        let monitor = try router.monitor()
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        #expect(try nextEvent(monitor, .listening)?.endpoint == endpoint)
        let dealer = try Socket(context, .dealer)
        let own = try dealer.monitor([.connected, .handshakeSucceeded])
        try dealer.connect(endpoint)
        try dealer.send(Message("x"))
        #expect(try nextEvent(own, .connected)?.endpoint == endpoint)
        let accepted = try #require(try nextEvent(monitor, .accepted))
        #expect(try nextEvent(monitor, .handshakeSucceeded) != nil)
        #expect(try next(router) != nil)
        var source: Int32?
        if let body = try router.receive() { source = body.sourceDescriptor }
        #expect(source != nil && source == accepted.descriptor)
        dealer.close()
        let lost = try #require(try nextEvent(monitor, .disconnected))
        #expect(lost.descriptor == accepted.descriptor)
        #expect(lost.description.hasPrefix("disconnected tcp://"))
        router.close()
        #expect(try nextEvent(monitor, .monitorStopped) != nil)
    }

    @Test("a monitor that goes before its socket holds up no other socket", arguments: [false, true])
    func monitorLetGo(isClosed: Bool) throws {
        let router = try Socket(context, .router)
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        var watched: [Socket] = []
        for _ in 0..<8 {
            let dealer = try Socket(context, .dealer)
            let monitor = try dealer.monitor()
            try dealer.connect(endpoint)
            #expect(try nextEvent(monitor, .handshakeSucceeded) != nil)
            watched.append(dealer)
            if isClosed { monitor.close() }
        }
        // Events without a reader: connections that break, and are tried again.
        router.close()
        let other = try Socket(context, .pull)
        let place = try other.bind("tcp://127.0.0.1:*")
        let sender = try Socket(context, .push)
        try sender.connect(place)
        for number in 0..<20 as Range<UInt8> {
            try sender.send(Message(copying: [number]))
            #expect(try next(other) == [number])
        }
        for dealer in watched { dealer.close() }
    }

    @Test("ZMTP heartbeats notice a peer that is connected and silent")
    func heartbeats() throws {
        let heartbeats = SocketOptions.Heartbeats(
            interval: .milliseconds(50), timeout: .milliseconds(200), timeToLive: .milliseconds(300))
        let router = try Socket(context, .router, options: SocketOptions(heartbeats: heartbeats))
        let monitor = try router.monitor([.accepted, .handshakeSucceeded, .disconnected])
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let port = try #require(Endpoint.port(of: endpoint))
        // A peer that speaks the handshake of ZMTP 3.0 with the NULL mechanism and then says nothing more.
        let peer = try connectPlainly(port: port)
        defer { DescriptorIO.close(peer) }
        var greeting: [UInt8] = [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8)
        greeting += [UInt8](repeating: 0, count: 64 - greeting.count)
        let ready: [UInt8] =
            [4, 25, 5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        try (greeting + [4, UInt8(ready.count - 2)] + ready.dropFirst(2)).withUnsafeBytes {
            try DescriptorIO.writeFully(peer, $0)
        }
        #expect(try nextEvent(monitor, .handshakeSucceeded) != nil)
        #expect(try nextEvent(monitor, .disconnected) != nil)
    }

    private func connectPlainly(port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw SystemError.last("connect to port \(port)") }
        return descriptor
    }
}

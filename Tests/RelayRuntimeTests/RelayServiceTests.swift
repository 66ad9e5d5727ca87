import Glibc
import RelayRuntime
import SystemSupport
import TestSupport
import Testing
import ZeroMQ

/// A relay on a thread of its own.
private final class TestRelay {
    let port: Int
    private let stop: WakeUp
    private let thread: JoinableThread
    private let lines: Locked<[String]>

    init(target: Int, adjust: (inout RelayConfiguration) -> Void = { _ in }) throws {
        var configuration = RelayConfiguration(
            listeningAddress: "127.0.0.1", port: 0, targetHost: "127.0.0.1", targetPort: target)
        adjust(&configuration)
        let lines = Locked<[String]>([])
        self.lines = lines
        let stop = try WakeUp()
        self.stop = stop
        let port = Locked(0)
        let started = try WakeUp()
        let final = configuration
        thread = startThread(named: "relay") {
            do {
                let service = try RelayService(final) { line in lines.withLock { $0.append(line) } }
                port.withLock { $0 = service.port }
                started.ring()
                try service.run(stop: stop)
            } catch {
                lines.withLock { $0.append("\(error)") }
                started.ring()
            }
        }
        _ = try DescriptorIO.poll(started.descriptor, .read, timeoutNanoseconds: 60_000_000_000)
        self.port = port.withLock { $0 }
    }

    var log: String { lines.withLock { $0.joined(separator: "\n") } }

    deinit {
        stop.ring()
        thread.join()
    }
}

/// A plain TCP socket of this machine.
private final class Plain {
    var descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { end() }

    func end() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    static func address(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func with(_ port: Int, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = address(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    static func listening() throws -> (socket: Plain, port: Int) {
        let plain = Plain(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        let bound = with(0) { bind(plain.descriptor, $0, $1) }
        try #require(bound == 0)
        try #require(listen(plain.descriptor, 16) == 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(plain.descriptor, $0, &length) }
        }
        try #require(named == 0)
        return (plain, Int(address.sin_port.bigEndian))
    }

    static func connected(to port: Int) throws -> Plain {
        let plain = Plain(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        let code = with(port) { connect(plain.descriptor, $0, $1) }
        try #require(code == 0, "connect: errno \(errno)")
        return plain
    }

    func accepted() throws -> Plain {
        try waitToRead()
        let other = accept(descriptor, nil, nil)
        try #require(other >= 0)
        return Plain(other)
    }

    func waitToRead() throws {
        let events = try DescriptorIO.poll(descriptor, .read, timeoutNanoseconds: 60_000_000_000)
        try #require(!events.isEmpty, "nothing comes")
    }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try DescriptorIO.writeFully(descriptor, $0) }
    }

    /// The next bytes; empty at the end of the stream, and when the connection was broken.
    func read(_ most: Int = 65_536) throws -> [UInt8] {
        try waitToRead()
        var bytes = [UInt8](repeating: 0, count: most)
        let count = Glibc.read(descriptor, &bytes, most)
        return count > 0 ? Array(bytes[..<count]) : []
    }

    func readAll(_ count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let more = try read()
            if more.isEmpty { break }
            all += more
        }
        return all
    }
}

@Suite("a relay between real sockets", .blocking)
struct RelayServiceTests {
    @Test("bytes go both ways, and each end is told of the other's")
    func both() throws {
        let (listener, target) = try Plain.listening()
        let relay = try TestRelay(target: target)
        let client = try Plain.connected(to: relay.port)
        let server = try listener.accepted()
        try client.write(Array("question".utf8))
        #expect(try server.read() == Array("question".utf8))
        _ = shutdown(client.descriptor, Int32(SHUT_WR))
        #expect(try server.read().isEmpty)
        // The other direction stays open.
        try server.write(Array("answer".utf8))
        #expect(try client.read() == Array("answer".utf8))
        server.end()
        #expect(try client.read().isEmpty)
    }

    @Test("what was sent before the end arrives, however much, at a reader that is slow to begin")
    func muchAndThenTheEnd() throws {
        let (listener, target) = try Plain.listening()
        let relay = try TestRelay(target: target)
        let client = try Plain.connected(to: relay.port)
        let server = try listener.accepted()
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) }
        let descriptor = client.descriptor
        let writer = startThread(named: "writer") {
            // A failure shows at the reader.
            try? bytes.withUnsafeBytes { try DescriptorIO.writeFully(descriptor, $0) }
            _ = shutdown(descriptor, Int32(SHUT_WR))
        }
        let received = try server.readAll(bytes.count)
        writer.join()
        #expect(received.count == bytes.count)
        #expect(received == bytes)
        #expect(try server.read().isEmpty)
    }

    @Test("without a target the client's connection ends, and the log says what to check")
    func noTarget() throws {
        let (listener, target) = try Plain.listening()
        listener.end()
        let relay = try TestRelay(target: target)
        let client = try Plain.connected(to: relay.port)
        #expect(try client.read().isEmpty)
        #expect(relay.log.contains("could not connect to 127.0.0.1, port \(target)"), "\(relay.log)")
        #expect(relay.log.contains("workerPort"), "\(relay.log)")
    }

    @Test("more connections than allowed are closed, the others go on")
    func tooMany() throws {
        let (listener, target) = try Plain.listening()
        let relay = try TestRelay(target: target) { $0.maximumConnections = 1 }
        let first = try Plain.connected(to: relay.port)
        let server = try listener.accepted()
        let second = try Plain.connected(to: relay.port)
        #expect(try second.read().isEmpty)
        try first.write([1])
        #expect(try server.read() == [1])
        #expect(relay.log.contains("which is the limit"), "\(relay.log)")
    }

    @Test("a broken side breaks the other")
    func broken() throws {
        let (listener, target) = try Plain.listening()
        let relay = try TestRelay(target: target)
        let client = try Plain.connected(to: relay.port)
        let server = try listener.accepted()
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(client.descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        client.end()
        #expect(try server.read().isEmpty)
    }

    @Test("encrypted messages go through, and a wrong key is refused behind the relay as before it")
    func encrypted() throws {
        let context = try Context()
        let certificates = try CurveCertificates.generate()
        let authenticator = try KeyAuthenticator(context, accepting: [certificates.client.publicKey])
        let router = try Socket(context, .router, options: SocketOptions(curve: certificates.serverRole))
        let port = try router.bindToRandomPort(address: "127.0.0.1", ports: 20_000..<30_000)
        let relay = try TestRelay(target: port)
        func dealer(_ role: CurveRole) throws -> Socket {
            let socket = try Socket(context, .dealer, options: SocketOptions(identity: "m", curve: role))
            try socket.connect(Endpoint.tcp("127.0.0.1", port: relay.port))
            try socket.send(Message("hello"))
            return socket
        }
        let stranger = try CurveCertificates.generate()
        let wrong = try dealer(.client(stranger.client, serverPublic: certificates.server.publicKey))
        let right = try dealer(certificates.clientRole)
        let poller = try Poller()
        try poller.add(router, id: 0)
        var received: [String] = []
        while received.count < 2 {
            let ready = try poller.wait(timeoutNanoseconds: 60_000_000_000)
            try #require(!ready.isEmpty, "nothing comes through")
            while let message = try router.receive() { received.append(message.toString()) }
        }
        #expect(received == ["m", "hello"])
        right.close()
        wrong.close()
        router.close()
        authenticator.stop()
    }

    @Test(
        "a relay that cannot work says why",
        arguments: [
            ("no.such.host.invalid", 1, 10, "cannot find the address of 'no.such.host.invalid'"),
            ("127.0.0.1", 0, 10, "a relay listens on a port"), ("127.0.0.1", 1, 0, "give at least 1"),
        ])
    func refusals(host: String, port: Int, limit: Int, words: String) {
        var configuration = RelayConfiguration(
            listeningAddress: "127.0.0.1", port: 0, targetHost: host, targetPort: port)
        configuration.maximumConnections = limit
        let final = configuration
        #expect {
            _ = try RelayService(final) { _ in }
        } throws: {
            "\($0)".contains(words)
        }
    }
}

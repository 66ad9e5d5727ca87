import Glibc
import SystemSupport
import TestSupport
import Testing
import ZeroMQ

@Suite("Encryption and authentication", .paced)
struct CurveTests {
    let context: Context
    let certificates: CurveCertificates

    init() throws {
        context = try Context()
        certificates = try .generate()
    }

    @Test("a known client is let in and talks both ways, whichever side connects", arguments: [true, false])
    func accepted(serverBinds: Bool) throws {
        let authenticator = try KeyAuthenticator(context, accepting: [certificates.client.publicKey])
        defer { authenticator.stop() }
        let server = try Socket(context, .dealer, options: SocketOptions(curve: certificates.serverRole))
        let client = try Socket(context, .dealer, options: SocketOptions(curve: certificates.clientRole))
        let (binding, connecting) = serverBinds ? (server, client) : (client, server)
        try connecting.connect(try binding.bind("tcp://127.0.0.1:*"))
        #expect(try eventually { try client.trySend(copying: Array("secret".utf8)) })
        #expect(try next(server) == Array("secret".utf8))
        try server.send(Message("answer"))
        #expect(try next(client) == Array("answer".utf8))
        #expect(authenticator.counts == .init(accepted: 1, refused: 0))
    }

    @Test("a client with an unknown key is refused, counted, and reported as an authentication failure")
    func refused() throws {
        let authenticator = try KeyAuthenticator(context, accepting: [certificates.client.publicKey])
        defer { authenticator.stop() }
        let server = try Socket(context, .router, options: SocketOptions(curve: certificates.serverRole))
        let monitor = try server.monitor()
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        let stranger = try CurveKeyPair.generate()
        let role = CurveRole.client(stranger, serverPublic: certificates.server.publicKey)
        let client = try Socket(context, .dealer, options: SocketOptions(curve: role))
        let clientMonitor = try client.monitor()
        try client.connect(endpoint)
        try client.send(Message("let me in"))
        let event = try #require(try nextEvent(clientMonitor) { $0.kind.isHandshakeFailure })
        #expect(event.kind == .handshakeFailedAuthentication)
        #expect(eventually { authenticator.counts.refused > 0 })
        #expect(authenticator.counts.accepted == 0)
        #expect(try isSilent(server))
        _ = monitor
    }

    @Test("a client that expects another server, or none, does not get through", arguments: [true, false])
    func wrongServer(encrypted: Bool) throws {
        let authenticator = try KeyAuthenticator(context, accepting: [certificates.client.publicKey])
        defer { authenticator.stop() }
        let server = try Socket(context, .router, options: SocketOptions(curve: certificates.serverRole))
        let monitor = try server.monitor()
        let endpoint = try server.bind("tcp://127.0.0.1:*")
        var options = SocketOptions()
        if encrypted {
            let other = try CurveKeyPair.generate()
            options.curve = .client(certificates.client, serverPublic: other.publicKey)
        }
        let client = try Socket(context, .dealer, options: options)
        try client.connect(endpoint)
        try client.send(Message("hello"))
        #expect(try nextEvent(monitor) { $0.kind.isHandshakeFailure } != nil)
        #expect(authenticator.counts.accepted == 0)
        #expect(try isSilent(server))
    }

    @Test("a stopped authenticator makes room for another, and two at once are refused")
    func restart() throws {
        let first = try KeyAuthenticator(context, accepting: [])
        let error = try #require(throws: ZeroMQError.self) { try KeyAuthenticator(context, accepting: []) }
        #expect(error.code == .addressInUse)
        first.stop()
        first.stop()
        let second = try KeyAuthenticator(context, accepting: [])
        second.stop()
    }

    @Test("text that is no key is refused", arguments: ["", "short", String(repeating: "~", count: 40)])
    func wrongKey(text: String) throws {
        let error = try #require(throws: ZeroMQError.self) { try CurveKey(z85: text) }
        #expect(error.code == .badCertificate)
    }

    @Test("a key's description keeps its secret")
    func masked() {
        let key = certificates.client.secretKey
        #expect(!"\(key)".contains(key.text.dropFirst(8)))
    }

    @Test("certificates are written privately and read back")
    func roundTrip() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/certificates"
        let made = try CurveCertificates.create(in: path)
        #expect(try CurveCertificates.load(from: path) == made)
        #expect(try CurveCertificates.loadServerRole(from: path) == made.serverRole)
        #expect(try CurveCertificates.loadClientRole(from: path) == made.clientRole)
        #expect(try CurveCertificates.clientKeys(in: path) == [made.client.publicKey, made.server.publicKey])
        #expect(mode(path) == 0o700)
        for name in ["server", "client"] {
            #expect(mode("\(path)/\(name).key_secret") == 0o600)
            #expect(mode("\(path)/\(name).key") == 0o644)
        }
    }

    @Test("a directory that others may read is refused", arguments: [UInt32(0o755), 0o750, 0o500, 0o1700])
    func openDirectory(wrong: UInt32) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/certificates"
        try CurveCertificates.create(in: path)
        chmod(path, wrong)
        defer { chmod(path, 0o700) }
        let error = try #require(throws: ZeroMQError.self) { try CurveCertificates.load(from: path) }
        #expect(error.code == .badCertificate)
        #expect(error.description.contains(String(wrong, radix: 8)) && error.description.contains("700"))
        #expect(throws: ZeroMQError.self) { try CurveCertificates.loadClientRole(from: path) }
        #expect(throws: ZeroMQError.self) { try CurveCertificates.loadServerRole(from: path) }
        #expect(throws: ZeroMQError.self) { try CurveCertificates.clientKeys(in: path) }
    }

    @Test(
        "a damaged certificate is named",
        arguments: ["", "curve\n", "    public-key = \"short\"\n", "#   public-key = \"x\"\n", "public-key\n"])
    func damaged(text: String) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/certificates"
        try CurveCertificates.create(in: path)
        try SmallFile.write(Array(text.utf8), to: path + "/client.key_secret", mode: 0o600)
        let error = try #require(throws: ZeroMQError.self) { try CurveCertificates.load(from: path) }
        #expect(error.code == .badCertificate)
    }

    @Test("a missing certificate is named")
    func missing() throws {
        let directory = TemporaryDirectory()
        let error = try #require(throws: ZeroMQError.self) {
            try CurveCertificates.load(from: directory.path + "/none")
        }
        #expect(error.description.contains("/none'"))
        let empty = try #require(throws: ZeroMQError.self) { try CurveCertificates.load(from: directory.path) }
        #expect(empty.description.contains("server.key_secret"))
    }

    private func mode(_ path: String) -> UInt32? {
        var information = stat()
        return stat(path, &information) == 0 ? information.st_mode & 0o7777 : nil
    }
}

import Glibc
import SystemSupport
import TestSupport
import Testing
import ZeroMQ

/// The Python to compare with: APUS_PYTHON, or the first that has pyzmq.
private let python: String? = {
    let candidates = [EnvironmentVariables.get("APUS_PYTHON"), "/usr/bin/python3"].compactMap { $0 }
    return candidates.first { path in
        guard access(path, X_OK) == 0 else { return false }
        var options = ChildProcess.Options(executable: path, arguments: [path, "-c", "import zmq"])
        options.standardError = .null
        return (try? ChildProcess(spawning: options).wait()) == .exited(0)
    }
}()

@Suite(
    "Beside pyzmq", .paced, .tags(.python),
    .enabled(if: python != nil, "needs a Python with pyzmq: set APUS_PYTHON to its path"))
struct PyzmqTests {
    let directory = TemporaryDirectory()

    private func run(_ script: String, _ arguments: String...) throws -> (
        status: SystemSupport.ExitStatus, text: String
    ) {
        let path = try #require(python)
        let output = directory.path + "/output"
        var options = ChildProcess.Options(executable: path, arguments: [path, "-c", script] + arguments)
        options.standardOutput = .file(output, append: false)
        let status = try ChildProcess(spawning: options).wait()
        return (status, try SmallFile.readText(output))
    }

    @Test("pyzmq loads the certificates written here")
    func loadedThere() throws {
        let path = directory.path + "/certificates"
        let made = try CurveCertificates.create(in: path)
        let script = """
            import sys, zmq.auth
            for name in ("server", "client"):
                public, secret = zmq.auth.load_certificate(f"{sys.argv[1]}/{name}.key_secret")
                assert zmq.auth.load_certificate(f"{sys.argv[1]}/{name}.key") == (public, None)
                print(public.decode(), secret.decode())
            print(len(zmq.auth.load_certificates(sys.argv[1])))
            """
        let (status, text) = try run(script, path)
        #expect(status == .exited(0))
        let expected = [made.server, made.client].map { "\($0.publicKey.text) \($0.secretKey.text)" } + ["2"]
        #expect(text.split(separator: "\n").map(String.init) == expected)
    }

    @Test("certificates written by pyzmq are loaded here")
    func loadedHere() throws {
        let path = directory.path + "/theirs"
        let script = """
            import os, sys, zmq.auth
            os.mkdir(sys.argv[1], 0o700)
            for name in ("server", "client"):
                zmq.auth.create_certificates(sys.argv[1], name)
                public, secret = zmq.auth.load_certificate(f"{sys.argv[1]}/{name}.key_secret")
                print(public.decode(), secret.decode())
            """
        let (status, text) = try run(script, path)
        #expect(status == .exited(0))
        let loaded = try CurveCertificates.load(from: path)
        let lines = [loaded.server, loaded.client].map { "\($0.publicKey.text) \($0.secretKey.text)" }
        #expect(text.split(separator: "\n").map(String.init) == lines)
        #expect(try CurveCertificates.clientKeys(in: path).count == 2)
    }

    @Test("a pyzmq client is let in over an encrypted connection and answered")
    func encryptedPeer() throws {
        let path = directory.path + "/certificates"
        let made = try CurveCertificates.create(in: path)
        let context = try Context()
        let authenticator = try KeyAuthenticator(context, accepting: try CurveCertificates.clientKeys(in: path))
        defer { authenticator.stop() }
        let router = try Socket(context, .router, options: SocketOptions(curve: made.serverRole))
        let endpoint = try router.bind("tcp://127.0.0.1:*")
        let script = """
            import sys, zmq, zmq.auth
            socket = zmq.Context().socket(zmq.DEALER)
            socket.setsockopt(zmq.LINGER, 0)
            socket.identity = b"python"
            public, secret = zmq.auth.load_certificate(sys.argv[1] + "/client.key_secret")
            socket.curve_publickey, socket.curve_secretkey = public, secret
            socket.curve_serverkey = zmq.auth.load_certificate(sys.argv[1] + "/server.key")[0]
            socket.connect(sys.argv[2])
            socket.send(b"hello")
            assert socket.poll(10000), "no answer"
            print(socket.recv().decode())
            """
        let interpreter = try #require(python)
        let output = directory.path + "/peer"
        var options = ChildProcess.Options(
            executable: interpreter, arguments: [interpreter, "-c", script, path, endpoint])
        options.standardOutput = .file(output, append: false)
        let child = try ChildProcess(spawning: options)
        let received = try #require(try nextPair(router))
        #expect(received.identity == "python" && received.body == "hello")
        try router.send(identity: "python", Message("welcome"))
        #expect(child.wait() == .exited(0))
        #expect(try SmallFile.readText(output) == "welcome\n")
        #expect(authenticator.counts.accepted == 1)
    }
}

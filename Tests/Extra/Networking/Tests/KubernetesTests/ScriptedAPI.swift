import Apus
import Foundation
import Kubernetes

/// The server of `api.py` on a free port of this machine, and a kubeconfig file that leads to it.
final class ScriptedAPI {
    let directory: URL
    let port: Int
    private let process = Process()
    private let input = Pipe()

    /// How a client must show who it is.
    enum Security {
        case none, server, mutual
    }

    /// One request as it came.
    struct Request: Decodable {
        var line: String
        var body: String
        var authorization: String
    }

    /// Starts the server.
    ///
    /// - Parameters:
    ///   - answers: JSON, see `api.py`.
    ///   - security: plain, or with certificates.
    init(_ answers: [String], security: Security = .none) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "apus-api-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data("[\(answers.joined(separator: ","))]".utf8).write(to: directory.appending(path: "answers"))
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "api.py").path()
        var arguments = ["python3", script, "answers", "log"]
        if security != .none {
            try Self.makeCertificates(in: directory)
            arguments += ["server.pem", "server.key"] + (security == .mutual ? ["authority.pem"] : [])
        }
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw CocoaError(.featureUnsupported)
        }
        self.port = port
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func makeCertificates(in directory: URL) throws {
        let make = """
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem
            for name in server client; do
                openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr
                printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' >$name.ext
                openssl x509 -req -days 2 -in $name.csr -CA authority.pem -CAkey authority.key -CAcreateserial \
                    -extfile $name.ext -out $name.pem
            done
            """
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-ec", make]
        shell.currentDirectoryURL = directory
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        guard shell.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
    }

    /// The requests so far.
    var requests: [Request] {
        let text = (try? String(contentsOf: directory.appending(path: "log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
    }

    var lines: [String] { requests.map(\.line) }

    func path(_ name: String) -> String { directory.appending(path: name).path() }

    /// A provider that speaks to this server.
    ///
    /// - Parameters:
    ///   - user: what kubeconfig says of the user.
    ///   - cluster: what it says of the cluster, besides the server.
    func provider(user: String = "{token: abc}", cluster: String = "", secure: Bool = false) throws
        -> KubernetesProvider
    {
        let server = secure ? "https://127.0.0.1:\(port)" : "http://127.0.0.1:\(port)"
        let text = """
            current-context: test
            clusters: [{name: c, cluster: {server: "\(server)"\(cluster.isEmpty ? "" : ", \(cluster)")}}]
            users: [{name: u, user: \(user)}]
            contexts: [{name: test, context: {cluster: c, user: u, namespace: words}}]
            """
        try Data(text.utf8).write(to: directory.appending(path: "kubeconfig"))
        return KubernetesProvider(
            image: "words", kubeconfig: path("kubeconfig"), requestTimeout: .seconds(10), attempts: 3)
    }

    /// A block of a run; without a run it is not followed.
    func job(_ number: Int = 0, name: String? = nil, run: String = "") -> JobRequest {
        JobRequest(
            command: "", blockID: BlockID("\(number)"), name: name ?? "apus.htex.block-\(number).\(port)",
            directory: directory.path(),
            workingDirectory: "/", program: JobProgram(executable: "/words", parameters: Array("secret".utf8)),
            runID: run)
    }
}

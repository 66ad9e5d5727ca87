import Foundation

/// The web server of `server.py`, running on a free port of this machine, and a directory for a test's files.
final class LocalServer {
    let directory: URL
    let port: Int
    let isSecure: Bool
    private let process = Process()
    private let input = Pipe()

    init(isSecure: Bool = false) throws {
        self.isSecure = isSecure
        let directory = FileManager.default.temporaryDirectory.appending(path: "apus-test-\(UUID().uuidString)")
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        var arguments = [
            "python3", folder.appending(path: "server.py").path(), directory.appending(path: "log").path(),
        ]
        if isSecure {
            try Self.run([
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-keyout", directory.appending(path: "key.pem").path(),
                "-out",
                directory.appending(path: "certificate.pem").path(),
            ])
            arguments += ["certificate.pem", "key.pem"].map { directory.appending(path: $0).path() }
        }
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.availableData
        guard let port = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        else {
            throw CocoaError(.featureUnsupported)
        }
        self.port = port
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    var certificate: String { directory.appending(path: "certificate.pem").path() }

    func address(_ path: String) -> String {
        isSecure ? "https://localhost:\(port)\(path)" : "http://127.0.0.1:\(port)\(path)"
    }

    func file(_ name: String) -> String { directory.appending(path: name).path() }

    /// The requests so far: path, `Range`, `If-Range`.
    var requests: [String] {
        let text = (try? String(contentsOfFile: file("log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// What the server sends for a size.
    static func content(_ size: Int, shift: Int = 0) -> Data {
        Data((0..<size).map { UInt8((shift + $0 * 7 + $0 / 251) % 256) })
    }

    private static func run(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.featureUnsupported) }
    }
}

import Glibc
import SystemSupport

/// Files of FTP servers, brought and taken by the program `curl`: `ftp://host/path`, `ftp://user:password@host/path`.
///
/// A password is handed to `curl` on its standard input, where no other user of the machine sees it.
public struct FTPStaging: StagingProvider {
    /// When files are moved.
    public var mode: StagingMode
    /// The program: a name, or a path.
    public var program: String
    /// How often a transfer is tried again that broke off.
    public var retries: Int

    /// A provider for `ftp:`.
    ///
    /// - Parameters:
    ///   - mode: when files are moved.
    ///   - program: the program: a name, or a path.
    ///   - retries: how often a transfer is tried again that broke off.
    public init(mode: StagingMode = .separateTask, program: String = "curl", retries: Int = 3) {
        self.mode = mode
        self.program = program
        self.retries = max(0, retries)
    }

    /// `ftp`.
    public var name: String { "ftp" }

    /// Takes `ftp:`, both ways.
    public func mode(for file: File, _ direction: StagingDirection) -> StagingMode? {
        file.scheme == "ftp" ? mode : nil
    }

    /// Brings the file.
    ///
    /// - Throws: ``StagingError`` with what `curl` said.
    public func stageIn(_ file: File, to path: String) async throws {
        try await transfer(file, ["output": path], local: path)
    }

    /// Takes the file out; folders of the server are not made.
    ///
    /// - Throws: ``StagingError`` with what `curl` said.
    public func stageOut(_ path: String, to file: File) async throws {
        try await transfer(file, ["upload-file": path], local: path)
    }

    private func transfer(_ file: File, _ direction: [String: String], local: String) async throws {
        var settings = [
            "url": file.url, "proto": "=ftp", "connect-timeout": "60", "speed-time": "60", "speed-limit": "1",
        ]
        settings.merge(direction) { $1 }
        let text = settings.map { "\($0.key) = \"\(Self.escaped($0.value))\"\n" }.sorted().joined()
        let tool = StagingProgram(file: file, provider: name, executable: program, package: "curl")
        for attempt in 0...retries {
            if attempt > 0 {
                let pause = Duration.milliseconds(500 * (1 << min(attempt - 1, 6)))
                try await Task.sleep(for: pause)  // why: a server that has just failed gets time, ever more
            }
            // `-q` comes first: a configuration of the user's may not change what is done.
            let ending = try await tool.run(
                ["-q", "--silent", "--show-error", "--globoff", "--config", "-"], input: text,
                directory: LocalPath.directory(local))
            if ending.status == .exited(0) { return }
            let error = failure(file, ending)
            // What is not there, or not allowed, is so the next time as well.
            guard error.code == .transferFailed, attempt < retries else { throw error }
        }
    }

    private func failure(_ file: File, _ ending: StagingProgram.Ending) -> StagingError {
        var code = StagingError.Code.transferFailed
        // The exit codes of curl: login denied; access to the folder denied, no such file.
        if case .exited(let status) = ending.status {
            if status == 67 { code = .refused }
            if [9, 19, 78].contains(status) { code = .notFound }
        }
        // What curl says may quote the address.
        let words = ending.words.replacing(file.url, with: file.description)
        return StagingError(code, file: file, provider: name, "curl ended with \(ending.status): \(words)")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

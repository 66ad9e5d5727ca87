import Glibc
import SystemSupport

/// Files of another machine, brought and taken by the program `rsync`: `rsync://host/path`.
///
/// With a `host`, plain paths and `file:` are files of that machine, too: the submitting one, say, when workers share no
/// file system with it. The workers' machines must be let in by `ssh` without a password.
public struct RSyncStaging: StagingProvider {
    /// The machine on which `file:` files are; `nil` leaves those to other providers.
    public var host: String?
    /// When files are moved.
    public var mode: StagingMode
    /// The program: a name, or a path.
    public var program: String
    /// Further arguments of the program.
    public var arguments: [String]

    /// A provider for `rsync:`, and for `file:` when a host is named.
    ///
    /// - Parameters:
    ///   - host: the machine on which `file:` files are, with `user@` where needed.
    ///   - mode: when files are moved.
    ///   - program: the program: a name, or a path.
    ///   - arguments: further arguments of the program.
    public init(
        host: String? = nil, mode: StagingMode = .inTask, program: String = "rsync", arguments: [String] = []
    ) {
        self.host = host
        self.mode = mode
        self.program = program
        self.arguments = arguments
    }

    /// `rsync`.
    public var name: String { "rsync" }

    /// Takes `rsync:`, and `file:` when a host is named, both ways.
    public func mode(for file: File, _ direction: StagingDirection) -> StagingMode? {
        file.scheme == "rsync" || file.scheme == "file" && host != nil ? mode : nil
    }

    /// Brings the file.
    ///
    /// - Throws: ``StagingError`` with what `rsync` said.
    public func stageIn(_ file: File, to path: String) async throws {
        try await transfer(file, from: try place(of: file), to: path, local: path)
    }

    /// Takes the file out.
    ///
    /// - Throws: ``StagingError`` with what `rsync` said.
    public func stageOut(_ path: String, to file: File) async throws {
        try await transfer(file, from: path, to: try place(of: file), local: path)
    }

    /// As `rsync` names it: `host:/path`, or a path of this machine.
    private func place(of file: File) throws(StagingError) -> String {
        let host = file.scheme == "file" ? self.host ?? "" : file.host
        guard !host.hasPrefix("-"), !host.contains(":") else {
            throw StagingError(
                .refused, file: file, provider: name,
                "'\(host)' is no host for rsync; set a port in the configuration of ssh")
        }
        return host.isEmpty ? file.path : "\(host):\(file.path)"
    }

    private func transfer(_ file: File, from source: String, to target: String, local: String) async throws {
        let tool = StagingProgram(file: file, provider: name, executable: program, package: "rsync")
        // The remote shell does not see the path; a silent connection ends.
        let words = ["--protect-args", "--copy-links", "--timeout=60"] + arguments + ["--", source, target]
        let ending = try await tool.run(words, directory: LocalPath.directory(local))
        guard case .exited(let code) = ending.status, code == 0 else {
            let isMissing = ending.words.contains("No such file or directory")
            throw StagingError(
                isMissing ? .notFound : .transferFailed, file: file, provider: name,
                "rsync ended with \(ending.status): \(ending.words)")
        }
    }
}

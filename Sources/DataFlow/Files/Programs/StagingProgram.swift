import Commands
import Glibc
import SystemSupport

/// Runs a program that moves a file: `rsync`, `curl`.
struct StagingProgram: Sendable {
    /// How a program ended.
    struct Ending {
        var status: SystemSupport.ExitStatus
        /// What it said, on standard error.
        var words: String
    }

    private static let longestWords = 2000

    let file: File
    let provider: String
    let executable: String
    let package: String

    /// Runs the program to its end; a cancelled task ends it.
    ///
    /// - Parameters:
    ///   - arguments: all after the name.
    ///   - input: what it reads from standard input.
    ///   - directory: a directory for what it says.
    func run(_ arguments: [String], input: String = "", directory: String) async throws -> Ending {
        try Task.checkCancellation()
        let errors = LocalPath.temporary(beside: directory + "/errors")
        defer { unlink(errors) }
        let child = try start(arguments, input: input, errors: errors)
        // When this process is killed, the program ends, too.
        let guardian = try CommandGuard(group: child.pid)
        let status = await withTaskCancellationHandler {
            child.wait()
        } onCancel: {
            child.signalGroup(SIGTERM)
        }
        withExtendedLifetime(guardian) {}
        try Task.checkCancellation()
        let words = (try? SmallFile.readText(errors)) ?? ""
        return Ending(status: status, words: String(words.suffix(Self.longestWords)).trimmed)
    }

    private func start(_ arguments: [String], input: String, errors: String) throws -> ChildProcess {
        do throws(SystemError) {
            return try ChildProcess(
                spawning: ChildProcess.Options(
                    executable: executable, arguments: [executable] + arguments,
                    standardInput: input.isEmpty ? .null : .bytes(Array(input.utf8)), standardOutput: .null,
                    standardError: .file(errors, append: false)))
        } catch {
            guard error.code == ENOENT else { throw error }
            throw StagingError(
                .programMissing, file: file, provider: provider,
                "the program '\(executable)' is not on \(CurrentProcess.hostName); install the package \(package) on every "
                    + "node, or name the program's path in the provider")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        split(whereSeparator: \.isNewline).map(String.init).joined(separator: "; ")
    }
}

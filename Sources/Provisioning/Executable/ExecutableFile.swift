import Glibc
import SystemSupport

/// A program's file on this host.
package enum ExecutableFile {
    /// What is known of files already: one that was not changed is not read twice.
    private static let known = Locked<[String: String]>([:])

    /// The SHA-256 of a file, in 64 hexadecimal digits; found out on a thread of its own.
    static func digest(_ path: String) async throws(ProviderError) -> String {
        let result: Result<String, ProviderError> = await withUnsafeContinuation { continuation in
            startThread(named: "apus-digest") {
                do throws(ProviderError) {
                    continuation.resume(returning: .success(try digestWaiting(path)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// The SHA-256 of a file, in 64 hexadecimal digits; waits for it on this thread.
    package static func digestWaiting(_ path: String) throws(ProviderError) -> String {
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw ProviderError(.notStarted, "\(SystemError.last("read the program '\(path)'"))")
        }
        let time = information.st_mtim
        let key = "\(information.st_dev) \(information.st_ino) \(information.st_size) \(time.tv_sec).\(time.tv_nsec)"
        if let digest = known.withLock({ $0[key] }) { return digest }
        let command = SchedulerCommand("sha256sum", ["--", path], timeout: .seconds(300))
        let outcome = try command.runAndWait().get()
        guard outcome.exitCode == 0 else { throw command.refusal(outcome) }
        let output = outcome.standardOutput
        // A name with a backslash is announced by one.
        let digest = String(output.drop { $0 == "\\" }.prefix(64))
        guard digest.count == 64, digest.allSatisfy(\.isHexDigit) else {
            throw ProviderError(
                .unreadableAnswer, "sha256sum printed no digest", command: command.text, output: output)
        }
        known.withLock { $0[key] = digest }
        return digest
    }
}

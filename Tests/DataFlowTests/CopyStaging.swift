import DataFlow
import Glibc
import SystemSupport

/// A provider as a user would write one: `copy:/path` is a copy of a file, in and out; each transfer leaves a line in the
/// file `log`.
struct CopyStaging: StagingProvider {
    var mode: StagingMode
    var log: String

    var name: String { "copy" }

    func mode(for file: File, _ direction: StagingDirection) -> StagingMode? { file.scheme == "copy" ? mode : nil }

    func stageIn(_ file: File, to path: String) async throws {
        try note("in \(file.path)")
        guard access(file.path, R_OK) == 0 else {
            throw StagingError(.notFound, file: file, provider: name, "there is no '\(file.path)' to copy")
        }
        try SmallFile.write(try SmallFile.read(file.path), to: path, mode: 0o600)
    }

    func stageOut(_ path: String, to file: File) async throws {
        try note("out \(file.path)")
        try SmallFile.write(try SmallFile.read(path), to: file.path, mode: 0o600)
    }

    private func note(_ line: String) throws {
        let descriptor = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("open the log of the test") }
        defer { close(descriptor) }
        let bytes = Array((line + "\n").utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SystemError.last("write the log") }
    }
}

import Glibc
import SystemSupport

/// Files of a file system that all hosts see: nothing is moved.
public struct SharedFileStaging: StagingProvider {
    /// The provider of `file:`.
    public init() {}

    /// `shared file system`.
    public var name: String { "shared file system" }

    /// In the app's own run, for every `file:`.
    public func mode(for file: File, _ direction: StagingDirection) -> StagingMode? {
        file.scheme == "file" ? .inTask : nil
    }

    /// The path itself.
    public func localPath(for file: File, in directory: String) -> String { file.path }

    /// Checks that the file is there.
    ///
    /// - Throws: ``StagingError`` when it is not, or cannot be read.
    public func stageIn(_ file: File, to path: String) async throws {
        guard access(path, F_OK) == 0 else {
            throw StagingError(
                .notFound, file: file, provider: name,
                "there is no '\(path)' on \(CurrentProcess.hostName): \(String(cString: strerror(errno))); a file: must "
                    + "be on a file system that the workers see at the same path")
        }
        guard access(path, R_OK) == 0 else {
            throw StagingError(
                .localFile, file: file, provider: name,
                "'\(path)' cannot be read on \(CurrentProcess.hostName): \(String(cString: strerror(errno)))")
        }
    }

    /// The app has written the file where it belongs.
    public func stageOut(_ path: String, to file: File) async throws {}
}

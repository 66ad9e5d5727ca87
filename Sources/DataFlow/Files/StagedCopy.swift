import Glibc
import SystemSupport

/// Moves one file with one provider, safely: a name is there only when all of the file is.
enum StagedCopy {
    /// Brings a file to its place, unless it is there.
    static func bringIn(_ file: File, with provider: any StagingProvider, to path: String) async throws {
        try await translated(file, provider) {
            let isInPlace = file.scheme == "file" && path == file.path
            if isInPlace {
                try await provider.stageIn(file, to: path)
                return try check(file, provider, path)
            }
            // Places are of one run, and complete when they are there.
            if LocalPath.exists(path) { return try check(file, provider, path) }
            try LocalPath.makeDirectory(LocalPath.directory(path), mode: 0o700)
            let temporary = LocalPath.temporary(beside: path)
            defer { unlink(temporary) }
            try await provider.stageIn(file, to: temporary)
            guard LocalPath.exists(temporary) else {
                throw StagingError(
                    .transferFailed, file: file, provider: provider.name,
                    "the provider reported success, but made no file at '\(temporary)'")
            }
            try check(file, provider, temporary)
            try LocalPath.move(temporary, to: path)
        }
    }

    /// Takes a file from its place to where it shall be.
    static func takeOut(_ path: String, with provider: any StagingProvider, to file: File) async throws {
        try await translated(file, provider) {
            // It may have been made by another task, whose machine has another file system.
            guard LocalPath.exists(path) else {
                throw StagingError(
                    .localFile, file: file, provider: provider.name,
                    "there is no '\(path)' on \(CurrentProcess.hostName); with separate tasks every worker must see the "
                        + "working directory, else use the provider in the task")
            }
            try await provider.stageOut(path, to: file)
        }
    }

    private static func check(_ file: File, _ provider: any StagingProvider, _ path: String) throws {
        guard let expected = file.checksum else { return }
        let found = try FileChecksum.of(path)
        guard found == expected else {
            throw StagingError(
                .damaged, file: file, provider: provider.name,
                "its SHA-256 is \(found), and \(expected) was expected; the file has changed, or was damaged on its way",
                received: LocalPath.size(path))
        }
    }

    /// Every failure says which file and which provider.
    private static func translated(
        _ file: File, _ provider: any StagingProvider, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as StagingError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch let error as SystemError {
            throw StagingError(.localFile, file: file, provider: provider.name, error.description)
        } catch {
            throw StagingError(.transferFailed, file: file, provider: provider.name, "\(error)")
        }
    }
}

import Glibc
import SystemSupport
import WorkflowCore

/// Files inside of zip archives: `zip:/path/of/archive.zip/name/inside`, in and out.
///
/// Stored and deflated members are read; what is put into an archive is stored. The archive must be on a file system that
/// the machine of the app sees. Writers of one archive wait for each other, by a lock on `archive.zip.lock`, and a writer
/// that is killed leaves the archive as it was.
public struct ZipFileStaging: StagingProvider {
    /// When files are moved.
    public var mode: StagingMode

    /// A provider for `zip:`.
    ///
    /// - Parameter mode: when files are moved.
    public init(mode: StagingMode = .separateTask) { self.mode = mode }

    /// `zip`.
    public var name: String { "zip" }

    /// Takes `zip:`, both ways.
    public func mode(for file: File, _ direction: StagingDirection) -> StagingMode? {
        file.scheme == "zip" ? mode : nil
    }

    /// Reads the member.
    ///
    /// - Throws: ``StagingError`` when archive or member are not there, or damaged.
    public func stageIn(_ file: File, to path: String) async throws {
        let place = try location(of: file)
        try explained(file, place) {
            guard LocalPath.exists(place.archive) else {
                throw StagingError(
                    .notFound, file: file, provider: name,
                    "there is no archive '\(place.archive)' on \(CurrentProcess.hostName)")
            }
            let archive = try ZipArchive(place.archive)
            guard let entry = archive.entry(named: place.member) else {
                let names = Counted.list(archive.entries.map { "'\($0.name)'" }, limit: 10)
                throw StagingError(
                    .notFound, file: file, provider: name,
                    "the archive '\(place.archive)' has no '\(place.member)'; it has \(names.isEmpty ? "nothing" : names)"
                )
            }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SystemError.last("create '\(path)'") }
            defer { close(descriptor) }
            try archive.extract(entry) { try DescriptorIO.writeFully(descriptor, $0) }
        }
    }

    /// Puts the file into the archive.
    ///
    /// - Throws: ``StagingError`` when the archive cannot be read or written.
    public func stageOut(_ path: String, to file: File) async throws {
        let place = try location(of: file)
        try explained(file, place) { try ZipWriter.add(path, as: place.member, to: place.archive) }
    }

    private func location(of file: File) throws(StagingError) -> ZipLocation {
        guard let place = ZipLocation(path: file.path) else {
            throw StagingError(.refused, file: file, provider: name, "write zip:/path/of/archive.zip/name/inside")
        }
        return place
    }

    private func explained(_ file: File, _ place: ZipLocation, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ZipArchive.Fault {
            throw StagingError(
                .damaged, file: file, provider: name, "'\(place.archive)', member '\(place.member)': \(error)")
        } catch let error as Inflater.Fault {
            throw StagingError(
                .damaged, file: file, provider: name, "'\(place.archive)', member '\(place.member)': \(error)")
        }
    }
}

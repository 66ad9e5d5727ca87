/// Brings files of some kind to the machines where apps run, and takes files from there: a plug-in.
///
/// A workflow has an ordered list of providers; for each file the first one that takes it is used. A provider is a plain
/// value: worker processes make it again from the configuration of the program, which is theirs as well.
public protocol StagingProvider: Sendable, Hashable {
    /// Its name in errors, unique in the list.
    var name: String { get }

    /// How this provider stages the file; `nil` when it does not.
    func mode(for file: File, _ direction: StagingDirection) -> StagingMode?

    /// Where the file lies for apps, below a directory of this run that is made when something is put there.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - directory: a directory for this file alone.
    func localPath(for file: File, in directory: String) -> String

    /// Brings the file to a path of this machine; runs on the machine of the app.
    ///
    /// The path is one that nobody else looks at, in a directory that exists: the file is renamed when it is complete and
    /// its checksum right. It is removed when this throws.
    func stageIn(_ file: File, to path: String) async throws

    /// Takes a file of this machine to where it shall be; runs on the machine of the app.
    func stageOut(_ path: String, to file: File) async throws
}

/// Which way a file goes.
public enum StagingDirection: String, Codable, Sendable, Hashable {
    /// To the app.
    case stageIn
    /// From the app.
    case stageOut
}

/// When a file is moved.
public enum StagingMode: String, Codable, Sendable, Hashable {
    /// By a task of its own, on the executor of the app: shown and tried again as such, and done once for all calls that
    /// want the file.
    ///
    /// For executors whose workers all see the working directory.
    case separateTask
    /// By the worker that runs the app, before or after its body: tried again with the app.
    case inTask
}

extension StagingProvider {
    /// The file's own name, in the directory.
    public func localPath(for file: File, in directory: String) -> String { directory + "/" + file.filename }

    /// Refuses; for providers that bring no files in.
    public func stageIn(_ file: File, to path: String) async throws {
        throw StagingError(.noProvider, file: file, provider: name, "this provider only stages out")
    }

    /// Refuses; for providers that take no files out.
    public func stageOut(_ path: String, to file: File) async throws {
        throw StagingError(.noProvider, file: file, provider: name, "this provider only stages in")
    }
}

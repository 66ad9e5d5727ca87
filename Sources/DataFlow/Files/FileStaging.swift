/// How a workflow's files reach its apps.
public struct FileStaging: Sendable {
    /// When staged files are removed.
    public enum Cleaning: String, Sendable, Hashable, Codable {
        /// When the workflow ends, as far as the submitting machine sees them.
        case atEnd
        /// When the call that wanted them has ended, by the worker: for directories that each node has for itself.
        ///
        /// What a separate task has brought is shared by calls, and is removed when the workflow ends.
        case afterTask
        /// Never.
        case never
    }

    /// Who stages files: for each file the first provider that takes it.
    public var providers: [any StagingProvider]
    /// Where staged files go, each run into a directory of its own; `nil` is `files` in the run directory.
    ///
    /// With providers that use tasks of their own, every worker must see it at this path.
    public var workingDirectory: String?
    /// When staged files are removed.
    public var cleaning: Cleaning

    /// Describes how files are staged.
    ///
    /// - Parameters:
    ///   - providers: who stages files; the first that takes a file does.
    ///   - workingDirectory: where staged files go; `nil` is `files` in the run directory.
    ///   - cleaning: when they are removed.
    public init(
        providers: [any StagingProvider] = FileStaging.standardProviders, workingDirectory: String? = nil,
        cleaning: Cleaning = .atEnd
    ) {
        self.providers = providers
        self.workingDirectory = workingDirectory
        self.cleaning = cleaning
    }

    /// What is there without saying anything: `file:`, `ftp:`, `zip:`, `rsync:`.
    public static var standardProviders: [any StagingProvider] {
        [SharedFileStaging(), ZipFileStaging(), FTPStaging(), RSyncStaging()]
    }

    /// What is wrong with the values; `nil` when they can work.
    package var fault: String? {
        var names: Set<String> = []
        for provider in providers where !names.insert(provider.name).inserted {
            return "two staging providers are called '\(provider.name)'; give one another name"
        }
        if workingDirectory == "" { return "the working directory of files is empty; name one, or nil" }
        return nil
    }
}

extension FileStaging: Equatable {
    /// Two are equal when they have equal providers in the same order, and all else is equal.
    public static func == (one: FileStaging, other: FileStaging) -> Bool {
        one.providers.map { AnyHashable($0) } == other.providers.map { AnyHashable($0) }
            && one.workingDirectory == other.workingDirectory && one.cleaning == other.cleaning
    }
}

import SystemSupport

/// The providers that running apps use.
package enum StagingScope {
    /// Those of the kernel whose call runs, on threads.
    @TaskLocal static var ofCall: [any StagingProvider]?
    private static let ofProcess = Locked<[any StagingProvider]>(FileStaging.standardProviders)

    /// Declares the providers of this process, a worker.
    package static func becomeWorker(_ files: FileStaging) { ofProcess.withLock { $0 = files.providers } }

    static var providers: [any StagingProvider] { ofCall ?? ofProcess.withLock { $0 } }

    static func provider(named name: String, for file: File) throws(StagingError) -> any StagingProvider {
        guard let provider = providers.first(where: { $0.name == name }) else {
            throw StagingError(
                .noProvider, file: file, provider: name,
                "the worker does not have this provider; it has \(providers.map(\.name)). A worker makes its configuration "
                    + "itself: it must not depend on what only the submitting program knows")
        }
        return provider
    }
}

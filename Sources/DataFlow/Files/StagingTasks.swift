/// One file to be moved by a task of its own.
struct StagingJob: AppValue, FileFree {
    var url: String
    var checksum: String?
    /// Where the copy is.
    var path: String
    var provider: String

    init(_ file: File, path: String, provider: String) {
        url = file.url
        checksum = file.checksum
        self.path = path
        self.provider = provider
    }

    /// The file and who moves it, on the machine where the task runs.
    func resolved() throws -> (file: File, provider: any StagingProvider) {
        let file = try File(url, checksum: checksum)
        return (file, try StagingScope.provider(named: provider, for: file))
    }
}

/// The apps by which files are moved; every program has them.
enum StagingTasks {
    static let stageIn = app("apus.stage-in") { (job: StagingJob) async throws in
        let (file, provider) = try job.resolved()
        try await StagedCopy.bringIn(file, with: provider, to: job.path)
    }

    static let stageOut = app("apus.stage-out") { (job: StagingJob) async throws in
        let (file, provider) = try job.resolved()
        try await StagedCopy.takeOut(job.path, with: provider, to: file)
    }

    /// What programs do not list among their apps.
    static let names: Set = ["apus.stage-in", "apus.stage-out"]

    /// Declares both: to be called before a table of apps is sealed.
    static func declare() { _ = (stageIn.name, stageOut.name) }
}

import SystemSupport
import WorkflowCore

/// Decides how the files of a workflow's calls are staged, and remembers what has been.
final class FileStager: Sendable {
    private struct Arrival: Hashable {
        var job: String
        var executor: String
    }

    private struct Content {
        /// What separate tasks bring, or have brought.
        var arrivals: [Arrival: AppFuture<Nothing>] = [:]
        /// How often a file was made by this workflow: older copies of it are not used again.
        var generations: [String: Int] = [:]
        var wasUsed = false
    }

    let files: FileStaging
    /// The directory of this run's staged files.
    let directory: String
    private let content = Locked(Content())

    init(_ files: FileStaging, context: ExecutorContext) {
        self.files = files
        let parent = files.workingDirectory ?? context.runDirectory + "/files"
        directory = LocalPath.absolute(parent) + "/\(context.runID)"
    }

    /// Who stages a file, and how.
    func provider(
        for file: File, _ direction: StagingDirection
    ) throws(StagingError) -> (provider: any StagingProvider, mode: StagingMode) {
        for provider in files.providers {
            if let mode = provider.mode(for: file, direction) { return (provider, mode) }
        }
        let known = files.providers.map(\.name).joined(separator: ", ")
        throw StagingError(
            .noProvider, file: file, provider: "none",
            "no provider \(direction == .stageIn ? "brings in" : "takes out") files of '\(file.scheme):'; the workflow has "
                + "\(known.isEmpty ? "none" : known); add one to `files.providers` of the configuration")
    }

    /// Decides where the files of a call are staged, and which tasks of their own that takes.
    ///
    /// - Parameters:
    ///   - found: the files among the arguments.
    ///   - call: the call.
    ///   - declared: outputs that were known when the call was made.
    func plan(
        _ found: [FoundFile], for call: TaskID, declared: [OutputFile]
    ) throws(StagingError) -> (plan: StagingPlan, jobs: [StagingJob]) {
        var inputs: [File: StagedPlace] = [:]
        var outputs: [File: StagedPlace] = [:]
        var jobs: [StagingJob] = []
        for item in found {
            if item.isOutput {
                var (place, isSeparate) = try outputPlace(of: item.file, call)
                // Nobody waits for a task of its own when the call did not know of the file.
                if isSeparate, declared.contains(OutputFile(item.file)) { place.provider = nil }
                outputs[item.file] = place
            } else {
                let (provider, mode) = try provider(for: item.file, .stageIn)
                let isTemporary = mode == .inTask && files.cleaning == .afterTask
                let path = provider.localPath(
                    for: item.file, in: inputDirectory(of: item.file, call: isTemporary ? call : nil))
                if mode == .separateTask {
                    jobs.append(StagingJob(item.file, path: path, provider: provider.name))
                }
                inputs[item.file] = StagedPlace(
                    path: path, provider: mode == .inTask ? provider.name : nil,
                    isTemporary: isTemporary && path.hasPrefix(directory))
            }
        }
        return (StagingPlan(providers: files.providers, inputs: inputs, outputs: outputs), jobs)
    }

    /// Where the app writes an output, and whether a task of its own takes it from there.
    func outputPlace(
        of file: File, _ call: TaskID
    ) throws(StagingError) -> (place: StagedPlace, isSeparate: Bool) {
        let (provider, mode) = try provider(for: file, .stageOut)
        content.withLock { $0.wasUsed = true }
        let path = provider.localPath(for: file, in: "\(directory)/out/\(call)-\(FileChecksum.short(file.url))")
        let isTemporary = mode == .inTask && files.cleaning == .afterTask && path.hasPrefix(directory)
        return (
            StagedPlace(path: path, provider: provider.name, isTemporary: isTemporary), mode == .separateTask
        )
    }

    private func inputDirectory(of file: File, call: TaskID?) -> String {
        let generation = content.withLock { content in
            content.wasUsed = true
            return content.generations[file.url] ?? 0
        }
        let name = FileChecksum.short("\(generation) \(file.url)")
        return call.map { "\(directory)/task-\($0)/\(name)" } ?? "\(directory)/in/\(name)"
    }

    /// The task that brings a file, the one there is or the one that `submit` makes.
    func arrival(
        of job: StagingJob, executor: String, _ submit: () -> AppFuture<Nothing>
    ) -> AppFuture<Nothing> {
        let key = Arrival(job: "\(job.checksum ?? "") \(job.path)", executor: executor)
        if let present = content.withLock({ $0.arrivals[key] }), present.failure == nil { return present }
        let future = submit()
        // Two at once bring the file twice, to the same place; the second finds it there.
        content.withLock { $0.arrivals[key] = future }
        return future
    }

    /// Notes that a file is there anew.
    func wasMade(_ file: File) { content.withLock { $0.generations[file.url, default: 0] += 1 } }

    /// Removes what was staged.
    func clean() {
        guard files.cleaning != .never, content.withLock({ $0.wasUsed }) else { return }
        LocalPath.removeTree(directory)
    }
}

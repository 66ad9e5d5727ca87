import DataFlow
import WorkflowCore

/// Turns the settings of a workflow into the keeper of its results.
enum CheckpointSetup {
    /// Loads earlier results and creates the run's checkpoint, as far as the configuration asks for them.
    static func memoizer(_ configuration: WorkflowConfiguration, run: String, table: TaskTable) throws -> Memoizer {
        let timing = timing(of: configuration.checkpoint)
        let loading = configuration.checkpointLoading ?? (timing == nil ? .none : .all)
        // The program file is read only where its identity is of use.
        let needsBuild = configuration.strictCache || timing != nil || loading != .none
        guard needsBuild else { return Memoizer() }
        let build = try BuildIdentity.current()
        let loaded = try load(loading, configuration, table, build)
        let writer = try timing.map { timing in
            try CheckpointWriter(
                path: try CheckpointDirectory.makeFile(inRun: run), build: build, timing: timing, warn: warn)
        }
        return Memoizer(
            loading: loaded, writer: writer, build: configuration.strictCache ? build : nil,
            copiesServed: loading != .all, warn: warn)
    }

    private static func timing(of mode: WorkflowConfiguration.CheckpointMode) -> CheckpointTiming? {
        switch mode {
        case .never: nil
        case .taskExit: .atOnce
        case .periodic(let period): .every(period)
        case .atExit: .atEnd
        case .manual: .onRequest
        }
    }

    private static func load(
        _ loading: WorkflowConfiguration.CheckpointLoading, _ configuration: WorkflowConfiguration,
        _ table: TaskTable, _ build: BuildIdentity
    ) throws -> LoadedCheckpoints? {
        let paths: [String]
        var namedByUser = false
        switch loading {
        case .none: return nil
        case .latest: paths = CheckpointDirectory.files(in: configuration.runDirectory).suffix(1)
        case .all: paths = CheckpointDirectory.files(in: configuration.runDirectory)
        case .files(let named):
            paths = named
            namedByUser = true
        }
        let loaded = try LoadedCheckpoints(paths: paths, table: table, build: build, strict: namedByUser)
        if !loaded.report.isClean { warn("checkpoint: \(loaded.report)") }
        let others = loaded.report.filesOfOtherBuilds
        if others > 0, !configuration.strictCache {
            warn(
                "checkpoint: \(others == 1 ? "1 file was" : "\(others) files were") written by another build of this "
                    + "program; raise an app's version when its meaning has changed, or set strictCache")
        }
        return loaded
    }

    @Sendable private static func warn(_ text: String) { StandardError.write("apus: \(text)\n") }
}

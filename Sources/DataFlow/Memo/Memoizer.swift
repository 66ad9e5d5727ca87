package import SystemSupport
package import WorkflowCore

/// Keeps the results of cached apps: those of this run in memory, those of earlier runs in their files.
package final class Memoizer: Sendable {
    private let state: Locked<MemoState>
    private let reader: CheckpointReader?
    private let writer: CheckpointWriter?
    /// Goes into every key when only results of this very build may be used.
    let build: BuildIdentity?
    private let copiesServed: Bool
    private let warn: @Sendable (String) -> Void
    private let warnedApps = Locked<Set<String>>([])

    /// An empty table, without files.
    package convenience init() {
        self.init(loading: nil, writer: nil, build: nil, copiesServed: false) { _ in }
    }

    /// A table that begins with the results of earlier runs.
    ///
    /// - Parameters:
    ///   - loading: the results of earlier runs, with the table that holds their keys.
    ///   - writer: where results of this run are recorded.
    ///   - build: the identity of the build, when only its own results may be used.
    ///   - copiesServed: whether results of earlier runs are recorded again when they are used.
    ///   - warn: takes a line for people.
    package init(
        loading: LoadedCheckpoints?, writer: CheckpointWriter?, build: BuildIdentity?, copiesServed: Bool,
        warn: @escaping @Sendable (String) -> Void
    ) {
        state = Locked(loading?.state ?? MemoState())
        reader = loading?.reader
        self.writer = writer
        self.build = build
        self.copiesServed = copiesServed
        self.warn = warn
    }

    /// How many calls were completed without running.
    package var servedCount: Int { state.withLock { $0.servedCount } }

    /// How many results there are.
    package var entryCount: Int { state.withLock { $0.entryCount } }

    func handle(_ event: MemoState.Event) -> [MemoState.Effect] {
        var effects: [MemoState.Effect] = []
        state.withLock { $0.handle(event, into: &effects) }
        return effects
    }

    /// Takes a call back that waits for an equal one; false when it does not wait.
    func withdraw(_ task: TaskID) -> Bool { !handle(.withdrawn(task)).isEmpty }

    /// The key of a call that runs for all equal ones.
    func key(of task: TaskID) -> MemoKey? { state.withLock { $0.key(of: task) } }

    /// The value of an entry for one call; `nil` when it cannot be read, which has been said then.
    func value(of entry: MemoEntry, _ key: MemoKey, for call: any KernelCall) -> (any Sendable)? {
        switch entry {
        case .value(let value): return value.value
        case .stored(let record):
            guard let reader else { return nil }
            let definition = call.definition
            do {
                let bytes = try reader.result(of: record)
                let value = try call.value(of: .encoded(message: bytes, range: 0..<bytes.count))
                // Those who ask next find the value itself; and it is recorded again at most once.
                _ = handle(.loaded(key, .value(MemoValue(value))))
                if copiesServed {
                    writer?.append(
                        key: key, task: definition.name, version: definition.version, result: bytes)
                }
                return value
            } catch {
                warnOnce(
                    definition.name,
                    "a stored result of '\(definition.name)' (version \(definition.version)) cannot be used, so the "
                        + "call runs again: \(error). When the result's type changes, raise the app's version")
                return nil
            }
        }
    }

    /// Records the result of a call that has run.
    func record(_ call: any KernelCall, _ key: MemoKey, _ outcome: TaskOutcome) {
        guard let writer else { return }
        let definition = call.definition
        do {
            let bytes = try call.resultBytes(of: outcome)
            guard bytes.count <= CheckpointFormat.largestResult else {
                return warnOnce(
                    definition.name,
                    "a result of '\(definition.name)' has \(bytes.count) bytes and is not recorded; the limit is "
                        + "\(CheckpointFormat.largestResult)")
            }
            writer.append(key: key, task: definition.name, version: definition.version, result: bytes)
        } catch {
            warnOnce(definition.name, "a result of '\(definition.name)' cannot be recorded: \(error)")
        }
    }

    /// Writes all records that have come; returns how many, or `nil` when this run writes none.
    package func checkpoint() throws(SystemError) -> Int? { try writer?.flush() }

    /// Ends the writing.
    package func close() { writer?.close() }

    /// One line for each app: a thousand calls have the same fault.
    private func warnOnce(_ app: String, _ text: String) {
        if warnedApps.withLock({ $0.insert(app).inserted }) { warn("checkpoint: \(text)") }
    }
}

/// The results of earlier runs, ready for use.
package struct LoadedCheckpoints: Sendable {
    let reader: CheckpointReader
    fileprivate let state: MemoState

    /// What was found in the files.
    package var report: CheckpointReport { reader.report }

    /// Reads the index of the files, later ones over earlier ones.
    ///
    /// - Parameters:
    ///   - paths: the files.
    ///   - table: the tasks of this program.
    ///   - build: the identity of this program; `nil` compares nothing.
    ///   - strict: whether a file that is no checkpoint is an error; else it is reported.
    /// - Throws: when a file cannot be opened or read.
    package init(paths: [String], table: TaskTable, build: BuildIdentity?, strict: Bool) throws {
        var state = MemoState()
        var none: [MemoState.Effect] = []
        reader = try CheckpointReader(paths: paths, table: table, build: build, strict: strict) { key, record in
            state.handle(.loaded(key, .stored(record)), into: &none)
        }
        self.state = state
    }
}

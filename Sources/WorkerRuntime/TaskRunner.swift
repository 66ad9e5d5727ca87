@preconcurrency import Glibc  // why: `stdout` and `stderr` are variables there
import PickleCoding
import SystemSupport
import WireProtocol
import WorkflowCore

/// Runs tasks one after the other, and answers each.
struct TaskRunner {
    let table: TaskTable
    let configuration: WorkerConfigurationMessage
    let sink: ResultSink
    let running: RunningTask
    private let processID = Int(CurrentProcess.pid)
    private var errorTail = OutputTail()

    init(table: TaskTable, configuration: WorkerConfigurationMessage, sink: ResultSink, running: RunningTask) {
        self.table = table
        self.configuration = configuration
        self.sink = sink
        self.running = running
    }

    /// Runs the task of one task message and writes its result.
    ///
    /// - Throws: ``WireError`` when the message has no task number to answer to; ``SystemError`` when the manager is gone.
    mutating func run(_ message: [UInt8]) throws {
        let envelope = try message.withUnsafeBytes { bytes throws(WireError) in try TaskEnvelope.parseBatch(bytes) }
        guard envelope.count == 1, let envelope = envelope.first else {
            throw WireError(.malformed, "a task frame with \(envelope.count) tasks; it has one")
        }
        let context =
            envelope.contextIsEmpty ? nil : message.withUnsafeBytes { TaskContext.all(in: $0) }.first
        let start = Monotonic.nanoseconds
        guard let run = running.begin(envelope.taskID, walltime: context?.walltime, at: start) else {
            return try sink.write(.result, unbegun(envelope.taskID))
        }
        let monitored = configuration.monitoring ? context?.monitored.map(MonitoredTask.init(context:)) : nil
        if let monitored { try report(monitored.began(self)) }
        let usage = monitored == nil ? nil : CurrentProcess.usage()

        let answer: [UInt8]
        var app = "unknown"
        do {
            let definition: TaskDefinition
            let arguments: Range<Int>
            (definition, arguments) = try find(message, envelope.buffer)
            app = definition.name
            let body = definition.body
            let value = EncodedArguments(message: message, range: arguments)
            let outcome = running.loop.run(run) { try await body(value) }
            // What a body returns after it was asked to stop may be half of a result.
            if let cause = running.end() { throw Stopped(cause: cause) }
            answer = ResultEnvelope.encode(taskID: envelope.taskID, kind: .result, serialized: try outcome.get())
            flush()
        } catch {
            _ = running.end()
            flush()
            let report = FailureReport(
                app: app, host: configuration.host, worker: configuration.index,
                elapsed: Double(Monotonic.nanoseconds &- start) / 1e9, standardErrorTail: errorTail.take())
            answer = ResultEnvelope.encode(
                taskID: envelope.taskID, kind: .exception, payload: report.payload(for: error))
        }
        if let monitored, let usage {
            try report(monitored.used(self, CurrentProcess.usage() - usage))
            try report(monitored.ended(self))
        }
        try sink.write(.result, answer)
        errorTail.skip()
    }

    /// The answer of a task that was cancelled before it began.
    private func unbegun(_ task: Int) -> [UInt8] {
        let error = ExecutionError(
            .cancelled,
            "was cancelled in worker \(configuration.index) on \(configuration.host) before it began; it did not run")
        return ResultEnvelope.encode(taskID: task, kind: .exception, payload: FailureBuffer.encode(error))
    }

    /// The task that the buffer names, and where its arguments lie.
    private func find(_ message: [UInt8], _ buffer: Range<Int>) throws -> (TaskDefinition, Range<Int>) {
        let call = try message.withUnsafeBytes { bytes throws(WireError) in
            try TaskCall.parse(bytes, range: buffer)
        }
        guard let definition = table[call.name], definition.version == call.version else {
            throw ExecutionError(.taskUnknown, unknown(call))
        }
        return (definition, call.arguments)
    }

    private func unknown(_ call: TaskCall) -> String {
        let names = table.rows.compactMap { row in row.split(separator: ":").first.map(String.init) }
        let known = names.isEmpty ? "none" : Counted.list(names, limit: 20)
        return "worker does not know task '\(call.name)' (version \(call.version)). It was built from "
            + "\(table.fingerprint); tasks it knows: \(known). Rebuild or restart the workers."
    }

    private func report(_ event: MonitoringEvent) throws(SystemError) {
        try sink.write(.monitoring, ManagerMessage.encodeMonitoring(event))
    }

    /// What a task printed is in the worker's files before its result is on the way.
    private func flush() {
        fflush(stdout)
        fflush(stderr)
    }

    /// A task whose start and end are reported.
    struct MonitoredTask {
        let context: TaskContext.Monitored

        func began(_ runner: TaskRunner) -> MonitoringEvent { event(runner, isStart: true) }

        func ended(_ runner: TaskRunner) -> MonitoringEvent { event(runner, isStart: false) }

        private func event(_ runner: TaskRunner, isStart: Bool) -> MonitoringEvent {
            .workerTask(
                WorkerTaskEvent(
                    runID: runner.configuration.runID, taskID: context.task, tryNumber: context.number,
                    host: runner.configuration.host, blockID: runner.configuration.blockID,
                    processID: runner.processID, isStart: isStart, time: WallClock.seconds))
        }

        func used(_ runner: TaskRunner, _ usage: ResourceUsage) -> MonitoringEvent {
            .taskResources(
                TaskResourceEvent(
                    runID: runner.configuration.runID, taskID: context.task, tryNumber: context.number,
                    host: runner.configuration.host, processID: runner.processID, time: WallClock.seconds,
                    userSeconds: Double(usage.userNanoseconds) / 1e9,
                    systemSeconds: Double(usage.systemNanoseconds) / 1e9,
                    maximumResidentBytes: Int(usage.maxResidentBytes),
                    voluntarySwitches: Int(usage.voluntarySwitches),
                    involuntarySwitches: Int(usage.involuntarySwitches)))
        }
    }
}

import SystemSupport
import WireProtocol

/// One worker process and the stream to it.
final class WorkerProcess {
    let process: ChildProcess
    /// The manager's end of the stream; does not block.
    let descriptor: Int32
    let incoming = IncomingFrames()
    var outgoing = OutgoingFrames()
    /// What the worker reads even while a task runs.
    let control: ControlStream
    /// The stream is closed at the worker's end; it is watched no more.
    var hasClosed = false
    /// Whether the poller watches for room to write.
    var awaitsRoom = false

    /// Starts a worker; descriptor 3 is its stream, 4 the control stream.
    ///
    /// What binds it to processors and devices is there from its first instruction: libraries look when they are loaded.
    init(
        _ configuration: ManagerConfiguration, output: WorkerOutput, _ binding: WorkerBinding, node: NodeInventory
    ) throws {
        let (stream, workersControl) = try ControlStream.make()
        control = stream
        defer { DescriptorIO.close(workersControl) }
        let (own, others) = try StreamPair.make()
        descriptor = own
        defer { DescriptorIO.close(others) }
        do {
            try StreamPair.setNonBlocking(own)
            var environment = configuration.workerEnvironment ?? EnvironmentVariables.all
            environment["APUS_ROLE"] = "worker"
            // Sixty lines of backtrace for each crash would bury the line that says why.
            if environment["SWIFT_BACKTRACE"] == nil { environment["SWIFT_BACKTRACE"] = "enable=no" }
            environment.merge(binding.variables) { $1 }
            HugePages.request(in: &environment)
            if let processors = binding.processors { try CurrentProcess.setAvailableCores(processors) }
            defer {
                // The child has taken over the mask of this thread. What was allowed a moment ago is allowed now.
                if binding.processors != nil { try? CurrentProcess.setAvailableCores(node.processors) }
            }
            process = try ChildProcess(
                spawning: ChildProcess.Options(
                    executable: configuration.workerCommand.executable,
                    arguments: configuration.workerCommand.arguments, environment: environment,
                    standardInput: .null, standardOutput: .file(output.outputPath, append: true),
                    standardError: .file(output.errorPath, append: true),
                    extraDescriptors: [(child: 3, parent: others), (child: 4, parent: workersControl)],
                    ownProcessGroup: true, endsGroupWithLeader: true))
        } catch {
            DescriptorIO.close(own)
            throw error
        }
    }

    deinit { DescriptorIO.close(descriptor) }
}

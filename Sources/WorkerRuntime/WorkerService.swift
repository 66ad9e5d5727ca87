@preconcurrency import Glibc  // why: `stdout` is a variable there
import SystemSupport
import WireProtocol
package import WorkflowCore

// A worker is one process with two threads. The task thread reads a frame, runs the task, writes the result, and takes
// the next: strictly in order, one at a time, and no result waits behind a running body. The control thread watches
// for the manager's end.

/// A worker process: runs the tasks its manager sends over a stream socket until the manager closes it.
package struct WorkerService: Sendable {
    /// As much as a main thread usually has twice over: recursive code that runs in the submitting program runs here.
    private static let stackSize = 16 << 20

    private let table: TaskTable
    private let descriptor: Int32
    private let controlDescriptor: Int32?

    /// A worker that knows the tasks of `table` and finds its manager at `descriptor`.
    ///
    /// The next descriptor, when it is a socket, is the control stream (wire document §15.4).
    package init(table: TaskTable, descriptor: Int32 = 3) {
        self.table = table
        self.descriptor = descriptor
        controlDescriptor = Self.isSocket(descriptor + 1) ? descriptor + 1 : nil
    }

    /// Serves until the end of the process; the calling thread sleeps.
    package func run() -> Never {
        start()
        while true { pause() }
    }

    /// Serves until the end of the process, and leaves the calling actor free, so that tasks can use the main actor.
    package func serve() async -> Never {
        start()
        while true {
            await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        }
    }

    /// Starts the two threads.
    package func start() {
        // Not for programs that tasks start.
        for descriptor in [descriptor, controlDescriptor].compactMap(\.self) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        WorkerEnd.armParentDeath()
        // A scheduler's warning goes to all processes of a job; the manager asks the body to stop.
        for number in [SIGUSR1, SIGUSR2] { CurrentProcess.ignoreSignal(number) }
        // By lines, so that a crash loses none and whoever watches sees them come.
        setvbuf(stdout, nil, _IOLBF, 0)
        startThread(named: "tasks", stackSize: Self.stackSize) { work() }
    }

    private func work() -> Never {
        do {
            let inbox = TaskInbox(descriptor: descriptor)
            let sink = ResultSink(descriptor: descriptor)
            let running = try RunningTask()
            guard let first = try inbox.next() else { WorkerEnd.endGroup() }
            guard first.kind == .configuration else {
                throw WireError(.unknownMessage, "the manager's first frame is not the configuration")
            }
            let configuration = try WorkerConfigurationMessage.decode(first.body)
            let failure = WorkerPlace(configuration).enter()
            ControlThread(
                descriptor: descriptor, controlDescriptor: controlDescriptor, inbox: inbox, sink: sink,
                running: running
            ).start()
            try sink.write(
                .ready,
                WorkerReadyMessage(
                    processID: Int(CurrentProcess.pid), fingerprint: table.fingerprint, rows: table.rows,
                    failure: failure
                ).encode())
            var runner = TaskRunner(table: table, configuration: configuration, sink: sink, running: running)
            while let frame = try inbox.next() {
                switch frame.kind {
                case .task: try runner.run(frame.body)
                case .placedTask:
                    let place = try TaskPlace(PlacedTask.placement(frame.body))
                    try runner.run(try PlacedTask.message(frame.body))
                    try place.leave()
                case .stop: WorkerEnd.finish()
                case .configuration, .cancel, .recall, .ready, .result, .monitoring, .returned, .overdue:
                    throw WireError(.unknownMessage, "a frame of kind \(frame.kind) from the manager")
                }
            }
            WorkerEnd.endGroup()
        } catch {
            WorkerEnd.fail("\(error)")
        }
    }

    private static func isSocket(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}

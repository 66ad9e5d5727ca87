import Glibc
import SystemSupport
import WireProtocol

/// What a worker does while a body runs: it ends with its manager, gives back tasks, stops the one that runs.
struct ControlThread: Sendable {
    /// Poll's name for "the other side has closed": seen without reading, so the task thread's bytes stay where they are.
    private static let peerClosed: Int16 = 0x2000  // POLLRDHUP

    let descriptor: Int32
    /// Where the manager's control frames come; `nil` when there is no such stream.
    let controlDescriptor: Int32?
    let inbox: TaskInbox
    let sink: ResultSink
    let running: RunningTask

    func start() {
        startThread(named: "control", stackSize: 256 * 1024) { watch() }
    }

    private func watch() -> Never {
        var entries = [
            pollfd(fd: descriptor, events: Self.peerClosed, revents: 0),
            pollfd(fd: running.alarmDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        if let controlDescriptor { entries.append(pollfd(fd: controlDescriptor, events: Int16(POLLIN), revents: 0)) }
        var frames = ControlFrames()
        var deadline = UInt64.max
        while true {
            let now = Monotonic.nanoseconds
            let wait = deadline == .max ? nil : deadline > now ? deadline - now : 0
            let count = poll(&entries, nfds_t(entries.count), DescriptorIO.milliseconds(wait))
            if count < 0, errno != EINTR { WorkerEnd.endGroup() }
            // Poll reports a descriptor's end and failure unasked.
            if count > 0, entries[0].revents != 0 { WorkerEnd.endGroup() }
            if count > 0, entries.count > 2, entries[2].revents != 0 { read(&frames, entries[2].fd) }
            deadline = lookAtTheTime()
        }
    }

    private func read(_ frames: inout ControlFrames, _ descriptor: Int32) {
        do {
            guard try frames.fill(from: descriptor) else { WorkerEnd.endGroup() }
            while let frame = try frames.next() {
                switch frame.kind {
                case .recall: try giveBack()
                case .cancel:
                    let tasks = try frame.body.withUnsafeBytes { bytes throws(WireError) in
                        try PackedIDs.decode(bytes)
                    }
                    for task in tasks { running.cancel(task) }
                default: throw WireError(.unknownMessage, "a control frame of kind \(frame.kind) from the manager")
                }
            }
        } catch {
            WorkerEnd.fail("could not do what the manager asked for: \(error)")
        }
    }

    private func giveBack() throws {
        var tasks: [Int] = []
        for body in try inbox.takeUnbegun() {
            tasks += try body.withUnsafeBytes { bytes throws(WireError) in
                try TaskEnvelope.parseBatch(bytes).map(\.taskID)
            }
        }
        if !tasks.isEmpty { try sink.write(.returned, PackedIDs.encode(tasks)) }
    }

    /// Stops a body whose walltime is over; returns when to look again.
    private func lookAtTheTime() -> UInt64 {
        let (overdue, next) = running.look(at: Monotonic.nanoseconds)
        guard let overdue else { return next }
        do {
            // First: what the body does about its cancellation may hold this thread up, and then the manager kills.
            try sink.write(.overdue, try overdue.message.encode())
        } catch {
            WorkerEnd.fail("could not report that a walltime is over: \(error)")
        }
        running.loop.cancel(overdue.run)
        return next
    }
}

/// The frames of the control stream, which are short.
struct ControlFrames {
    /// More than any control frame has.
    private static let longest = 4096

    private var bytes: [UInt8] = []

    /// Reads what is there; false when the manager has closed.
    mutating func fill(from descriptor: Int32) throws(SystemError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: Self.longest)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 { bytes += buffer[..<count] }
        if count < 0, ![EAGAIN, EINTR, ECONNRESET].contains(errno) { throw .last("read the control stream") }
        return count > 0 || (count < 0 && errno != ECONNRESET)
    }

    /// Takes out the next frame; `nil` when none is complete.
    mutating func next() throws -> TaskInbox.Frame? {
        guard bytes.count >= WorkerFrame.headerSize else { return nil }
        let frame = try header()
        guard frame.length <= Self.longest else {
            throw WireError(.malformed, "a control frame of \(frame.length) bytes; at most \(Self.longest) are taken")
        }
        let end = WorkerFrame.headerSize + frame.length
        guard bytes.count >= end else { return nil }
        defer { bytes.removeFirst(end) }
        return TaskInbox.Frame(kind: frame.kind, body: Array(bytes[WorkerFrame.headerSize..<end]))
    }

    private func header() throws -> WorkerFrame {
        try bytes.withUnsafeBytes { bytes throws(WireError) in try WorkerFrame.parse(bytes) }
    }
}

import Glibc
import SystemSupport
import WireProtocol

/// Watches the connection to the manager while bodies run: the worker ends with its manager whatever a body does.
struct ControlThread: Sendable {
    /// Poll's name for "the other side has closed": seen without reading, so the task thread's bytes stay where they are.
    private static let peerClosed: Int16 = 0x2000  // POLLRDHUP

    let descriptor: Int32
    /// Rung by the manager when it wants back what is not begun; `nil` when there is no such bell.
    let recallDescriptor: Int32?
    let inbox: TaskInbox
    let sink: ResultSink

    func start() {
        startThread(named: "control", stackSize: 256 * 1024) { watch() }
    }

    private func watch() {
        var entries = [pollfd(fd: descriptor, events: Self.peerClosed, revents: 0)]
        if let recallDescriptor { entries.append(pollfd(fd: recallDescriptor, events: Int16(POLLIN), revents: 0)) }
        while true {
            let count = poll(&entries, nfds_t(entries.count), -1)
            if count < 0 {
                if errno == EINTR { continue }
                WorkerEnd.endGroup()
            }
            // Poll reports a descriptor's end and failure unasked.
            if entries[0].revents != 0 { WorkerEnd.endGroup() }
            if entries.count > 1, entries[1].revents != 0 { giveBack(entries[1].fd) }
        }
    }

    private func giveBack(_ bell: Int32) {
        var rings: UInt64 = 0
        _ = read(bell, &rings, 8)
        do {
            var tasks: [Int] = []
            for body in try inbox.takeUnbegun() {
                tasks += try body.withUnsafeBytes { bytes throws(WireError) in
                    try TaskEnvelope.parseBatch(bytes).map(\.taskID)
                }
            }
            if !tasks.isEmpty { try sink.write(.returned, PackedIDs.encode(tasks)) }
        } catch {
            WorkerEnd.fail("could not give back tasks: \(error)")
        }
    }
}

import Glibc
package import SystemSupport
package import WorkflowCore

/// Writes monitoring events into a file, one JSON object a line.
package final class MonitoringFile: Sendable {
    private struct Content {
        var descriptor: Int32
        var pending: [UInt8] = []
        var lost = 0
    }

    private let content: Locked<Content>
    /// Events are written in pieces of this size, and when the file is closed.
    private static let pieceBytes = 1 << 16

    /// Opens the file for appending; makes it when it is not there.
    ///
    /// - Throws: `SystemError` naming the path.
    package init(path: String) throws(SystemError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .last("open the monitoring file \(path)", remedy: "its directory must exist and be writable")
        }
        content = Locked(Content(descriptor: descriptor))
    }

    /// Adds one event.
    package func record(_ event: MonitoringEvent) {
        let line = MonitoringJSON.line(event)
        content.withLock { content in
            content.pending.append(contentsOf: line.utf8)
            content.pending.append(0x0a)
            if content.pending.count >= Self.pieceBytes { Self.flush(&content) }
        }
    }

    /// Writes what is left and closes the file.
    package func close() {
        content.withLock { content in
            guard content.descriptor >= 0 else { return }
            Self.flush(&content)
            Glibc.close(content.descriptor)
            content.descriptor = -1
        }
    }

    private static func flush(_ content: inout Content) {
        defer { content.pending.removeAll(keepingCapacity: true) }
        guard content.descriptor >= 0 else { return }
        do throws(SystemError) {
            var failure: SystemError?
            content.pending.withUnsafeBytes { bytes in
                do throws(SystemError) {
                    try DescriptorIO.writeFully(content.descriptor, bytes)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        } catch {
            // A full disk must not stop the workflow; the count tells the reader that lines are missing.
            content.lost += 1
        }
    }
}

import Glibc
package import SystemSupport

/// When records go to the file.
package enum CheckpointTiming: Sendable, Equatable {
    /// Each at once, before its value is seen by anybody.
    case atOnce
    /// All that have come since, so often.
    case every(Duration)
    /// All at the end.
    case atEnd
    /// When asked.
    case onRequest
}

/// Appends records to one checkpoint file.
///
/// A record is one `write`: the end of the process, however sudden, cuts at most the last one short. The disk is
/// waited for only where many records are written together, and at the end.
package final class CheckpointWriter: Sendable {
    private struct Content {
        var pending: [UInt8] = []
        var pendingCount = 0
        /// Where the last whole record ends.
        var end: Int
        var warned = false
        var closed = false
    }

    /// Waiting records are written before their time beyond this many bytes, but for those written on request.
    private static let pendingLimit = 16 << 20

    /// The file.
    package let path: String
    private let descriptor: Int32
    private let timing: CheckpointTiming
    private let warn: @Sendable (String) -> Void
    private let content: Locked<Content>
    private let ending: WakeUp
    private let flusher = Locked<JoinableThread?>(nil)

    /// Creates the file, or opens one that is there; what follows its last whole record is cut off.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - build: the identity of this program.
    ///   - timing: when records go to the file.
    ///   - warn: takes a line for people when records cannot be written.
    /// - Throws: when the file cannot be written, or is no checkpoint.
    package init(
        path: String, build: BuildIdentity, timing: CheckpointTiming, warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.path = path
        self.timing = timing
        self.warn = warn
        ending = try WakeUp()
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError.last("create the checkpoint '\(path)'") }
        do {
            let found = try CheckpointScan.run(path: path, descriptor: descriptor) { _, _, _ in }
            let header = CheckpointFormat.header(build)
            let end = max(found.end, header.count)
            content = Locked(Content(end: end))
            if found.end == 0 { try Self.write(header, to: descriptor, at: 0, path) }
            guard ftruncate(descriptor, end) == 0 else { throw SystemError.last("shorten the checkpoint '\(path)'") }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        if case .every(let period) = timing { startFlushing(period) }
    }

    private func startFlushing(_ period: Duration) {
        let nanoseconds = max(1_000_000, period.clampedNanoseconds)
        let bell = ending
        let thread = startThread(named: "apus-checkpoint") { [weak self] in
            // The bell rings once, at the end; until then each wait takes one period.
            while (try? DescriptorIO.poll(bell.descriptor, .read, timeoutNanoseconds: nanoseconds))?.isEmpty == true {
                guard let self else { return }
                self.flushOrWarn()
            }
        }
        flusher.withLock { $0 = thread }
    }

    /// Takes one record.
    func append(key: MemoKey, task: String, version: Int, result: [UInt8]) {
        var frame: [UInt8] = []
        CheckpointFormat.append(key: key, task: task, version: version, result: result, to: &frame)
        let full = content.withLock { content in
            if content.closed { return false }
            content.pending += frame
            content.pendingCount += 1
            return timing == .atOnce || (timing != .onRequest && content.pending.count > Self.pendingLimit)
        }
        if full { flushOrWarn(synchronously: false) }
    }

    /// Writes all records that have come; returns how many.
    ///
    /// - Throws: when the file cannot be written; the records are kept for the next attempt.
    @discardableResult
    package func flush(synchronously: Bool = true) throws(SystemError) -> Int {
        let count = try content.withLock { content throws(SystemError) in
            guard !content.closed, content.pendingCount > 0 else { return 0 }
            do throws(SystemError) {
                try Self.write(content.pending, to: descriptor, at: content.end, path)
            } catch {
                // Half a record must not stay before the next attempt's.
                _ = ftruncate(descriptor, content.end)
                throw error
            }
            content.end += content.pending.count
            content.pending.removeAll(keepingCapacity: content.pending.count < 1 << 16)
            defer { content.pendingCount = 0 }
            return content.pendingCount
        }
        // Outside the lock: tasks that end meanwhile need not wait for the disk.
        if count > 0, synchronously, fdatasync(descriptor) != 0 {
            throw .last("bring the checkpoint '\(path)' to the disk")
        }
        return count
    }

    private func flushOrWarn(synchronously: Bool = true) {
        do throws(SystemError) {
            try flush(synchronously: synchronously)
        } catch {
            let first = content.withLock { content in
                defer { content.warned = true }
                return !content.warned
            }
            if first { warn("checkpoint: \(error); the workflow goes on, results are kept until they can be written") }
        }
    }

    /// Writes what has come, unless it waits for a request, and closes the file; a second call does nothing.
    package func close() {
        ending.ring()
        let thread = flusher.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
        if timing != .onRequest { flushOrWarn() }
        let mustClose = content.withLock { content in
            defer { content.closed = true }
            return !content.closed
        }
        if mustClose {
            _ = fdatasync(descriptor)
            Glibc.close(descriptor)
        }
    }

    deinit { close() }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, at offset: Int, _ path: String
    ) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done, offset + done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("write \(bytes.count) bytes to the checkpoint '\(path)'") }
            done += count
        }
    }
}

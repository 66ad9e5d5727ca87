import Glibc

/// Reading and writing of descriptors, with interruptions retried and would-block told apart from failure.
///
/// Writing to a closed peer gives `.end`, never SIGPIPE, for sockets; a process that writes pipes ignores SIGPIPE.
package enum DescriptorIO {
    /// Opens a file to write at its end, made when it is missing, for its owner alone.
    package static func openAppending(_ path: String) throws(SystemError) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .last("open '\(path)'") }
        return descriptor
    }

    /// What one read or write did.
    package enum Transfer: Equatable, Sendable {
        /// So many bytes went through.
        case bytes(Int)
        /// Nothing can be moved now; poll the descriptor.
        case wouldBlock
        /// The other side has closed.
        case end
    }

    /// Reads what is there, at most the size of `buffer`.
    package static func readSome(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Transfer {
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 || (count == 0 && buffer.isEmpty) { return .bytes(count) }
            if count == 0 { return .end }
            if let outcome = try outcome(of: errno, "read from descriptor \(descriptor)") { return outcome }
        }
    }

    /// Writes as much of `buffer` as fits.
    package static func writeSome(
        _ descriptor: Int32, _ buffer: UnsafeRawBufferPointer
    ) throws(SystemError) -> Transfer {
        while true {
            var count = send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == ENOTSOCK { count = write(descriptor, buffer.baseAddress, buffer.count) }
            if count >= 0 { return .bytes(count) }
            if let outcome = try outcome(of: errno, "write to descriptor \(descriptor)") { return outcome }
        }
    }

    /// Writes as much of two pieces as fits, in one call.
    package static func writeSome(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(SystemError) -> Transfer {
        if first.isEmpty { return try writeSome(descriptor, second) }
        if second.isEmpty { return try writeSome(descriptor, first) }
        while true {
            let count = gather(descriptor, first, second)
            if count >= 0 { return .bytes(count) }
            if let outcome = try outcome(of: errno, "write to descriptor \(descriptor)") { return outcome }
        }
    }

    /// Fills `buffer` from a blocking descriptor; false when the other side closed before the first byte.
    package static func readExactly(
        _ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Bool {
        var done = 0
        while done < buffer.count {
            switch try readSome(descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...])) {
            case .bytes(let count): done += count
            case .wouldBlock: try awaitEvents(descriptor, .read)
            case .end:
                guard done > 0 else { return false }
                throw SystemError(
                    code: ECONNRESET,
                    attempt: "read \(buffer.count) bytes from descriptor \(descriptor) (\(done) came)",
                    remedy: "the other process ended in the middle of a message; see its log")
            }
        }
        return true
    }

    /// Writes all of `buffer`, waiting as long as it takes.
    package static func writeFully(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) throws(SystemError) {
        try writeFully(descriptor, buffer, UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Writes two pieces one after the other, waiting as long as it takes.
    package static func writeFully(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(SystemError) {
        var done = 0
        let total = first.count + second.count
        while done < total {
            let head = UnsafeRawBufferPointer(rebasing: first[min(done, first.count)...])
            let tail = UnsafeRawBufferPointer(rebasing: second[max(0, done - first.count)...])
            switch try writeSome(descriptor, head, tail) {
            case .bytes(let count): done += count
            case .wouldBlock: try awaitEvents(descriptor, .write)
            case .end:
                throw SystemError(
                    code: EPIPE, attempt: "write \(total) bytes to descriptor \(descriptor)",
                    remedy: "the other process has ended; see its log")
            }
        }
    }

    /// Makes reads and writes return instead of waiting.
    package static func setNonBlocking(_ descriptor: Int32, _ on: Bool = true) throws(SystemError) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) == 0 else {
            throw .last("change the blocking of descriptor \(descriptor)")
        }
    }

    /// Closes a descriptor; a failed close has nothing the caller could do about it.
    package static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    private static func awaitEvents(_ descriptor: Int32, _ events: PollEvents) throws(SystemError) {
        _ = try poll(descriptor, events, timeoutNanoseconds: nil)
    }

    private static func gather(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> Int {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
            pieces[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            pieces[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            var header = msghdr()
            header.msg_iov = pieces.baseAddress
            header.msg_iovlen = 2
            let count = sendmsg(descriptor, &header, Int32(MSG_NOSIGNAL))
            return count < 0 && errno == ENOTSOCK ? writev(descriptor, pieces.baseAddress, 2) : count
        }
    }

    /// nil means: interrupted, try again.
    private static func outcome(of code: Int32, _ attempt: String) throws(SystemError) -> Transfer? {
        switch code {
        case EINTR: return nil
        case EAGAIN: return .wouldBlock
        case EPIPE, ECONNRESET: return .end
        default: throw SystemError(code: code, attempt: attempt)
        }
    }
}

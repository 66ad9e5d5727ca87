import Glibc

/// Two connected ends of a local byte stream.
package struct StreamPair {
    /// Lowest number the ends get: above anything a child's mapped descriptors use, so that no `dup2` overwrites one.
    package static let lowestDescriptor: Int32 = 20

    /// Asked of the kernel, which grants at most `net.core.wmem_max`; fewer wake-ups for frames of a megabyte.
    package static let bufferBytes: Int32 = 1 << 20

    /// Makes a pair, both ends closed on exec and blocking.
    package static func make() throws(SystemError) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .last("make a pair of stream sockets") }
        let first = fcntl(ends[0], F_DUPFD_CLOEXEC, lowestDescriptor)
        let firstCode = errno
        let second = fcntl(ends[1], F_DUPFD_CLOEXEC, lowestDescriptor)
        let secondCode = errno
        close(ends[0])
        close(ends[1])
        guard first >= 0, second >= 0 else {
            if first >= 0 { close(first) }
            if second >= 0 { close(second) }
            throw SystemError(code: first < 0 ? firstCode : secondCode, attempt: "move a stream socket upwards")
        }
        for end in [first, second] { enlargeBuffers(end) }
        return (first, second)
    }

    /// Asks for large buffers; a refusal is harmless, so it is not reported.
    package static func enlargeBuffers(_ descriptor: Int32) {
        var size = bufferBytes
        let length = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, length)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, length)
    }

    /// Makes reads and writes return instead of waiting.
    package static func setNonBlocking(_ descriptor: Int32, _ on: Bool = true) throws(SystemError) {
        try DescriptorIO.setNonBlocking(descriptor, on)
    }
}

internal import CLinux
import Glibc

/// A file without a name, in memory: where a child's output waits until somebody reads it.
///
/// Unlike a pipe it takes everything without a reader, and nobody waits for the end of it: a grandchild that keeps it
/// open delays nothing.
package final class MemoryFile: Sendable {
    /// For the child's standard output or standard error.
    package let descriptor: Int32

    /// An empty file; the name is for `/proc` alone.
    package init(_ name: String) throws(SystemError) {
        descriptor = clinux_memfd_create(name)
        guard descriptor >= 0 else { throw .last("make a file in memory") }
    }

    /// What has been written so far, at most `limit` bytes from its beginning.
    package func read(limit: Int) -> [UInt8] {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        guard size > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: min(size, limit))
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : []
    }

    deinit { close(descriptor) }
}

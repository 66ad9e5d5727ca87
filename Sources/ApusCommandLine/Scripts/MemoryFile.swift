import Glibc
import SystemSupport

/// A file without a name that a child writes into: of any length, with nobody to read meanwhile.
struct MemoryFile {
    /// Where the child writes.
    let descriptor: Int32

    /// An empty file, gone when its last descriptor is closed.
    init() throws(SystemError) {
        var template = Array("/tmp/apus-XXXXXX".utf8CString)  // why: mkstemp fills in the Xs
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw .last("make a file in /tmp") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    /// All that was written.
    func text() throws(SystemError) -> String {
        try SmallFile.readText("/proc/self/fd/\(descriptor)")
    }

    /// Gives the file back.
    func close() { DescriptorIO.close(descriptor) }
}

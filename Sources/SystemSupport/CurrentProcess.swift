internal import CLinux
import Glibc

/// The process this code runs in.
package enum CurrentProcess {
    /// The program file, with links followed: what to start to run this program again.
    package static var executablePath: String {
        let capacity = 4096  // PATH_MAX
        var buffer = [CChar](repeating: 0, count: capacity)
        let count = readlink("/proc/self/exe", &buffer, capacity)
        guard count > 0 else { return CommandLine.arguments.first ?? "" }
        let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        // A program replaced while it runs is still there under this name.
        return path.hasSuffix(" (deleted)") ? "/proc/self/exe" : path
    }

    /// All words the process was started with, as the kernel knows them.
    ///
    /// `CommandLine.arguments` differs in an interpreted script, where the program is the compiler.
    package static var commandLine: [String] {
        guard let bytes = try? SmallFile.read("/proc/self/cmdline", limit: 8 << 20), !bytes.isEmpty else {
            return CommandLine.arguments
        }
        let words = bytes.last == 0 ? bytes.dropLast() : bytes[...]
        return words.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number of this process.
    package static var pid: Int32 { getpid() }

    /// The number of the parent; it changes when the parent ends.
    package static var parentPid: Int32 { getppid() }

    /// The name of this host.
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 257)  // HOST_NAME_MAX is 64; other systems allow 255
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Asks the kernel to send `signal` when the thread that started this process ends; 0 asks for nothing.
    ///
    /// A parent that ended before the call is not reported: compare `parentPid` afterwards.
    package static func setParentDeathSignal(_ signal: Int32) throws(SystemError) {
        guard clinux_set_parent_death_signal(signal) == 0 else {
            throw .last("ask for signal \(SignalName.describe(signal)) at the parent's end")
        }
    }

    /// Opens a descriptor that becomes readable when the parent ends; the caller closes it.
    package static func openParentDescriptor() throws(SystemError) -> Int32 {
        try openDescriptor(of: getppid())
    }

    /// Opens a descriptor that becomes readable when that process ends; the caller closes it.
    package static func openDescriptor(of pid: Int32) throws(SystemError) -> Int32 {
        let descriptor = clinux_pidfd_open(pid)
        guard descriptor >= 0 else {
            let remedy = errno == ENOSYS ? "Linux 5.3 or later is needed" : "it may have ended before"
            throw .last("watch the process \(pid)", remedy: remedy)
        }
        return descriptor
    }

    /// Raises the soft limit on open descriptors to the hard one, and returns both as they are then.
    @discardableResult
    package static func raiseDescriptorLimit() -> (soft: UInt64, hard: UInt64) {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(7), &limit) == 0 else { return (0, 0) }  // RLIMIT_NOFILE
        if limit.rlim_cur < limit.rlim_max {
            let old = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(7), &limit) != 0 { limit.rlim_cur = old }
        }
        return (UInt64(limit.rlim_cur), UInt64(limit.rlim_max))
    }

    /// Ends the process at once, without running anything that was registered for the end.
    package static func exitNow(_ code: Int32) -> Never { _exit(code) }

    /// Ignores a signal from now on.
    package static func ignoreSignal(_ number: Int32) {
        _ = signal(number, SIG_IGN)
    }

    /// Names the calling thread; on the main thread that is the name `ps` and `top` show (15 bytes are kept).
    package static func setName(_ name: String) { _ = clinux_set_name(name) }

    /// Makes this process the parent of orphans below it, so that it can wait for them.
    package static func adoptOrphans() { _ = clinux_set_child_subreaper(1) }
}

internal import CLinux
import Glibc

/// Signals read from a descriptor instead of interrupting whatever runs.
package final class SignalDescriptor: Sendable {
    /// Readable when a signal waits.
    package let descriptor: Int32

    /// Blocks `signals` for this thread and every thread started later, and opens the descriptor.
    ///
    /// Call it before other threads exist: a thread that has them unblocked would still be interrupted. They stay blocked
    /// when the descriptor is closed; children started through `ChildProcess` have them unblocked.
    package init(_ signals: [Int32]) throws(SystemError) {
        var mask = sigset_t()
        sigemptyset(&mask)
        for signal in signals {
            guard sigaddset(&mask, signal) == 0 else { throw .last("watch signal \(signal)") }
        }
        let code = pthread_sigmask(SIG_BLOCK, &mask, nil)
        guard code == 0 else { throw SystemError(code: code, attempt: "block signals \(signals)") }
        descriptor = clinux_signalfd(&mask)
        guard descriptor >= 0 else { throw .last("open a signal descriptor") }
    }

    /// The next signal that waits, or nil; never blocks.
    package func next() -> Int32? {
        let size = Int(clinux_signal_record_size())
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { record in
            var count = read(descriptor, record.baseAddress, size)
            while count < 0, errno == EINTR { count = read(descriptor, record.baseAddress, size) }
            return count == size ? Int32(bitPattern: record.load(as: UInt32.self)) : nil
        }
    }

    deinit { close(descriptor) }
}

internal import CZeroMQ
internal import Glibc

/// The I/O threads and sockets of one part of the program.
///
/// Used on one thread; its sockets keep it alive, so it always ends after them.
package final class Context {
    let handle: ContextHandle

    /// Starts a context; one I/O thread carries about a gigabyte a second.
    package init(ioThreads: Int = 1) throws(ZeroMQError) {
        handle = try ContextHandle(ioThreads: ioThreads)
    }
}

/// The libzmq context itself, shared by whoever has sockets on it.
@safe
final class ContextHandle: @unchecked Sendable {  // why: libzmq contexts are thread-safe, and the pointer never changes
    let raw: UnsafeMutableRawPointer

    init(ioThreads: Int) throws(ZeroMQError) {
        guard let raw = unsafe zmq_ctx_new() else { throw .last("make a ZeroMQ context") }
        unsafe self.raw = raw
        guard unsafe zmq_ctx_set(raw, ZMQ_IO_THREADS, Int32(clamping: ioThreads)) == 0 else {
            throw .last("use \(ioThreads) I/O threads")
        }
    }

    deinit {
        while unsafe zmq_ctx_term(raw) != 0, zmq_errno() == EINTR {}
    }
}

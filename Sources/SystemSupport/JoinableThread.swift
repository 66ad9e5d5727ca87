internal import CLinux
import Glibc

/// A thread of its own, outside Swift's cooperative pool, so that it may block.
package final class JoinableThread: Sendable {
    private let handle: pthread_t
    private let joined = Locked(false)

    fileprivate init(handle: pthread_t) { self.handle = handle }

    /// Waits until the thread's body has returned; a second call returns at once.
    package func join() {
        let mustJoin = joined.withLock { joined in
            defer { joined = true }
            return !joined
        }
        if mustJoin { pthread_join(handle, nil) }
    }

    deinit {
        if !joined.withLock({ $0 }) { pthread_detach(handle) }
    }
}

private final class ThreadBody: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

/// Starts a thread that runs `body` and ends with it.
///
/// A free function, because a C callback formed in an actor or in main.swift is isolated and traps on another thread.
/// The kernel keeps 15 bytes of the name. A thread that nobody joins frees itself.
@discardableResult
package func startThread(
    named name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void
) -> JoinableThread {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    if let stackSize {
        // 16 KiB is the least that pthreads accept; whole pages are asked for.
        pthread_attr_setstacksize(&attributes, (max(stackSize, 16 * 1024) + 4095) & ~4095)
    }
    let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
    var handle = pthread_t()
    let code = pthread_create(&handle, &attributes, runThreadBody, box.toOpaque())
    if code != 0 {
        box.release()
        let remedy = "raise the limit on processes (ulimit -u)"
        preconditionFailure(SystemError(code: code, attempt: "start the thread '\(name)'", remedy: remedy).description)
    }
    return JoinableThread(handle: handle)
}

private func runThreadBody(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let thread = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    _ = clinux_set_name(thread.name)
    thread.body()
    return nil
}

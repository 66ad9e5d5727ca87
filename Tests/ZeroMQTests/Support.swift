import Glibc
import SystemSupport
import ZeroMQ

let second: UInt64 = 1_000_000_000

/// Waits for the next frame, at most a minute.
func next(_ socket: Socket) throws -> [UInt8]? {
    let poller = try Poller()
    try poller.add(socket, id: 0)
    let deadline = Monotonic.nanoseconds + 60 * second
    while Monotonic.nanoseconds < deadline {
        if let frame = try socket.receive() { return frame.toArray() }
        _ = try poller.wait(timeoutNanoseconds: second / 10)
    }
    return nil
}

/// Waits for the next message of two frames, at most a minute.
func nextPair(_ socket: Socket) throws -> (identity: String, body: String)? {
    guard let first = try next(socket), let second = try next(socket) else { return nil }
    return (String(decoding: first, as: UTF8.self), String(decoding: second, as: UTF8.self))
}

/// Waits for an event of this kind, dropping others, at most a minute.
func nextEvent(_ monitor: SocketMonitor, _ kind: SocketEvent.Kind) throws -> SocketEvent? {
    try nextEvent(monitor) { $0.kind == kind }
}

/// Waits for an event that fits, dropping others, at most a minute.
func nextEvent(_ monitor: SocketMonitor, where fits: (SocketEvent) -> Bool) throws -> SocketEvent? {
    let poller = try Poller()
    try poller.add(monitor.socket, id: 0)
    let deadline = Monotonic.nanoseconds + 60 * second
    while Monotonic.nanoseconds < deadline {
        while let event = try monitor.next() {
            if fits(event) { return event }
        }
        _ = try poller.wait(timeoutNanoseconds: second / 10)
    }
    return nil
}

/// A directory of its own for one test, removed at its end.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    deinit {
        guard path != "/tmp" else { return }
        _ = try? ChildProcess(spawning: .init(executable: "/bin/rm", arguments: ["rm", "-rf", path])).wait()
    }
}

/// Whether no message waits.
func isSilent(_ socket: Socket) throws -> Bool {
    let frame = try socket.receive()
    return frame == nil
}

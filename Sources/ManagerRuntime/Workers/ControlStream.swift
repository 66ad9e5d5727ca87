import Glibc
import SystemSupport
import WireProtocol

/// The manager's end of a worker's control stream: short frames that do not wait behind tasks.
final class ControlStream {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Makes a stream; the second value is the worker's end.
    static func make() throws(SystemError) -> (ControlStream, Int32) {
        let (own, others) = try StreamPair.make()
        return (ControlStream(descriptor: own), others)
    }

    /// Sends a frame; false when there is no room for it, which never waits.
    ///
    /// A worker that has closed is dealt with when its end is seen.
    func send(_ kind: WorkerFrame.Kind, _ body: [UInt8]) -> Bool {
        let frame = WorkerFrame(kind: kind, length: body.count).header + body
        let count = frame.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        return count == frame.count || (count < 0 && (errno == EPIPE || errno == ECONNRESET))
    }

    deinit { DescriptorIO.close(descriptor) }
}

import SystemSupport
import WireProtocol

/// Writes frames to the manager, one at a time, from whichever thread.
final class ResultSink: Sendable {
    private let descriptor: Locked<Int32>

    init(descriptor: Int32) { self.descriptor = Locked(descriptor) }

    /// Writes one frame; waits while the manager does not read.
    ///
    /// - Throws: ``SystemError`` when the manager is gone.
    func write(_ kind: WorkerFrame.Kind, _ body: [UInt8]) throws(SystemError) {
        let failure = descriptor.withLock { descriptor -> SystemError? in
            // Twelve bytes on the stack: kind (4) and length (8), both little-endian.
            withUnsafeTemporaryAllocation(byteCount: WorkerFrame.headerSize, alignment: 4) { header in
                header.storeBytes(of: kind.rawValue.littleEndian, as: UInt32.self)
                withUnsafeBytes(of: UInt64(body.count).littleEndian) { length in
                    UnsafeMutableRawBufferPointer(rebasing: header[4...]).copyMemory(from: length)
                }
                return body.withUnsafeBytes { body -> SystemError? in
                    do throws(SystemError) {
                        try DescriptorIO.writeFully(descriptor, UnsafeRawBufferPointer(header), body)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
        }
        if let failure { throw failure }
    }
}

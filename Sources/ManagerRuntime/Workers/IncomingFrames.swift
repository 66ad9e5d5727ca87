import SystemSupport
import WireProtocol

/// The frames that come from one worker, cut out of its stream.
final class IncomingFrames {
    /// A frame's kind as a number, and its body.
    typealias Handler = (_ kind: UInt32, _ body: [UInt8]) throws -> Void

    /// The largest frame taken from a worker: four times what Apus encodes by default.
    private static let largestFrame = 1 << 30
    private static let capacity = 1 << 16
    /// Bytes read at one visit, so that one worker does not keep the others waiting.
    private static let visit = 1 << 22

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    private var start = 0
    private var end = 0
    /// A frame that is larger than the buffer, while it comes in.
    private var large: (kind: UInt32, body: [UInt8], filled: Int)?

    deinit { buffer.deallocate() }

    /// Reads what is there and hands out the frames that are complete; false when the worker has closed.
    func read(from descriptor: Int32, all: Bool = false, _ handler: Handler) throws -> Bool {
        var taken = 0
        while all || taken < Self.visit {
            let transfer = try readSome(descriptor)
            switch transfer {
            case .bytes(let count):
                taken += count
                let isShort = large == nil && end < buffer.count
                try handOut(handler)
                // A short read emptied the socket: asking again would only cost a call.
                if isShort, !all { return true }
            case .wouldBlock: return true
            case .end: return false
            }
        }
        return true
    }

    private func readSome(_ descriptor: Int32) throws(SystemError) -> DescriptorIO.Transfer {
        if large != nil { return try readLarge(descriptor) }
        let transfer = try DescriptorIO.readSome(
            descriptor, into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
        if case .bytes(let count) = transfer { end += count }
        return transfer
    }

    private func readLarge(_ descriptor: Int32) throws(SystemError) -> DescriptorIO.Transfer {
        var failure: SystemError?
        let filled = large?.filled ?? 0
        let transfer = large?.body.withUnsafeMutableBytes { body -> DescriptorIO.Transfer? in
            do throws(SystemError) {
                return try DescriptorIO.readSome(
                    descriptor, into: UnsafeMutableRawBufferPointer(rebasing: body[filled...]))
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        guard let transfer = transfer ?? nil else { return .wouldBlock }
        if case .bytes(let count) = transfer { large?.filled += count }
        return transfer
    }

    private func handOut(_ handler: Handler) throws {
        if let frame = large {
            guard frame.filled == frame.body.count else { return }
            large = nil
            try handler(frame.kind, frame.body)
            return
        }
        while end - start >= WorkerFrame.headerSize {
            let kind = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            let rawLength = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: start + 4, as: UInt64.self))
            guard let length = Int(exactly: rawLength), length <= Self.largestFrame else {
                throw WireError(.malformed, "a frame of \(rawLength) bytes; at most \(Self.largestFrame) are taken")
            }
            let bodyStart = start + WorkerFrame.headerSize
            if length > buffer.count - WorkerFrame.headerSize {
                begin(kind, length, from: bodyStart)
                if length == 0 { continue }
                return
            }
            guard end - bodyStart >= length else { break }
            let body = [UInt8](UnsafeRawBufferPointer(rebasing: buffer[bodyStart..<(bodyStart + length)]))
            start = bodyStart + length
            try handler(kind, body)
        }
        compact()
    }

    /// Begins a frame that gets storage of its own, so that it is never copied again.
    private func begin(_ kind: UInt32, _ length: Int, from bodyStart: Int) {
        let present = UnsafeRawBufferPointer(rebasing: buffer[bodyStart..<end])
        let body = [UInt8](unsafeUninitializedCapacity: length) { storage, count in
            UnsafeMutableRawBufferPointer(storage).copyMemory(from: present)
            count = length  // the rest is written before anybody reads it, and zeroing it first would cost as much
        }
        large = (kind, body, present.count)
        start = 0
        end = 0
    }

    private func compact() {
        if start == end {
            start = 0
            end = 0
        } else if start > 0 {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
            end -= start
            start = 0
        }
    }
}

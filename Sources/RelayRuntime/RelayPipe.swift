import Glibc
import SystemSupport

/// One direction of a forwarded connection: what was read and could not be written yet.
///
/// While something waits nothing more is read, so a slow reader slows its writer down, as if they were connected directly.
struct RelayPipe {
    /// What happened when bytes were moved.
    enum Progress: Equatable {
        /// All that is there has gone through; more may come.
        case idle
        /// The reader's side is full.
        case blocked
        /// The writer's side has ended, and all it sent has gone through.
        case ended
    }

    /// The most that is read at once.
    static let chunkBytes = 64 << 10
    /// Chunks of one connection before the others get their turn.
    static let chunksPerTurn = 8

    private var waiting: [UInt8] = []
    private var sourceEnded = false
    /// Whether the end was told.
    private(set) var isOver = false

    /// Whether something waits to be written.
    var isBlocked: Bool { !waiting.isEmpty }

    /// Moves what is there from one descriptor to the other.
    ///
    /// - Throws: `SystemError` when a side is gone.
    mutating func move(
        from source: Int32, to destination: Int32, scratch: UnsafeMutableRawBufferPointer, bytes: inout Int
    ) throws(SystemError) -> Progress {
        guard !isOver else { return .idle }
        for _ in 0..<Self.chunksPerTurn {
            if !waiting.isEmpty {
                guard try flush(to: destination, bytes: &bytes) else { return .blocked }
            }
            if sourceEnded {
                isOver = true
                return .ended
            }
            switch try DescriptorIO.readSome(source, into: scratch) {
            case .wouldBlock: return .idle
            case .end: sourceEnded = true
            case .bytes(let count):
                waiting = Array(scratch[..<count])
            }
        }
        return .idle
    }

    private mutating func flush(to destination: Int32, bytes: inout Int) throws(SystemError) -> Bool {
        var start = 0
        var failure: SystemError?
        waiting.withUnsafeBytes { buffer in
            do throws(SystemError) {
                while start < buffer.count {
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
                    guard case .bytes(let count) = try DescriptorIO.writeSome(destination, rest) else { return }
                    start += count
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        bytes += start
        waiting.removeFirst(start)
        return waiting.isEmpty
    }
}

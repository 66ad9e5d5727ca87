import Glibc
import SystemSupport

/// Walks over the records of one checkpoint file, whatever state it is in.
struct CheckpointScan {
    /// What one walk found.
    struct Outcome {
        /// The identity of the build that wrote the file; `nil` when the header is damaged.
        var build: BuildIdentity?
        /// Sound records.
        var sound = 0
        /// Where damaged records begin.
        var damaged: [Int] = []
        /// Bytes of a last record that was not written to its end.
        var tornBytes = 0
        /// Where the next record belongs.
        var end = CheckpointFormat.headerLength
    }

    private let path: String
    private let descriptor: Int32
    private let size: Int
    private var window: UnsafeMutableRawBufferPointer
    private var windowStart = 0
    private var windowCount = 0

    private init(path: String, descriptor: Int32) throws(SystemError) {
        self.path = path
        self.descriptor = descriptor
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw .last("find the length of '\(path)'") }
        self.size = size
        window = .allocate(byteCount: 1 << 20, alignment: 16)
    }

    /// Calls `visit` with each sound record and the place of its body in the file.
    ///
    /// - Throws: `WorkflowError` when the file is no checkpoint or of a later format, `SystemError` when it cannot be
    ///   read.
    static func run(
        path: String, descriptor: Int32, _ visit: (CheckpointBody, _ bodyStart: Int, _ bodyLength: Int) -> Void
    ) throws -> Outcome {
        var scan = try CheckpointScan(path: path, descriptor: descriptor)
        defer { scan.window.deallocate() }
        return try scan.walk(visit)
    }

    private mutating func walk(_ visit: (CheckpointBody, Int, Int) -> Void) throws -> Outcome {
        var outcome = Outcome()
        guard try header(&outcome) else { return outcome }
        var position = CheckpointFormat.headerLength
        while position < size {
            guard let head = try head(at: position) else {
                if let next = try nextHead(after: position) {
                    outcome.damaged.append(position)
                    position = next
                    continue
                }
                if size - position < CheckpointFormat.headLength {
                    outcome.tornBytes = size - position
                } else {
                    outcome.damaged.append(position)
                }
                break
            }
            let start = position + CheckpointFormat.headLength
            guard head.length <= size - start else {
                outcome.tornBytes = size - position
                break
            }
            let bytes = try view(start, head.length)
            if CyclicCheck.of(bytes) == head.check, let body = CheckpointFormat.body(bytes) {
                outcome.sound += 1
                visit(body, start, head.length)
            } else {
                outcome.damaged.append(position)
            }
            position = start + head.length
        }
        outcome.end = position
        return outcome
    }

    /// Reads the header; false when the file ends before it does, as after a kill at its creation.
    private mutating func header(_ outcome: inout Outcome) throws -> Bool {
        let length = CheckpointFormat.headerLength
        let bytes = try view(0, min(size, length))
        let known = min(bytes.count, CheckpointFormat.magic.count)
        guard bytes.prefix(known).elementsEqual(CheckpointFormat.magic.prefix(known)) else {
            throw WorkflowError(
                .badConfiguration,
                "'\(path)' is not a checkpoint of Apus: it begins with other bytes; name another file")
        }
        guard bytes.count == length else {
            outcome.tornBytes = size
            outcome.end = 0
            return false
        }
        let sound = CheckpointFormat.word(bytes, 32) == CyclicCheck.of(UnsafeRawBufferPointer(rebasing: bytes[..<32]))
        guard sound else { return true }
        let version = CheckpointFormat.word(bytes, 8)
        guard version == CheckpointFormat.version else {
            throw WorkflowError(
                .badConfiguration,
                "'\(path)' has version \(version) of the checkpoint format, this program reads version "
                    + "\(CheckpointFormat.version); load it with the program that wrote it")
        }
        outcome.build = BuildIdentity(bytes: Array(bytes[16..<32]))
        return true
    }

    private mutating func head(at position: Int) throws(SystemError) -> (length: Int, check: UInt32)? {
        guard size - position >= CheckpointFormat.headLength else { return nil }
        return CheckpointFormat.head(try view(position, CheckpointFormat.headLength))
    }

    /// Where the next sound head is whose record the file holds; searched for byte by byte.
    private mutating func nextHead(after position: Int) throws(SystemError) -> Int? {
        var place = position + 1
        while size - place >= CheckpointFormat.headLength {
            // Only the first byte of the marker is compared for most bytes.
            let count = min(size - place, 1 << 16)
            let bytes = try view(place, count)
            guard let offset = bytes.firstIndex(of: UInt8(truncatingIfNeeded: CheckpointFormat.marker)) else {
                place += count
                continue
            }
            place += offset
            if let head = try head(at: place), head.length <= size - place - CheckpointFormat.headLength {
                return place
            }
            place += 1
        }
        return nil
    }

    /// Bytes of the file, valid until the next call.
    private mutating func view(_ start: Int, _ count: Int) throws(SystemError) -> UnsafeRawBufferPointer {
        if start < windowStart || start + count > windowStart + windowCount {
            if count > window.count {
                window.deallocate()
                window = .allocate(byteCount: count, alignment: 16)
            }
            windowStart = start
            windowCount = 0
            while windowCount < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: window[windowCount...])
                let got = pread(descriptor, rest.baseAddress, rest.count, start + windowCount)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { throw .last("read \(count) bytes at \(start) of '\(path)'") }
                windowCount += got
            }
        }
        let offset = start - windowStart
        return UnsafeRawBufferPointer(rebasing: window[offset..<offset + count])
    }
}

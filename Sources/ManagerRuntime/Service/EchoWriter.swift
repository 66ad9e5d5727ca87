import Glibc
import SystemSupport

/// Copies workers' lines to a descriptor that may be slow, without ever waiting for it.
struct EchoWriter {
    /// What a reader that does not read is given credit for; beyond it lines are dropped and counted.
    private static let mostBytes = 1 << 20
    /// A descriptor that is ready takes this many bytes without blocking (`PIPE_BUF`).
    private static let step = 4096

    private let descriptor: Int32
    private var waiting: [UInt8] = []
    private var written = 0
    private var dropped = 0

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Whether something waits for the reader.
    var isBehind: Bool { written < waiting.count }

    /// Adds lines of one app.
    mutating func add(_ lines: [String], app: String) {
        for line in lines {
            guard waiting.count - written < Self.mostBytes else {
                dropped += 1
                continue
            }
            if dropped > 0 {
                waiting += "[…] \(dropped) lines were not shown\n".utf8
                dropped = 0
            }
            waiting += "[\(app)] \(line)\n".utf8
        }
        flush()
    }

    /// Writes what goes without waiting.
    mutating func flush() {
        while written < waiting.count {
            guard let events = try? DescriptorIO.poll(descriptor, .write, timeoutNanoseconds: 0),
                events.contains(.write)
            else { return }
            let count = waiting.withUnsafeBytes { bytes in
                write(descriptor, bytes.baseAddress.map { $0 + written }, min(Self.step, waiting.count - written))
            }
            guard count > 0 else { return }
            written += count
        }
        waiting.removeAll(keepingCapacity: true)
        written = 0
    }
}

import Glibc
import SystemSupport

/// The files a worker's standard output and standard error go to, read from behind.
struct WorkerOutput {
    /// Enough for a crash with its context; the whole is in the file.
    private static let tailBytes = 16 << 10
    private static let tailLines = 12
    /// Copied at one visit; a worker that prints faster than that is behind, not lost.
    private static let echoBytes = 64 << 10

    /// One of the two files.
    private struct File {
        let path: String
        /// Where the present process began to write.
        var processStart = 0
        /// What of it has been copied.
        var echoed = 0
        /// The beginning of a line whose end has not come.
        var partial: [UInt8] = []

        var size: Int {
            var status = stat()
            return stat(path, &status) == 0 ? Int(status.st_size) : 0
        }

        func read(from start: Int, to end: Int) -> [UInt8] {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0, end > start else { return [] }
            defer { close(descriptor) }
            var bytes = [UInt8](repeating: 0, count: end - start)
            let count = pread(descriptor, &bytes, bytes.count, off_t(start))
            return Array(bytes.prefix(max(0, count)))
        }
    }

    private var output: File
    private var error: File

    var outputPath: String { output.path }
    var errorPath: String { error.path }

    init(directory: String, index: Int) {
        output = File(path: "\(directory)/worker_\(index).out")
        error = File(path: "\(directory)/worker_\(index).err")
    }

    /// A process begins to write.
    mutating func processBegins() {
        output.processStart = output.size
        error.processStart = error.size
        output.echoed = output.processStart
        error.echoed = error.processStart
    }

    /// The last lines of standard error; before them the line of a Swift runtime failure, wherever it stands.
    func errorTail() -> (fatal: String?, lines: [String]) {
        let end = error.size
        let bytes = error.read(from: max(error.processStart, end - Self.tailBytes), to: end)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let fatal = lines.last { $0.contains("Fatal error:") }
        return (fatal, lines.suffix(Self.tailLines))
    }

    /// The lines written since the last call; `atEnd` takes an unfinished line as well.
    mutating func newLines(atEnd: Bool = false) -> [String] {
        Self.newLines(&output, atEnd) + Self.newLines(&error, atEnd)
    }

    private static func newLines(_ file: inout File, _ atEnd: Bool) -> [String] {
        let end = min(file.size, file.echoed + echoBytes)
        if end > file.echoed {
            file.partial += file.read(from: file.echoed, to: end)
            file.echoed = end
        }
        guard !file.partial.isEmpty else { return [] }
        var lines = file.partial.split(separator: 0x0a, omittingEmptySubsequences: false)
        let last = lines.removeLast()
        // A line without an end is shown in pieces rather than kept without a bound.
        if !last.isEmpty, atEnd || last.count >= echoBytes {
            lines.append(last)
            file.partial = []
        } else {
            file.partial = Array(last)
        }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}

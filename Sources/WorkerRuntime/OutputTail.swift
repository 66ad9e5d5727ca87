import Glibc
import SystemSupport

/// What a task wrote to standard error, when that is a file: for the report of its failure.
struct OutputTail {
    /// Enough for a Swift runtime failure with its context.
    private static let longest = 4096
    private static let mostLines = 20

    private var position: Int

    /// Remembers where the file ends now.
    init() { position = Self.size }

    /// The last lines written since the last call of this or of `init`.
    mutating func take() -> [String] {
        let end = Self.size
        defer { position = end }
        guard end > position else { return [] }
        let start = max(position, end - Self.longest)
        // Descriptor 2 is open for writing only, so the file is opened again, through the kernel's name for it.
        let file = open("/proc/self/fd/2", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: end - start)
        let count = pread(file, &bytes, bytes.count, off_t(start))
        guard count > 0 else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").suffix(Self.mostLines)
            .map(String.init)
    }

    /// Moves on without reading, before the next task.
    mutating func skip() { position = Self.size }

    /// The size of the file behind standard error; 0 for terminals and pipes.
    private static var size: Int {
        var status = stat()
        guard fstat(2, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
        return Int(status.st_size)
    }
}

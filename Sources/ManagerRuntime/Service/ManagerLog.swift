import Glibc
import SystemSupport

/// The manager's log: lines in a file, each with the time.
final class ManagerLog {
    /// Lines that one event after another could write without end stop here; the rest is counted.
    private static let mostLines = 100_000

    private let descriptor: Int32
    private var lines = 0

    /// Opens, or continues, the log in `directory`, which is made when it is missing.
    init(directory: String) throws(ManagerError) {
        try Self.makeDirectories(directory)
        let descriptor = open("\(directory)/manager.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let error = SystemError.last("open '\(directory)/manager.log'")
            throw ManagerError(.filesUnusable, "\(error)")
        }
        self.descriptor = descriptor
    }

    /// Writes one line.
    func write(_ text: String) {
        lines += 1
        guard lines <= Self.mostLines else { return }
        let line =
            lines == Self.mostLines
            ? "\(WallClock.stamp) the log has \(lines) lines; nothing more is written\n"
            : "\(WallClock.stamp) \(text)\n"
        var line8 = line
        line8.withUTF8 { bytes in
            // A log that cannot be written is no reason to end.
            _ = try? DescriptorIO.writeFully(descriptor, UnsafeRawBufferPointer(bytes))
        }
    }

    deinit { close(descriptor) }

    private static func makeDirectories(_ directory: String) throws(ManagerError) {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/\(part)"
            if mkdir(path, 0o700) != 0, errno != EEXIST {
                throw ManagerError(.filesUnusable, "\(SystemError.last("make the directory '\(path)'"))")
            }
        }
    }
}

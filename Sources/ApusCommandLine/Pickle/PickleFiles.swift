import ArgumentParser
@preconcurrency import Glibc
import PickleCoding

/// Reading, writing and reporting of the pickle commands.
enum PickleFiles {
    /// The exit status for wrong usage and for files that cannot be read.
    static let usageStatus: Int32 = 2

    /// Reads a file, or the standard input for `-`.
    static func read(_ path: String) throws -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw misuse("\(path) cannot be read: \(systemError())") }
        defer { if path != "-" { close(descriptor) } }
        var status = stat()
        let expected = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        var bytes: [UInt8] = []
        var size = max(expected + 1, 1 << 16)
        while true {
            var failed = false
            let chunk = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                let got = Glibc.read(descriptor, buffer.baseAddress, size)
                failed = got < 0
                count = max(got, 0)
            }
            guard !failed else { throw misuse("\(path) cannot be read: \(systemError())") }
            if chunk.isEmpty { return bytes }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            size = 1 << 16
        }
    }

    /// Writes bytes to a file, or to the standard output.
    static func write(_ bytes: [UInt8], to path: String?) throws {
        let descriptor = path.map { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) } ?? STDOUT_FILENO
        guard descriptor >= 0 else { throw misuse("\(path ?? "") cannot be written: \(systemError())") }
        defer { if path != nil { close(descriptor) } }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw misuse("\(path ?? "the standard output") cannot be written: \(systemError())")
            }
            done += count
        }
    }

    /// Runs a closure and reports a pickle that was refused: the error on the standard error, exit status 1.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as PickleError {
            say("error: \(error)")
            throw ExitCode(1)
        }
    }

    /// Says what is wrong with the usage and gives the error that ends the program with status 2.
    static func misuse(_ text: String) -> ExitCode {
        say("error: " + text)
        return ExitCode(usageStatus)
    }

    /// Prints a remark.
    static func note(_ text: String) { say("note: " + text) }

    private static func say(_ text: String) {
        // A message is one line, whatever a name in it contains.
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n"
        fputs(line, stderr)
    }

    private static func systemError() -> String { String(cString: strerror(errno)) }
}

@preconcurrency import Glibc  // why: `stdout` and `stderr` are variables there
import SystemSupport

/// Leads what the program prints past the display while it is shown.
///
/// `stdout` and `stderr` are replaced by streams that write through ``TerminalScreen``: at once, and line by line, so that
/// nothing is kept back if the program crashes. Descriptors stay what they are.
struct ProgramStreams {
    private var output: UnsafeMutablePointer<FILE>?
    private var errors: UnsafeMutablePointer<FILE>?
    /// Streams are made once: another thread may hold one while it is taken out of use.
    private static let replacements = Locked<[Int32: StreamPointer]>([:])

    private struct StreamPointer: @unchecked Sendable {  // why: stdio streams lock themselves
        var stream: UnsafeMutablePointer<FILE>
    }

    /// Takes over those of the two streams that go to a terminal.
    init() {
        if isatty(1) == 1, let made = Self.stream(1, buffering: _IOLBF) {
            fflush(stdout)
            output = stdout
            stdout = made
        }
        if isatty(2) == 1, let made = Self.stream(2, buffering: _IONBF) {
            errors = stderr
            stderr = made
        }
    }

    /// Gives them back.
    func restore() {
        if let output {
            fflush(stdout)
            stdout = output
        }
        if let errors { stderr = errors }
    }

    private static func stream(_ number: Int32, buffering: Int32) -> UnsafeMutablePointer<FILE>? {
        replacements.withLock { replacements in
            if let known = replacements[number] { return known.stream }
            let made = ReplacementStream.open(for: number) { cookie, bytes, count in
                let number = Int32(truncatingIfNeeded: Int(bitPattern: cookie))
                let content = UnsafeRawBufferPointer(start: bytes, count: Int(count))
                TerminalScreen.standard.write(Array(content)[...], to: number)
                return Int(count)
            }
            guard let made = made?.assumingMemoryBound(to: FILE.self) else { return nil }
            // As of the stream that it stands for: a program may ask whether that is a terminal.
            made.pointee._fileno = number
            setvbuf(made, nil, buffering, Int(BUFSIZ))
            replacements[number] = StreamPointer(stream: made)
            return made
        }
    }
}

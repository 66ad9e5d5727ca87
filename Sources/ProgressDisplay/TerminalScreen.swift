import Glibc
import SystemSupport

// The display stands below the cursor: a free line, on which the cursor rests, then the table. Whoever writes to the
// terminal past this type (the runtime's last words, say) writes on the free line; whoever resizes the terminal moves
// cursor and table together. Nothing has to be restored when the program is killed.

/// The terminal, shared by the display and by all that the program says while it is there.
package final class TerminalScreen: Sendable {
    /// The terminal behind standard error.
    package static let standard = TerminalScreen(descriptor: 2)

    private struct State {
        var shownLines = 0
        /// Whether the last byte that the program wrote ended a line: else there is no place for the display.
        var isAtLineStart = true
    }

    private let descriptor: Int32
    private let state = Locked(State())

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Columns and lines; `nil` when nobody knows.
    package var size: (columns: Int, lines: Int)? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return nil }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Shows these lines in place of the last ones.
    package func show(_ lines: [String]) {
        state.withLock { state in
            guard state.isAtLineStart else { return }
            var text = "\u{1b}[K"
            for line in lines { text += "\n\r" + line + "\u{1b}[K" }
            // One piece: nobody else's bytes come between, and nothing flickers.
            text += "\u{1b}[J" + (lines.isEmpty ? "" : "\u{1b}[\(lines.count)A") + "\r"
            state.shownLines = lines.count
            DescriptorWriting.all(Array(text.utf8)[...], to: descriptor)
        }
    }

    /// Takes the display away.
    package func clear() {
        state.withLock { state in
            if state.shownLines > 0 { DescriptorWriting.all(Self.erasure, to: descriptor) }
            state.shownLines = 0
        }
    }

    /// Writes the program's own bytes, above the display: it comes back with the next `show`.
    package func write(_ bytes: ArraySlice<UInt8>, to target: Int32) {
        guard let last = bytes.last else { return }
        state.withLock { state in
            if state.shownLines > 0 { DescriptorWriting.all(Self.erasure, to: descriptor) }
            state.shownLines = 0
            state.isAtLineStart = last == UInt8(ascii: "\n")
            DescriptorWriting.all(bytes, to: target)
        }
    }

    private static let erasure = Array("\r\u{1b}[J".utf8)[...]
}

/// Writes to descriptors whatever it takes.
enum DescriptorWriting {
    static func all(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var waiter = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&waiter, 1, 1000)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}

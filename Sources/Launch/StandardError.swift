import Glibc
import ProgressDisplay

/// Text for people, beside the program's own output.
package enum StandardError {
    /// Writes a text in one piece, above the progress display if there is one.
    package static func write(_ text: String) { TerminalScreen.standard.write(Array(text.utf8)[...], to: 2) }

    /// Whether a person is watching.
    package static var isTerminal: Bool { isatty(2) == 1 }
}

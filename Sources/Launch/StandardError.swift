import Glibc

/// Text for people, beside the program's own output.
package enum StandardError {
    /// Writes a text in one piece.
    package static func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(2, rest.baseAddress, rest.count)
                if count <= 0 { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// Whether a person is watching.
    package static var isTerminal: Bool { isatty(2) == 1 }
}

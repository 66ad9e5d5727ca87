/// Makes any text one word of a shell command.
public enum ShellQuote {
    /// The text as the shell must see it to read back exactly this one word: `it's` becomes `'it'\''s'`.
    ///
    /// Words that mean themselves stay as they are. A word that begins with a hyphen still looks like an option to the
    /// program that gets it: put `--` before it.
    public static func quote(_ text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy(isPlain) { return text }
        // Within single quotes every byte but the quote itself stands for itself (POSIX, Shell Command Language 2.2.2).
        var result: [UInt8] = [0x27]
        for byte in text.utf8 {
            if byte == 0x27 {
                result += #"'\''"#.utf8
            } else {
                result.append(byte)
            }
        }
        result.append(0x27)
        return String(decoding: result, as: UTF8.self)
    }

    /// Several words, with a space between them.
    public static func quote(_ words: [String]) -> String {
        words.map { quote($0) }.joined(separator: " ")
    }

    /// Bytes that no shell treats as special anywhere in a word; `=` and `~` are not among them.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "%"),
            UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: "/"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

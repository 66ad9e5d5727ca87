/// A terminal as far as the display uses one: what stands on the screen after these bytes.
struct TerminalModel {
    private(set) var columns: Int
    private var lines: [[Character]] = [[]]
    private var row = 0
    private var column = 0
    private let height: Int
    private var pending: [UInt8] = []

    init(columns: Int, height: Int) {
        self.columns = columns
        self.height = height
    }

    /// The lines, without spaces at their ends and without empty ones below; scrolled ones come first.
    var screen: [String] {
        var texts = lines.map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return String(line)
        }
        while texts.last == "" { texts.removeLast() }
        return texts
    }

    /// The widest line that there has been.
    private(set) var widest = 0

    mutating func resize(columns: Int) { self.columns = columns }

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        pending += bytes
        // A character or a sequence may be cut in two by the end of a read.
        let text = String(decoding: pending, as: UTF8.self)
        if text.last == "\u{FFFD}" { return }
        var rest = Array(text.unicodeScalars)[...]
        var unread: ArraySlice<Unicode.Scalar> = []
        while let scalar = rest.first {
            let before = rest
            rest.removeFirst()
            if scalar == "\u{1b}" {
                guard sequence(&rest) else {
                    unread = before
                    break
                }
            } else {
                put(scalar)
            }
        }
        pending = Array(String(String.UnicodeScalarView(unread)).utf8)
    }

    /// The oldest line that is still on the screen.
    private var top: Int { max(0, lines.count - height) }

    private mutating func put(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\n":
            row += 1
            if row == lines.count { lines.append([]) }
        case "\r": column = 0
        default:
            while lines[row].count <= column { lines[row].append(" ") }
            lines[row][column] = Character(scalar)
            column += 1
            widest = max(widest, column)
        }
    }

    private mutating func sequence(_ rest: inout ArraySlice<Unicode.Scalar>) -> Bool {
        guard rest.first == "[" else { return false }
        var index = rest.index(after: rest.startIndex)
        var number = 0
        while index < rest.endIndex, let digit = rest[index].properties.numericType == .decimal ? rest[index] : nil {
            number = number * 10 + Int(digit.value - 48)
            index += 1
        }
        guard index < rest.endIndex else { return false }
        let final = rest[index]
        rest = rest[(index + 1)...]
        switch final {
        case "K": lines[row] = Array(lines[row].prefix(column))
        case "J":
            lines[row] = Array(lines[row].prefix(column))
            lines.removeSubrange((row + 1)...)
        case "A": row = max(top, row - max(1, number))
        case "m": break
        default: put("?")
        }
        return true
    }
}

/// Rows in columns, for a terminal: numbers to the right, and what is too long wrapped in the last column.
struct TextTable {
    /// A column's heading, and whether it holds numbers.
    struct Column {
        var title: String
        var isNumber = false

        init(_ title: String, isNumber: Bool = false) {
            self.title = title
            self.isNumber = isNumber
        }
    }

    private let columns: [Column]
    private let rows: [[String]]
    private let width: Int

    /// A table that fits into so many columns of a terminal, when its last column can be wrapped to that.
    init(_ columns: [Column], _ rows: [[String]], width: Int = 80) {
        self.columns = columns
        self.rows = rows
        self.width = width
    }

    /// The lines.
    var text: String {
        var widths = columns.map(\.title.count)
        for row in rows {
            for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.count) }
        }
        let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
        // Where no room is left, a line that is too long is better than one word a line.
        let last = max(20, width - before)
        var lines = [line(columns.map(\.title), widths)]
        for row in rows {
            let pieces = Self.wrap(row.last ?? "", to: last)
            lines.append(line(row.dropLast() + [pieces[0]], widths))
            for piece in pieces.dropFirst() { lines.append(String(repeating: " ", count: before) + piece) }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let space = String(repeating: " ", count: max(0, widths[index] - cell.count))
            line += columns[index].isNumber ? space + cell : cell + (index == cells.count - 1 ? "" : space)
            if index < cells.count - 1 { line += "  " }
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// The text in pieces of at most so many characters, cut at spaces where there are any; at least one piece.
    static func wrap(_ text: String, to width: Int) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for word in text.split(separator: " ") {
            var rest = String(word)
            if !piece.isEmpty, piece.count + 1 + rest.count > width {
                pieces.append(piece)
                piece = ""
            }
            while rest.count > width {
                pieces.append(String(rest.prefix(width)))
                rest = String(rest.dropFirst(width))
            }
            piece += (piece.isEmpty ? "" : " ") + rest
        }
        pieces.append(piece)
        return pieces.count > 1 && pieces.last == "" ? pieces.dropLast() : pieces
    }
}

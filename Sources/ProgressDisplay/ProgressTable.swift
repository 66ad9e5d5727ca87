/// The lines of the display: one for each app, a heading above, executors below.
///
/// A narrow terminal loses columns from the right, a low one apps.
package struct ProgressTable: Sendable {
    /// Columns of the terminal.
    package var width: Int
    /// Lines that the display may take.
    package var height: Int
    /// Whether failures may be shown in colour.
    package var usesColour: Bool

    /// A table of this size.
    package init(width: Int, height: Int, usesColour: Bool) {
        self.width = width
        self.height = height
        self.usesColour = usesColour
    }

    /// The lines, none of them wider than the terminal.
    package func lines(_ sample: ProgressSample, rates: ProgressRates, seconds: Double) -> [String] {
        let first = fitted(summary(sample, rates: rates, seconds: seconds))
        guard height >= 4, width >= 20 else { return height >= 1 ? [first] : [] }
        var below = sample.places.map { fitted(Self.text($0)) }
        // Apps count for more than places.
        below = Array(below.prefix(max(0, height - 2 - sample.apps.count)))
        if below.isEmpty { below = Array(sample.places.prefix(1).map { fitted(Self.text($0)) }) }
        return [first] + table(sample.apps, rates: rates, room: height - 1 - below.count) + below
    }

    // MARK: Lines of words

    /// `apus 12 s: 1204 of 5000 done, 3 failed, 98 tasks/s, about 39 s left`.
    private func summary(_ sample: ProgressSample, rates: ProgressRates, seconds: Double) -> String {
        let total = sample.total
        var text = "apus \(Self.time(seconds)): \(total.done) of \(total.ended + total.open) done"
        if total.failed > 0 { text += ", \(total.failed) failed" }
        if let rate = rates.total {
            text += ", \(Self.number(rate)) tasks/s"
            if total.open > 0 { text += ", about \(Self.time(Double(total.open) / rate)) left" }
        }
        return text
    }

    /// `local: 2 blocks, 16 workers, 40 calls`.
    private static func text(_ place: ProgressSample.Place) -> String {
        var parts: [String] = []
        if let blocks = place.blocks { parts.append(counted(blocks, "block")) }
        parts.append(counted(place.workers, "worker"))
        parts.append(counted(place.calls, "call"))
        return "\(TerminalText.printable(place.label)): " + parts.joined(separator: ", ")
    }

    private static func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }

    private func fitted(_ text: String) -> String { TerminalText.cut(text, to: width) }

    // MARK: The table of apps

    private struct Column {
        var title: String
        var cells: [String]
        var isAlarm = false

        var width: Int { ([title] + cells).map { $0.count }.max() ?? 0 }
    }

    private func table(_ apps: [ProgressSample.App], rates: ProgressRates, room: Int) -> [String] {
        guard room >= 2, !apps.isEmpty else { return [] }
        let (shown, rest) = Self.chosen(apps, room: room - 1)
        var rows = shown
        if let rest { rows.append(rest) }
        let names = rows.map { TerminalText.printable($0.name) }
        var columns = [
            Column(title: "done", cells: rows.map { "\($0.done)" }),
            Column(title: "running", cells: rows.map { "\($0.running)" }),
            Column(title: "waiting", cells: rows.map { "\($0.waiting)" }),
            Column(title: "failed", cells: rows.map { "\($0.failed)" }, isAlarm: true),
            Column(title: "rate", cells: rows.map { Self.rate(rates.rate(of: $0.name)) }),
            Column(title: "left", cells: rows.map { Self.left($0, rates.rate(of: $0.name)) }),
        ]
        // The name keeps eight characters as long as a column can go instead.
        let least = min(8, names.map { TerminalText.width($0) }.max() ?? 0)
        while columns.count > 1, columns.reduce(0, { $0 + $1.width + 2 }) + least > width { columns.removeLast() }
        let numbers = columns.reduce(0) { $0 + $1.width + 2 }
        let widest = max(3, names.map { TerminalText.width($0) }.max() ?? 0)
        let nameWidth = max(1, min(widest, width - numbers))

        var lines = [line("app", columns.map(\.title), columns, nameWidth, isHeading: true)]
        for (index, name) in names.enumerated() {
            lines.append(line(name, columns.map { $0.cells[index] }, columns, nameWidth, isHeading: false))
        }
        return lines
    }

    private func line(
        _ name: String, _ cells: [String], _ columns: [Column], _ nameWidth: Int, isHeading: Bool
    ) -> String {
        var text = TerminalText.padded(TerminalText.cut(name, to: nameWidth), to: nameWidth)
        for (cell, column) in zip(cells, columns) {
            let padding = String(repeating: " ", count: column.width - cell.count + 2)
            let isRed = usesColour && column.isAlarm && !isHeading && cell != "0"
            text += padding + (isRed ? "\u{1b}[31m\(cell)\u{1b}[39m" : cell)
        }
        // Where not even one column fits, what does fit is shown.
        if nameWidth + columns.reduce(0, { $0 + $1.width + 2 }) > width { text = TerminalText.cut(text, to: width) }
        return usesColour && isHeading ? "\u{1b}[2m\(text)\u{1b}[22m" : text
    }

    /// The apps for so many lines: those with open calls before those that are done; the others as one row.
    private static func chosen(
        _ apps: [ProgressSample.App], room: Int
    ) -> (shown: [ProgressSample.App], rest: ProgressSample.App?) {
        guard apps.count > room else { return (apps, nil) }
        let ranked = apps.enumerated().sorted { left, right in
            let (leftRank, rightRank) = (rank(left.element), rank(right.element))
            return leftRank != rightRank ? leftRank < rightRank : left.offset < right.offset
        }
        let kept = Set(ranked.prefix(max(0, room - 1)).map(\.offset))
        let hidden = apps.enumerated().filter { !kept.contains($0.offset) }.map(\.element)
        var rest = ProgressSample(apps: hidden, places: []).total
        rest.name = "\(hidden.count) more"
        return (apps.enumerated().filter { kept.contains($0.offset) }.map(\.element), rest)
    }

    private static func rank(_ app: ProgressSample.App) -> Int { app.running > 0 ? 0 : app.open > 0 ? 1 : 2 }

    private static func rate(_ rate: Double?) -> String { rate.map { number($0) + "/s" } ?? "" }

    private static func left(_ app: ProgressSample.App, _ rate: Double?) -> String {
        guard let rate, app.open > 0 else { return "" }
        return time(Double(app.open) / rate)
    }

    /// Two figures or so: `0.25`, `9.8`, `98`, `1204`.
    static func number(_ value: Double) -> String { Decimals.text(value, value < 1 ? 2 : value < 10 ? 1 : 0) }

    /// `0.4 s`, `39 s`, `2 min 5 s`, `3 h 12 min`, `5 d 2 h`.
    static func time(_ seconds: Double) -> String {
        if seconds < 10 { return Decimals.text(seconds, 1) + " s" }
        guard seconds < 1e9 else { return "for ever" }
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        case ..<86_400: return "\(whole / 3600) h \(whole % 3600 / 60) min"
        default: return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
        }
    }
}

/// How texts lie on a terminal.
enum TerminalText {
    /// The text with nothing in it that could steer a terminal.
    static func printable(_ text: String) -> String {
        String(
            text.unicodeScalars.map { scalar -> Character in
                switch scalar.properties.generalCategory {
                case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: "?"
                default: Character(scalar)
                }
            })
    }

    /// Columns that a text takes: two for each character of East Asia and each emoji.
    static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first?.value else { return 0 }
        switch first {
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
            0x1f300...0x1faff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }

    /// The text, with `…` for what is too much.
    static func cut(_ text: String, to limit: Int) -> String {
        guard width(text) > limit else { return text }
        var result = ""
        var used = 1
        for character in text {
            used += width(character)
            if used > limit { break }
            result.append(character)
        }
        return limit > 0 ? result + "…" : ""
    }

    static func padded(_ text: String, to columns: Int) -> String {
        text + String(repeating: " ", count: max(0, columns - width(text)))
    }
}

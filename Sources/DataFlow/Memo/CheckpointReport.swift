/// What was found in checkpoint files: how much of it can be used, and why the rest cannot.
package struct CheckpointReport: Sendable, Equatable, CustomStringConvertible {
    /// Records that were written, as far as they can be counted.
    package var total = 0
    /// Records whose results can be used.
    package var usable = 0
    /// Where damaged records begin, of all files.
    package var damaged: [Int] = []
    /// Bytes of last records that were not written to their end.
    package var tornBytes = 0
    /// Records that this program has no use for, by the task that wrote them: `fit version 1`.
    package var foreign: [String: Int] = [:]
    /// Files that are no checkpoints, with the reason.
    package var refusedFiles: [String] = []
    /// Files that another build of the program wrote.
    package var filesOfOtherBuilds = 0

    /// An empty report.
    package init() {}

    /// Whether everything that was found can be used.
    package var isClean: Bool {
        damaged.isEmpty && tornBytes == 0 && foreign.isEmpty && refusedFiles.isEmpty
    }

    /// `98 of 100 records usable; 1 damaged (byte 4,182), 1 written by fit version 1`.
    package var description: String {
        var reasons: [String] = []
        if !damaged.isEmpty {
            let places = damaged.prefix(3).map(Self.grouped).joined(separator: ", ")
            let word = damaged.count == 1 ? "byte" : "bytes"
            reasons.append("\(damaged.count) damaged (\(word) \(places)\(damaged.count > 3 ? ", …" : ""))")
        }
        if tornBytes > 0 { reasons.append("the end was cut off (\(Self.grouped(tornBytes)) bytes of a record)") }
        for (task, count) in foreign.sorted(by: { $0.key < $1.key }) {
            reasons.append("\(Self.grouped(count)) written by \(task)")
        }
        reasons += refusedFiles
        let tail = reasons.isEmpty ? "" : "; " + reasons.joined(separator: ", ")
        return "\(Self.grouped(usable)) of \(Self.grouped(total)) records usable\(tail)"
    }

    /// `4182` as `4,182`.
    private static func grouped(_ number: Int) -> String {
        var text = String(number)
        var place = text.count - 3
        while place > 0 {
            text.insert(",", at: text.index(text.startIndex, offsetBy: place))
            place -= 3
        }
        return text
    }
}

import Glibc
import SystemSupport
import TestSupport
import Testing

/// One run of the program that is asked.
final class AskedRun {
    let folder: TestFolder
    let running: TestFolder.Running
    /// Where the program runs, below the folder.
    let place: String

    /// Starts a scenario and waits until it has come to where it can be asked.
    init(_ scenario: String, _ options: String..., place: String = "") throws {
        folder = try TestFolder()
        self.place = folder.path + place
        try Directory.make(self.place, mode: 0o755)
        let words = "cd '\(self.place)' && exec '\(Built.products)/AskedProgram' "
        running = try folder.start("/bin/sh", ["-c", words + ([scenario] + options).joined(separator: " ")])
        let running = running
        let isReady = eventually { running.text.contains("ready") }
        try #require(isReady, "the scenario did not begin: \(running.errors)")
    }

    deinit {
        if running.child.poll() == nil { running.child.signalGroup(SIGKILL) }
        _ = running.child.wait()
    }

    /// Asks, as a person would, from where the program was started.
    func apus(_ words: String...) throws -> Finished {
        try folder.execute("/bin/sh", ["-c", "cd '\(place)' && exec '\(Built.apus)' \"$@\"", "apus"] + words)
    }

    /// Asks until the answer has these words, since what is asked about may be on its way there.
    func says(_ text: String, _ words: String...) throws -> (isSo: Bool, last: String) {
        var last = ""
        let isSo = try eventually {
            let answer = try folder.execute(
                "/bin/sh", ["-c", "cd '\(place)' && exec '\(Built.apus)' \"$@\"", "apus"] + words)
            last = answer.output + answer.errors
            return flat(last).contains(text)
        }
        return (isSo, last)
    }

    /// The text in one line.
    func flat(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// Lets a task go on, or all of them.
    func go(_ name: String? = nil) throws {
        try SmallFile.write([], to: place + "/go" + (name.map { "-\($0)" } ?? ""), mode: 0o644)
    }

    /// Lets everything go on and waits for the end.
    func finish() throws -> Finished {
        try go()
        return try folder.finish(running)
    }
}

import DataFlow
import SystemSupport
import WorkflowCore

/// What a run's directory says of the run to whoever looks into it: where it runs, and how it can be asked.
package struct RunCard: Codable, Sendable, Equatable {
    /// The run's identifier.
    package var runID: String
    /// The program's path.
    package var program: String
    /// The submitting process.
    package var process: Int
    /// The host that it runs on.
    package var host: String
    /// When it started, seconds since 1970.
    package var started: Double
    /// Why it cannot be asked; nil when it can.
    package var trouble: String?

    /// The file's name in the run's directory.
    package static let fileName = "workflow.json"
    /// The socket's name there.
    package static let socketName = "command.socket"

    /// The card of this process.
    init(runID: RunID) {
        self.runID = runID.rawValue
        program = CurrentProcess.executablePath
        process = Int(CurrentProcess.pid)
        host = CurrentProcess.hostName
        started = WallClock.seconds
    }

    /// Reads the card of a run; nil when there is none that can be read.
    package init?(directory: String) {
        guard let bytes = try? SmallFile.read("\(directory)/\(Self.fileName)", limit: 1 << 16),
            let card = try? JSONText.decode(Self.self, from: bytes)
        else { return nil }
        self = card
    }

    /// Writes the card.
    func write(in directory: String) throws {
        try SmallFile.write(try JSONText.encode(self, pretty: true), to: "\(directory)/\(Self.fileName)", mode: 0o600)
    }

    /// The run as answers name it.
    func report(_ directory: String) -> RunReport {
        RunReport(
            directory: directory, runID: runID, program: program, process: process, host: host,
            seconds: max(0, WallClock.seconds - started))
    }
}

import DataFlow
import Glibc
import SystemSupport

/// Asks a running workflow, from another process.
package struct CommandClient: Sendable {
    /// The run's directory.
    package let directory: String

    /// How long an answer may take: executors get two seconds each.
    private static let patience: UInt64 = 30_000_000_000
    /// The largest answer that is taken.
    private static let largest = 64 << 20

    /// Finds the run to ask.
    ///
    /// - Parameter path: the directory of a run, or one with numbered directories of runs below it, of which the newest
    ///   that runs is taken.
    package init(finding path: String) throws(OperatorError) {
        if access(path + "/" + RunCard.socketName, F_OK) == 0 || access(path + "/" + RunCard.fileName, F_OK) == 0 {
            directory = path
            return
        }
        guard access(path, F_OK) == 0 else {
            throw OperatorError(
                "there is no directory '\(path)'; go to where the workflow was started, or name its run directory with "
                    + "--run")
        }
        let runs = Self.runs(in: path)
        guard let newest = runs.first else {
            throw OperatorError("'\(path)' has no runs in it; name a run directory, or the one above it, with --run")
        }
        for run in runs where access("\(path)/\(run)/\(RunCard.socketName)", F_OK) == 0 {
            let candidate = "\(path)/\(run)"
            guard let descriptor = try? LocalSocket.connect(in: candidate, name: RunCard.socketName) else { continue }
            DescriptorIO.close(descriptor)
            directory = candidate
            return
        }
        throw Self.overError("\(path)/\(newest)", runs: runs.count)
    }

    /// The numbered directories, newest first.
    private static func runs(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var found: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.count >= 3, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { found.append(name) }
        }
        return found.sorted { (Int($0) ?? 0, $0) > (Int($1) ?? 0, $1) }
    }

    /// Asks.
    ///
    /// - Returns: the answer's JSON.
    package func ask(_ question: OperatorQuestion) throws(OperatorError) -> [UInt8] {
        let socket: Int32
        do throws(SystemError) {
            socket = try LocalSocket.connect(in: directory, name: RunCard.socketName)
        } catch {
            throw Self.refusal(directory, error)
        }
        defer { DescriptorIO.close(socket) }
        let answer: [UInt8]?
        do throws(SystemError) {
            answer = try Self.talk(socket, question)
        } catch {
            throw Self.refusal(directory, error)
        }
        guard let answer else {
            throw OperatorError(
                "the workflow of \(directory) did not answer within 30 s; is its process stopped? \(Self.logs(directory))"
            )
        }
        if answer.isEmpty { throw Self.refusal(directory, nil) }
        if let failure = try? JSONText.decode(ErrorReport.self, from: answer) { throw OperatorError(failure.error) }
        return answer
    }

    /// The answer's bytes; nil when they do not come in time, none when the connection ends before.
    private static func talk(_ socket: Int32, _ question: OperatorQuestion) throws(SystemError) -> [UInt8]? {
        let deadline = Monotonic.nanoseconds &+ patience
        let line = Array((question.line + "\n").utf8)
        // A question fits into what the kernel keeps for a new connection.
        let sent = line.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard sent == line.count else { throw .last("ask the workflow") }
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while received.count <= largest {
            let now = Monotonic.nanoseconds
            guard now < deadline else { return nil }
            let ready = try DescriptorIO.poll(socket, .read, timeoutNanoseconds: deadline - now)
            guard !ready.isEmpty else { return nil }
            let count = piece.withUnsafeMutableBytes { read(socket, $0.baseAddress, $0.count) }
            if count == 0 { return received }
            if count > 0 { received += piece[..<count] }
            if count < 0, errno != EINTR, errno != EAGAIN { return received }
        }
        return received
    }

    // MARK: Errors

    private static func refusal(_ directory: String, _ error: SystemError?) -> OperatorError {
        guard error?.code == EACCES || error?.code == EPERM else { return overError(directory, runs: 1) }
        return OperatorError(
            "the workflow of \(directory) may be asked by the user alone who started it: \(error?.description ?? "")")
    }

    /// The error for a run that cannot be asked: it is over, was killed, or is elsewhere.
    private static func overError(_ directory: String, runs: Int) -> OperatorError {
        let below = runs > 1 ? "of \(runs) runs none can be asked; the newest one: " : ""
        guard let card = RunCard(directory: directory) else {
            return OperatorError("\(below)\(directory) is of a run that cannot be asked. \(logs(directory))")
        }
        if let trouble = card.trouble {
            return OperatorError(
                "\(below)the workflow of \(directory) cannot be asked: \(trouble). \(logs(directory))")
        }
        if card.host != CurrentProcess.hostName {
            return OperatorError(
                "\(below)the workflow of \(directory) was started on \(card.host), and can be asked there alone (process "
                    + "\(card.process)); this is \(CurrentProcess.hostName). \(logs(directory))")
        }
        let wasKilled = access("\(directory)/\(RunCard.socketName)", F_OK) == 0
        let end = wasKilled ? "has ended without cleaning up: it was killed, or it crashed" : "has ended"
        return OperatorError(
            "\(below)the workflow of \(directory) (process \(card.process)) \(end). \(logs(directory))")
    }

    private static func logs(_ directory: String) -> String {
        "Its logs are \(directory)/*/interchange.log, manager.err and block-*/*/manager.log."
    }
}

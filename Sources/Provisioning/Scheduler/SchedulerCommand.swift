// How a scheduler's client program is run: with a time-out, its output caught, and without disturbing anything else.
//
// A thread of its own waits for it, so that neither the cooperative pool nor the thread that moves calls stands still
// while a scheduler takes its time. The program gets a process group of its own: Ctrl-C on the terminal does not reach
// an `scancel` on its way.

import Commands
import Glibc
import SystemSupport

/// One run of a scheduler's client program.
public struct SchedulerCommand: Sendable, Hashable {
    /// The program; looked up on PATH when it holds no slash.
    public var program: String
    /// Its arguments, without its own name.
    public var arguments: [String]
    /// How long it may take.
    public var timeout: Duration
    /// How often it is run again when it did not end in time, or failed; only for what may be done twice.
    public var repeats: Int
    /// What it reads on its standard input.
    package var input: Input = .nothing

    /// What a program reads; error messages do not show it.
    package enum Input: Sendable, Hashable {
        /// Nothing.
        case nothing
        /// A text.
        case text(String)
        /// The content of a file.
        case file(String)
    }

    /// The first pause before a repetition; each further one is twice as long.
    private static let firstPause: Duration = .milliseconds(500)
    /// More than any scheduler prints for a batch of jobs.
    private static let longestOutput = 16 << 20

    /// Describes a run.
    public init(_ program: String, _ arguments: [String], timeout: Duration = .seconds(10), repeats: Int = 0) {
        self.program = program
        self.arguments = arguments
        self.timeout = timeout
        self.repeats = repeats
    }

    /// The command, as one could type it.
    public var text: String { ShellQuote.quote([program] + arguments) }

    /// Runs the program and returns what it printed, whatever its exit status.
    ///
    /// - Throws: ``ProviderError`` when it is not there, did not start, or did not end in time.
    public func outcome() async throws(ProviderError) -> SchedulerOutcome {
        try await repeated { _ in false }
    }

    /// Runs the program and returns what it printed on standard output.
    ///
    /// - Throws: ``ProviderError``, also when its exit status is not 0.
    public func output() async throws(ProviderError) -> String {
        let outcome = try await repeated { $0.exitCode != 0 }
        guard outcome.exitCode == 0 else { throw refusal(outcome) }
        return outcome.standardOutput
    }

    /// The error for a run that ended with another status than 0.
    ///
    /// It is ``ProviderError/Code/schedulerDown`` when the program says so, in the words of Slurm, PBS, LSF, Grid Engine or
    /// HTCondor, else ``ProviderError/Code/refused``.
    public func refusal(_ outcome: SchedulerOutcome, remedy: String = "") -> ProviderError {
        let output = outcome.standardError + outcome.standardOutput
        let isAway = Self.absenceWords.contains { output.contains($0) }
        return ProviderError(
            isAway ? .schedulerDown : .refused,
            "\(program) failed with exit code \(outcome.exitCode)"
                + (isAway ? ": the scheduler cannot be reached" : "") + (remedy.isEmpty ? "" : "; \(remedy)"),
            command: text, output: output)
    }

    /// What client programs print when no daemon of their scheduler takes the request.
    ///
    /// Slurm: `slurm_errno.c`; PBS: `qsub` and `PBSD_connect`; Grid Engine: `sge_any_request.c`, commlib; LSF: `lsberrno`;
    /// HTCondor: `DCSchedd`.
    private static let absenceWords = [
        "Unable to contact slurm controller", "Unable to establish controller machine", "in standby mode",
        "cannot connect to server", "Cannot connect to default server host", "unable to contact qmaster",
        "got no connection within", "LSF is down", "batch system is not responding",
        "Failed to connect to queue manager", "Can't find address of local schedd",
    ]

    private func repeated(
        _ isFailure: (SchedulerOutcome) -> Bool
    ) async throws(ProviderError) -> SchedulerOutcome {
        var pause = Self.firstPause
        for attempt in 0... {
            let result = await runOnThread()
            let mayRepeat = attempt < repeats && !Task.isCancelled
            switch result {
            case .success(let outcome):
                if !mayRepeat || !isFailure(outcome) { return outcome }
            case .failure(let error):
                if !mayRepeat || error.code != .timedOut { throw error }
            }
            // A cancelled task goes on.
            try? await Task.sleep(for: pause)  // why: a scheduler that did not answer gets time, ever more
            pause *= 2
        }
        throw ProviderError(.timedOut, "\(program) was not run", command: text)
    }

    private func runOnThread() async -> Result<SchedulerOutcome, ProviderError> {
        await withUnsafeContinuation { continuation in
            startThread(named: "apus-scheduler") { continuation.resume(returning: runAndWait()) }
        }
    }

    /// Runs the program once and waits on this thread.
    func runAndWait() -> Result<SchedulerOutcome, ProviderError> {
        do throws(SystemError) {
            let output = try MemoryFile("standard-output")
            let error = try MemoryFile("standard-error")
            var file: Int32 = -1
            defer { if file >= 0 { DescriptorIO.close(file) } }
            let source: ChildProcess.Options.Input
            switch input {
            case .nothing: source = .null
            case .text(let text): source = .bytes(Array(text.utf8))
            case .file(let path):
                file = open(path, O_RDONLY | O_CLOEXEC)
                guard file >= 0 else {
                    // An error of `open` is no missing program.
                    return .failure(
                        ProviderError(.notStarted, "\(SystemError.last("open '\(path)'"))", command: text))
                }
                source = .descriptor(file)
            }
            let child = try ChildProcess(
                spawning: ChildProcess.Options(
                    executable: program, arguments: [program] + arguments, standardInput: source,
                    standardOutput: .descriptor(output.descriptor), standardError: .descriptor(error.descriptor),
                    ownProcessGroup: true, endsGroupWithLeader: true))
            let status = child.wait(deadlineNanoseconds: Monotonic.deadline(after: timeout))
            if status == nil { child.teardown([.terminate(allowed: .seconds(1))]) }
            let printed = Self.text(output)
            let complaint = Self.text(error)
            guard let status else {
                return .failure(
                    ProviderError(
                        .timedOut,
                        "\(program) did not end within \(timeout); the scheduler may be overloaded or down: run it by "
                            + "hand, or set a longer `commandTimeout`", command: text, output: complaint + printed))
            }
            return .success(
                SchedulerOutcome(exitCode: status.shellCode, standardOutput: printed, standardError: complaint))
        } catch {
            let absent = error.code == ENOENT
            return .failure(
                ProviderError(
                    absent ? .commandNotFound : .notStarted,
                    absent
                        ? "there is no '\(program)' on PATH of \(CurrentProcess.hostName); run the workflow on a host "
                            + "with the scheduler's client programs (a login node), or load their module first"
                        : error.description, command: text))
        }
    }

    private static func text(_ file: MemoryFile) -> String {
        String(decoding: file.read(limit: longestOutput), as: UTF8.self)
    }
}

/// What a client program printed, and how it ended.
public struct SchedulerOutcome: Sendable, Hashable {
    /// Its exit code, or 128 plus a signal.
    public var exitCode: Int32
    /// Standard output.
    public var standardOutput: String
    /// Standard error.
    public var standardError: String

    /// Describes an end.
    public init(exitCode: Int32, standardOutput: String = "", standardError: String = "") {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}

import SystemSupport
import WireProtocol
import WorkflowCore

/// The manager of this machine: a child process that is this program in another role.
///
/// It is started again when it dies.
struct LocalBlock {
    /// What the block does about the end of its manager.
    enum Verdict {
        /// Another one has been started.
        case restarted
        /// None is to come, and why.
        case failed(ExecutionError)
    }

    private(set) var child: ChildProcess
    private var message: ManagerStartMessage
    private var restartsLeft: Int
    private var number = 0

    init(_ message: ManagerStartMessage, restarts: Int) throws {
        self.message = message
        restartsLeft = restarts
        child = try Self.spawn(message)
    }

    private static func spawn(_ message: ManagerStartMessage) throws -> ChildProcess {
        let file = message.logDirectory + "/manager-\(message.managerID).pickle"
        try SmallFile.write(try message.encode(), to: file, mode: 0o600)
        var environment = RoleEnvironment.make(role: "manager")
        environment["APUS_ROLE_FILE"] = file
        return try ChildProcess(
            spawning: ChildProcess.Options(
                executable: CurrentProcess.executablePath, arguments: CurrentProcess.commandLine,
                environment: environment,
                standardOutput: .file(message.logDirectory + "/manager.out", append: true),
                standardError: .file(message.logDirectory + "/manager.err", append: true),
                extraDescriptors: message.echo ? [(child: 4, parent: EchoTarget.descriptor.withLock { $0 })] : []))
    }

    /// Looks at a manager that has ended.
    mutating func ended(_ status: ExitStatus) -> Verdict {
        let error = LogTail.text(of: message.logDirectory + "/manager.err")
        guard status != .exited(ManagerExitCode.gaveUp), status != .exited(ManagerExitCode.ended), restartsLeft > 0
        else {
            return .failed(
                ExecutionError(
                    .executorFailed,
                    "the manager of this machine (process \(child.pid)) ended with \(status) and no manager is left or "
                        + "to come; see \(message.logDirectory)\(error)"))
        }
        restartsLeft -= 1
        number += 1
        message.managerID = message.managerID.split(separator: "-")[0] + "-\(number)"
        do {
            child = try Self.spawn(message)
            return .restarted
        } catch {
            return .failed(
                ExecutionError(
                    .executorFailed, "the manager ended with \(status) and cannot be started again: \(error)"))
        }
    }
}

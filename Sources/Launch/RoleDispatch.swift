package import DataFlow
import Glibc
import InterchangeRuntime
import ManagerRuntime
import SystemSupport
import WireProtocol
import WorkerRuntime
import WorkflowCore

/// Turns a process that Apus started into the role it was started for.
///
/// The workflow's body never runs there.
package enum RoleDispatch {
    /// Names the role.
    static let roleVariable = "APUS_ROLE"
    /// Names the file with a manager's parameters.
    static let fileVariable = "APUS_ROLE_FILE"

    /// Returns at once in the program the user started; does not return in a role process.
    ///
    /// - Parameters:
    ///   - names: the apps' names, read by the caller so that their globals are initialised in every role.
    ///   - files: how files reach the apps of this program.
    package static func becomeRoleIfAsked(names: [String], files: FileStaging = FileStaging()) async {
        HandedSettings.receive()
        guard let role = EnvironmentVariables.get(roleVariable) else { return }
        let file = EnvironmentVariables.get(fileVariable)
        // A task may start another Apus program, which is then a program of its own; only the depth stays.
        EnvironmentVariables.unset(roleVariable)
        EnvironmentVariables.unset(fileVariable)
        HugePages.forgetRequest()
        switch role {
        case "interchange":
            await serve(named: "interchange") { try interchange() }
        case "manager":
            await serve(named: "manager") { try manager(file) }
        case "worker":
            TaskScope.processRole.becomeWorker()
            StagingScope.becomeWorker(files)
            await worker()
        default:
            StandardError.write("apus: \(roleVariable) is '\(role)'; the roles are interchange, manager and worker\n")
            exit(2)
        }
    }

    /// Runs a role on a thread of its own, which lives as long as the process, and ends the process with it.
    private static func serve(named name: String, _ body: @escaping @Sendable () throws -> Int32) async -> Never {
        CurrentProcess.setName("apus-\(name)")
        // Before any other thread exists: threads take over the mask, and the role reads these signals itself.
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        _ = startThread(named: name) {
            do {
                let code = try body()
                fflush(nil)
                CurrentProcess.exitNow(code)
            } catch {
                StandardError.write("apus \(name): \(error)\n")
                CurrentProcess.exitNow(1)
            }
        }
        // Not by a suspension: the main thread would then wait in libdispatch, with every signal let in, and SIGTERM would
        // end the process on the spot instead of being read by the role.
        while true { pause() }
    }

    private static func interchange() throws -> Int32 {
        let message = try InterchangeStartMessage.parse(StandardInput.readAll())
        // Both ends are this program: the version is compared as Parsl's would be.
        return try InterchangeService(start: message, parslVersion: ApusVersion.wireName, pythonVersion: "0.0").run()
    }

    private static func manager(_ file: String?) throws -> Int32 {
        guard let file else {
            throw WorkflowError(.badConfiguration, "\(fileVariable) does not name the manager's file")
        }
        var message = try ManagerStartMessage.decode(SmallFile.read(file))
        do {
            try NodeFiles.complete(&message)
            return try ManagerService(configuration: configuration(message)).run()
        } catch let error as ManagerError {
            StandardError.write("apus manager: \(error)\n")
            return error.exitCode
        }
    }

    private static func configuration(_ message: ManagerStartMessage) -> ManagerConfiguration {
        var configuration = ManagerConfiguration(
            message, ownName: "\(message.blockID).\(CurrentProcess.hostName).\(CurrentProcess.pid)", echoDescriptor: 4)
        configuration.parslVersion = ApusVersion.wireName
        configuration.pythonVersion = "0.0.0"
        // The first process of a container has no parent.
        configuration.watchesParent = CurrentProcess.parentPid > 0
        return configuration
    }

    private static func worker() async -> Never {
        CurrentProcess.setName("apus-worker")
        do {
            try EnvironmentVariables.set(ProcessDepth.variable, String(ProcessDepth.current + 1))
            await WorkerService(table: try AppRegistry.sealedTable()).serve()
        } catch {
            StandardError.write("apus worker: \(error)\n")
            CurrentProcess.exitNow(1)
        }
    }
}

extension ApusVersion {
    /// What stands where Parsl has its version, between Apus processes.
    static var wireName: String { "apus-\(current)" }
}

/// The standard input of a role.
package enum StandardInput {
    /// Reads to the end.
    package static func readAll() throws -> [UInt8] {
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = piece.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
            if count == 0 { return content }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("read the standard input")
            }
            content.append(contentsOf: piece[..<count])
        }
    }
}

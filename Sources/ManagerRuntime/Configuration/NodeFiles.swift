import Glibc
import SystemSupport
package import WireProtocol
import ZeroMQ

/// What a manager finds out itself when its node sees none of the submitting host's files.
package enum NodeFiles {
    /// Names an existing directory for logs.
    static let logsVariable = "APUS_ROLE_LOGS"

    /// Fills in what the parameters leave to the node: where logs go, where tasks run, the program, and where keys lie.
    package static func complete(_ message: inout ManagerStartMessage) throws {
        let logs = EnvironmentVariables.get(logsVariable)
        EnvironmentVariables.unset(logsVariable)
        if message.workingDirectory.isEmpty { message.workingDirectory = Directory.current }
        if message.executable.isEmpty { message.executable = CurrentProcess.executablePath }
        if message.logDirectory.isEmpty { message.logDirectory = try logs ?? temporaryDirectory() }
        if let files = message.certificates {
            let directory = message.logDirectory + "/certificates"
            try CurveCertificates.writeClientFiles(files, in: directory)
            message.certificateDirectory = directory
            message.certificates = nil
        }
    }

    private static func temporaryDirectory() throws -> String {
        let parent = EnvironmentVariables.get("TMPDIR") ?? "/tmp"
        var template = Array("\(parent)/apus-XXXXXX".utf8CString)  // why: mkdtemp replaces the six letters
        guard mkdtemp(&template) != nil else {
            throw SystemError.last(
                "make a directory in \(parent)", remedy: "a manager writes its logs there; name another one in TMPDIR")
        }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

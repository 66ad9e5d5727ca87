import ArgumentParser
import SystemSupport

/// Why a script cannot be run, or a package not be made.
struct ScriptError: Error, Equatable, CustomStringConvertible {
    /// What was tried, what came back, what to do.
    var description: String
    /// How the command ends: 2 for wrong usage, 1 for everything else.
    var status: Int32

    /// The command line, or the header of the script, makes no sense.
    static func usage(_ text: String) -> ScriptError { ScriptError(description: text, status: 2) }

    /// What was asked for makes sense, and failed.
    static func failure(_ text: String) -> ScriptError { ScriptError(description: text, status: 1) }

    /// The error of the system call just made.
    static func system(_ attempt: String, remedy: String = "") -> ScriptError {
        .failure(SystemError.last(attempt, remedy: remedy).description)
    }

    /// Runs a command's body and turns what it throws into a line on standard error and an exit code.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ScriptError {
            StandardStreams.error("apus: \(error)\n")
            throw ExitCode(error.status)
        } catch let error as SystemError {
            StandardStreams.error("apus: \(error)\n")
            throw ExitCode(1)
        }
    }
}

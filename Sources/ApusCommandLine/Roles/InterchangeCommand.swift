import ArgumentParser
import Glibc
import InterchangeRuntime
import Launch
import SystemSupport
import WireProtocol

/// `apus interchange`: what a Python Parsl starts instead of its own `interchange.py`.
struct InterchangeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interchange",
        abstract: "Serves as the interchange of a Python Parsl.",
        discussion: """
            Reads its configuration as one pickled dict on the standard input, as Parsl's own interchange does, and \
            runs until it is sent SIGTERM or the process that started it ends.

            Put a program named `interchange.py` first on PATH that contains
              exec apus interchange --parsl-version 2026.10.26 --python-version 3.11
            or give the executor `interchange_launch_cmd=["apus", "interchange", …]`. The versions are those of your \
            Parsl and Python: managers with others are refused, as by Parsl itself.
            """)

    @Option(help: ArgumentHelp("The version of Parsl, exactly as `parsl.__version__` has it.", valueName: "version"))
    var parslVersion: String

    @Option(help: ArgumentHelp("The version of Python: at least its first two numbers.", valueName: "x.y"))
    var pythonVersion: String

    func validate() throws {
        let parts = pythonVersion.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.allSatisfy({ Int($0) != nil }) else {
            throw ValidationError("--python-version is '\(pythonVersion)'; it is two or three numbers, such as 3.11")
        }
        if parslVersion.isEmpty { throw ValidationError("--parsl-version is empty; it is a text such as 2026.10.26") }
    }

    func run() throws {
        let message: InterchangeStartMessage
        do {
            message = try InterchangeStartMessage.parse(StandardInput.readAll())
        } catch let error as WireError {
            throw ValidationError(error.message)
        }
        let service = InterchangeService(start: message, parslVersion: parslVersion, pythonVersion: pythonVersion)
        let code = try service.run()
        if code != 0 { throw ExitCode(code) }
    }
}

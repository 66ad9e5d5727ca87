import Commands

/// What a node starts when it sees no file of the submitting host.
///
/// A provider whose ``Provider/sharesFiles`` is false brings the program and its parameters there itself.
public struct JobProgram: Sendable, Hashable {
    /// The program's file on the submitting host.
    public var executable: String
    /// Its arguments, without its own name.
    public var arguments: [String]
    /// Variables that it must have; they hold no secret.
    public var environment: [String: String]
    /// What it reads its parameters from: the content of a file that only the job may read, since the keys of the run are in it.
    public var parameters: [UInt8]

    /// The variable that names the file of parameters.
    public static let parametersVariable = "APUS_ROLE_FILE"
    /// The variable that names an existing directory of the node, where logs go; without it one is made for temporary files.
    public static let logsVariable = "APUS_ROLE_LOGS"

    /// Describes a program.
    public init(
        executable: String, arguments: [String] = [], environment: [String: String] = [:], parameters: [UInt8] = []
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.parameters = parameters
    }

    /// The shell command that starts it.
    ///
    /// - Parameters:
    ///   - executable: the program's place on the node, as a word of the shell: `"$HOME/program"`, quotes included.
    ///   - parameters: the place of the file with the parameters, likewise.
    ///   - logs: the directory for logs, likewise; `nil` leaves it to the program.
    public func command(executable: String, parameters: String, logs: String? = nil) -> String {
        var words = ["env"]
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            words.append("\(name)=\(ShellQuote.quote(value))")
        }
        words.append("\(Self.parametersVariable)=\(parameters)")
        if let logs { words.append("\(Self.logsVariable)=\(logs)") }
        words.append(executable)
        words += arguments.map { ShellQuote.quote($0) }
        return words.joined(separator: " ")
    }
}

package import SystemSupport

/// Scripts that tests write and run.
package enum Script {
    /// Writes a script, or any program, that can be run at once.
    ///
    /// A file that somebody has open for writing cannot be run ("Text file busy"), and a process that another test starts in
    /// the meantime has what this one has open, until its program begins. So another process writes it.
    package static func write(_ text: String, to path: String) throws {
        let source = path + ".text"
        try SmallFile.write(Array(text.utf8), to: source, mode: 0o600)
        let words = ["install", "-m", "755", source, path]
        let status = try ChildProcess(spawning: .init(executable: "install", arguments: words)).wait()
        guard status.isSuccess else { throw NotWritten(path: path, status: status) }
    }

    /// A script that could not be written.
    package struct NotWritten: Error {
        /// Its path.
        package var path: String
        /// What the program for it said.
        package var status: ExitStatus
    }
}

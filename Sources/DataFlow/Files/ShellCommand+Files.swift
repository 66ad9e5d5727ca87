public import Commands

/// Files in command lines.
extension ShellCommand.StringInterpolation {
    /// Adds the path of the staged file as one word.
    public mutating func appendInterpolation(_ file: File) { appendInterpolation(quoted: file.shellWord) }

    /// Adds the path to write the file to as one word.
    public mutating func appendInterpolation(_ output: OutputFile) {
        appendInterpolation(quoted: output.file.shellWord)
    }

    /// Adds the path of each staged file as a word.
    public mutating func appendInterpolation(_ files: [File]) {
        appendInterpolation(files.map(\.shellWord))
    }

    /// Adds the path of each file to write as a word.
    public mutating func appendInterpolation(_ outputs: [OutputFile]) {
        appendInterpolation(outputs.map(\.file.shellWord))
    }
}

extension File {
    /// In the closure of a bash app every file is staged; elsewhere the address is the best there is.
    fileprivate var shellWord: String { (try? localPath) ?? url }
}

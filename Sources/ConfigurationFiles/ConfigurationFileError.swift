/// Why a configuration cannot be used: all that is wrong with it, at once.
public struct ConfigurationFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One mistake.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// Where it is: `apus.yaml:3:5`, the name of a variable, or the path of a file.
        public var place: String
        /// What is wrong, and what is accepted.
        public var message: String

        /// The form of compilers' errors, which editors know.
        public var description: String { "\(place): error: \(message)" }
    }

    /// The mistakes, in the order of the file, those of the environment last.
    public var problems: [Problem]

    /// One line for each mistake.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// A command line for the shell, in which inserted values are quoted.
///
/// ```swift
/// let command: ShellCommand = "sort \(file) > \(result)"     // each file name is one word, whatever is in it
/// let command: ShellCommand = "sort \(raw: flags) \(files)"  // as it stands; then one word for each file
/// ```
///
/// Insert values outside of quotes: `"\(x)"` inside the command's own quotes would be quoted twice.
public struct ShellCommand: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// What the shell reads.
    public let text: String

    /// A command line as it stands.
    public init(_ text: String) { self.text = text }

    /// A command line without inserted values.
    public init(stringLiteral text: String) { self.text = text }

    /// A command line with inserted values.
    public init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// What the shell reads.
    public var description: String { text }

    /// Puts a command line together.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        /// An empty command line.
        public init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        /// Adds a part of the command itself.
        public mutating func appendLiteral(_ literal: String) { text += literal }

        /// Adds a value as one word.
        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            text += ShellQuote.quote(value.description)
        }

        /// Adds each element as a word; an empty array adds nothing.
        public mutating func appendInterpolation(_ values: [String]) { text += ShellQuote.quote(values) }

        /// Adds a value as one word: the same as without the label.
        public mutating func appendInterpolation(quoted value: some CustomStringConvertible) {
            appendInterpolation(value)
        }

        /// Adds each element as a word: the same as without the label.
        public mutating func appendInterpolation(quoted values: [String]) { appendInterpolation(values) }

        /// Adds a value as it stands, so that the shell acts on what is special in it.
        public mutating func appendInterpolation(raw value: some CustomStringConvertible) {
            text += value.description
        }
    }
}

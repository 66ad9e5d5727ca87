/// What a program, or one of its harnesses, takes from the command line: one property for each option.
///
/// ```swift
/// struct PiOptions: ProgramOptions {
///     var tasks = 400
///     var showsDigits = false
///     static let help: [String: OptionHelp] = ["tasks": OptionHelp("how many tasks", in: 1...1_000_000)]
/// }
/// ```
///
/// makes `--tasks N` and `--shows-digits`. Properties are numbers, texts, `Bool`s, enumerations with texts as raw values,
/// and optionals and arrays of these. The values in the declaration are the defaults.
public protocol ProgramOptions: Codable, Sendable {
    /// The defaults; Swift makes it when every property has one.
    init()
    /// What the program does, in one line of its help.
    static var summary: String { get }
    /// What is to be said of the options, by the names of their properties.
    static var help: [String: OptionHelp] { get }
    /// Refuses values that make no sense together.
    ///
    /// - Throws: anything; its text is printed, with the usage, and the program ends with exit code 2.
    func validate() throws
}

extension ProgramOptions {
    /// Nothing.
    public static var summary: String { "" }

    /// Nothing.
    public static var help: [String: OptionHelp] { [:] }

    /// Takes everything.
    public func validate() throws {}
}

/// What is to be said of one option: a line for the help, and what it accepts.
public struct OptionHelp: Sendable, ExpressibleByStringLiteral {
    var text: String
    var range: ClosedRange<Int>?
    var placeholder: String?
    var isPositional = false

    /// An option that is written out: `--name VALUE`.
    ///
    /// - Parameters:
    ///   - text: what it is for.
    ///   - range: the whole numbers that are accepted; `nil` accepts all.
    ///   - placeholder: what stands for the value in the help, such as `FILE`.
    public init(_ text: String, in range: ClosedRange<Int>? = nil, placeholder: String? = nil) {
        self.text = text
        self.range = range
        self.placeholder = placeholder
    }

    /// A line for the help.
    public init(stringLiteral text: String) { self.init(text) }

    /// A value that stands without a name, in the order of the declaration.
    ///
    /// It must be given, unless the property is an optional or an array; an array takes all that are left.
    ///
    /// - Parameters:
    ///   - text: what it is for.
    ///   - placeholder: what stands for the value in the help; `nil` takes the property's name.
    public static func positional(_ text: String, placeholder: String? = nil) -> OptionHelp {
        var help = OptionHelp(text, placeholder: placeholder)
        help.isPositional = true
        return help
    }
}

/// The options of those that take none.
struct NoOptions: ProgramOptions {}

/// Words on the command line that make no sense: the program ends with exit code 2.
struct UsageError: Error, Equatable, CustomStringConvertible {
    var text: String

    init(_ text: String) { self.text = text }

    var description: String { text }
}

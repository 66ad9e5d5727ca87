/// A class or function as a pickle names it: module and qualified name.
public struct PickleName: Hashable, Sendable, CustomStringConvertible {
    /// The module, for example `collections`.
    public var module: String
    /// The name in the module, for example `OrderedDict`; may have dots.
    public var name: String

    /// Makes a name.
    public init(module: String, name: String) {
        self.module = module
        self.name = name
    }

    /// Module and name joined with a dot.
    public var description: String { module + "." + name }
}

/// How a pickle is read.
public struct PickleReadingOptions: Sendable {
    /// How the 8-bit strings of Python 2 become text.
    public enum TextEncoding: Sendable {
        /// Strict ASCII.
        case ascii
        /// Every byte is one character; pickles of dates by Python 2 need this.
        case latin1
        /// Strict UTF-8.
        case utf8
        /// Not at all: they stay bytes.
        case bytes
    }

    /// How the 8-bit strings of Python 2 become text.
    public var textEncoding: TextEncoding = .ascii
    /// Whether persistent ids are kept as records; without it they are an error.
    public var allowsPersistentIDs = false
    /// Names registered for extension codes.
    public var extensions: [Int: PickleName] = [:]
    /// The out-of-band buffers, in order.
    public var buffers: [[UInt8]] = []
    /// Whether calls of well-known Python types become values; without it every call stays a record.
    public var resolvesKnownTypes = true
    /// If given, a name outside this set is refused.
    public var allowedGlobals: Set<PickleName>?

    /// For looking only: missing buffers and extension codes are replaced.
    var toleratesMissing = false

    /// The default options.
    public init() {}

    /// Everything stays a record.
    public static var inert: Self {
        var options = Self()
        options.resolvesKnownTypes = false
        return options
    }
}

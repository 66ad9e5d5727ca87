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
    /// What is to become of a value outside the pickle, which a persistent id stands for.
    public enum PersistentID: Sendable {
        /// This value stands in its place; what is written later holds the value, not the id.
        case value(PickleValue)
        /// The id stays a record and is written as such.
        case inert
        /// The pickle is refused, for this reason.
        case refused(String)
    }

    /// Says what a persistent id stands for.
    ///
    /// It is called once for each id, in the order of the stream, with the id that is a str (PERSID) or any value
    /// (BINPERSID). An error that it throws ends the reading as a refusal does. The same ``PickleValue`` returned twice is
    /// one object in the document.
    public typealias PersistentIDResolver = @Sendable (_ id: PickleValue) throws -> PersistentID

    /// Gives the name registered for an extension code; nil if there is none.
    public typealias ExtensionResolver = @Sendable (_ code: Int) -> PickleName?

    /// Whether persistent ids are kept as records if there is no resolver; without both they are an error.
    public var allowsPersistentIDs = false
    /// Says what persistent ids stand for.
    public var persistentIDs: PersistentIDResolver?
    /// Names registered for extension codes.
    public var extensions: [Int: PickleName] = [:]
    /// Gives the names of extension codes that the table does not have; each code is asked for once.
    public var extensionNames: ExtensionResolver?
    /// The out-of-band buffers, in order.
    public var buffers: [[UInt8]] = []
    /// Whether calls of well-known Python types become values; without it every call stays a record.
    public var resolvesKnownTypes = true
    /// If given, a name outside this set is refused (``PickleError/Code/forbiddenGlobal``).
    public var allowedGlobals: Set<PickleName>?

    /// For looking only: missing buffers and extension codes are replaced.
    var toleratesMissing = false
    /// What the resolver of persistent ids said, so that a document can be read again without asking it.
    var answers: [PersistentID] = []
    /// Whether the answers are taken instead of asking.
    var repeatsAnswers = false

    /// The default options.
    public init() {}

    /// Everything stays a record.
    public static var inert: Self {
        var options = Self()
        options.resolvesKnownTypes = false
        return options
    }

    /// The names of Python's library that this library understands: dates, decimals, collections, arrays and so on.
    ///
    /// None of them does anything when it is read. Together with the names of a registry they make an allow-list.
    public static var knownGlobals: Set<PickleName> { KnownCall.names.union(PythonTypes.names) }

    /// Names are refused unless this library understands them or the registry has them.
    public static func strict(_ registry: PickleRegistry = PickleRegistry()) -> Self {
        var options = Self()
        options.allowedGlobals = knownGlobals.union(registry.names)
        return options
    }

    /// The options with which the same document comes out once more, whatever the resolvers would say now.
    var repeating: Self {
        var options = self
        options.repeatsAnswers = persistentIDs != nil || repeatsAnswers
        options.persistentIDs = nil
        options.extensionNames = nil
        return options
    }
}

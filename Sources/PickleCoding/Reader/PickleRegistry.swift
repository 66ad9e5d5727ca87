/// Says what names in pickles mean: which Swift values their records become, and how their instances are to be read.
///
/// This is the only way in which a name in a pickle does anything, and it happens when the caller asks, not while reading:
/// a constructor is given the finished record and returns a value.
///
/// ```swift
/// var registry = PickleRegistry()
/// registry.register(module: "shapes", name: "Circle") { value in
///     Circle(radius: value.state?["radius"]?.doubleValue ?? 0)
/// }
/// let circle = try registry.make(document.root) as? Circle
/// ```
///
/// A ``PickleDecoder/registry`` also tells the decoder what an instance does not say itself: that a class is an enum, and
/// the names of a namedtuple's fields.
///
/// ```swift
/// var decoder = PickleDecoder()
/// decoder.registry.registerEnum(module: "paint", name: "Color")
/// decoder.registry.register(module: "paint", name: "Point", fields: ["x", "y"])
/// ```
public struct PickleRegistry: Sendable {
    /// Makes a value from a record.
    public typealias Constructor = @Sendable (PickleValue) throws -> any Sendable

    /// How instances of a class are read.
    enum Form: Sendable {
        /// The names of what has only places.
        case fields([String])
        /// Members, with the values of those that are pickled by name.
        case enumeration([String: PickleValue])
    }

    private var constructors: [PickleName: Constructor] = [:]
    private var forms: [PickleName: Form] = [:]
    private var types: [PickleName: @Sendable (PickleRegistry, PickleValue) throws -> any Sendable] = [:]
    /// Members of enums that are names of their module.
    private var members: [PickleName: PickleValue] = [:]

    /// Makes an empty registry.
    public init() {}

    /// The names that are registered; also an allow-list for ``PickleReadingOptions/allowedGlobals``.
    public var names: Set<PickleName> {
        var names = Set(constructors.keys).union(types.keys).union(forms.keys)
        for case (let name, .enumeration(let members)) in forms {
            for member in members.keys {
                names.insert(PickleName(module: name.module, name: name.name + "." + member))
                names.insert(PickleName(module: name.module, name: member))
            }
        }
        return names
    }

    var isEmpty: Bool { constructors.isEmpty && forms.isEmpty }

    /// Registers a constructor; it replaces one of the same name.
    public mutating func register(module: String, name: String, _ constructor: @escaping Constructor) {
        constructors[PickleName(module: module, name: name)] = constructor
    }

    /// Registers a type that instances of a class are decoded as: attributes of a dataclass, fields of a namedtuple, or
    /// the value of an enum's member.
    public mutating func register<T: Decodable & Sendable>(_ type: T.Type, module: String, name: String) {
        // Not captured before it is complete: the forms registered later count as well.
        let own = PickleName(module: module, name: name)
        types[own] = { registry, value in
            var decoder = PickleDecoder()
            decoder.registry = registry
            // Or the decoder would come back here.
            decoder.registry.types[own] = nil
            return try decoder.decode(type, from: value)
        }
    }

    /// Names the fields of a class whose instances have only places: a namedtuple, or a frozen dataclass with slots.
    public mutating func register(module: String, name: String, fields: [String]) {
        forms[PickleName(module: module, name: name)] = .fields(fields)
    }

    /// Says that a class is an enum, whose members are read as their values.
    ///
    /// Most members are pickled with their value. Those of an enum that pickles by name are read as the values given here, or
    /// as their names; those that are names of their module, as Python 3.10 has its signals, only as values given here.
    public mutating func registerEnum(module: String, name: String, values: [String: PickleValue] = [:]) {
        forms[PickleName(module: module, name: name)] = .enumeration(values)
        for (member, value) in values { members[PickleName(module: module, name: member)] = value }
    }

    /// Makes the value of a record whose class or function is registered; a name that is not is refused.
    public func make(_ value: PickleValue) throws -> any Sendable {
        guard let name = value.typeName ?? value.name else {
            throw PickleError(
                .typeMismatch, message: "\(value.summary) is not a record", expected: "a call or an instance")
        }
        if let constructor = constructors[name] { return try constructor(value) }
        if let type = types[name] { return try type(self, value) }
        throw PickleError(
            .forbiddenGlobal, message: "\(name) is not registered",
            expected: names.isEmpty ? nil : "one of \(names.map(\.description).sorted().joined(separator: ", "))")
    }
}

/// What the decoder asks.
extension PickleRegistry {
    /// The value of a record if it has a constructor and is of the type wanted.
    func construct<T>(_ type: T.Type, of value: PickleValue) throws -> T? {
        guard let name = value.typeName, let constructor = constructors[name] else { return nil }
        return try constructor(value) as? T
    }

    /// The names of the fields of an instance.
    func fieldNames(of value: PickleValue) -> [String]? {
        guard let name = value.typeName, case .fields(let fields) = forms[name] else { return nil }
        return fields
    }

    /// What a member of an enum stands for.
    func memberValue(of value: PickleValue) -> PickleValue? {
        if forms.isEmpty { return nil }
        if value.node.tag == .reduce {
            guard let member = value.member, case .enumeration = forms[member.type] else { return nil }
            return member.value
        }
        // By name: `module NAME` or `module Class.NAME`.
        guard let name = value.name else { return nil }
        if let value = members[name] { return value }
        guard let dot = name.name.lastIndex(of: ".") else { return nil }
        let member = String(name.name[name.name.index(after: dot)...])
        guard case .enumeration(let values) = forms[PickleName(module: name.module, name: String(name.name[..<dot]))]
        else { return nil }
        return values[member] ?? PickleValue(member)
    }
}

/// Makes Swift values of recorded calls and instances of Python classes, by module and name.
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
public struct PickleRegistry: Sendable {
    /// Makes a value from a record.
    public typealias Constructor = @Sendable (PickleValue) throws -> any Sendable

    private var constructors: [PickleName: Constructor] = [:]

    /// Makes an empty registry.
    public init() {}

    /// The names that are registered; also an allow-list for ``PickleReadingOptions/allowedGlobals``.
    public var names: Set<PickleName> { Set(constructors.keys) }

    /// Registers a constructor; it replaces one of the same name.
    public mutating func register(module: String, name: String, _ constructor: @escaping Constructor) {
        constructors[PickleName(module: module, name: name)] = constructor
    }

    /// Makes the value of a record whose class or function is registered; a name that is not is refused.
    public func make(_ value: PickleValue) throws -> any Sendable {
        guard let name = (value.callee ?? value).global.map({ PickleName(module: $0.module, name: $0.name) }) else {
            throw PickleError(
                .typeMismatch, message: "\(value.summary) is not a record", expected: "a call or an instance")
        }
        guard let constructor = constructors[name] else {
            throw PickleError(
                .forbiddenGlobal, message: "\(name) is not registered",
                expected: constructors.isEmpty
                    ? nil : "one of \(names.map(\.description).sorted().joined(separator: ", "))")
        }
        return try constructor(value)
    }
}

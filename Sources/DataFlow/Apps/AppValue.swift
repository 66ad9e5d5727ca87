public import FoundationEssentials

/// What may stand in an argument position of an app: a value, a future of one, or a collection of these.
public protocol AppArgument<Resolved>: Sendable {
    /// The type of the value once every future in the argument has one.
    associatedtype Resolved: AppValue

    /// Adds the futures that must be done before ``resolvedValue()`` can be called.
    func collectDependencies(into list: inout DependencyList)

    /// The value, once all dependencies are done.
    ///
    /// - Throws: the error of a future that failed.
    func resolvedValue() throws -> Resolved
}

/// What apps take and return: values that can be encoded and handed to another process.
///
/// One word makes a type of yours an app value: `struct Point: AppValue { var x = 0.0, y = 0.0 }`.
public protocol AppValue: Codable, Sendable, AppArgument where Resolved == Self {}

extension AppValue {
    /// A plain value depends on nothing.
    public func collectDependencies(into list: inout DependencyList) {}

    /// A plain value is its own value.
    public func resolvedValue() throws -> Self { self }
}

/// The result of an app whose closure returns nothing.
public struct Nothing: AppValue, Hashable {
    /// The only value.
    public init() {}
}

extension Int: AppValue {}
extension Int8: AppValue {}
extension Int16: AppValue {}
extension Int32: AppValue {}
extension Int64: AppValue {}
extension UInt: AppValue {}
extension UInt8: AppValue {}
extension UInt16: AppValue {}
extension UInt32: AppValue {}
extension UInt64: AppValue {}
extension Float: AppValue {}
extension Double: AppValue {}
extension Bool: AppValue {}
extension String: AppValue {}
extension Data: AppValue {}
extension Date: AppValue {}
extension URL: AppValue {}
extension UUID: AppValue {}
extension Decimal: AppValue {}

extension Array: AppArgument where Element: AppArgument {
    /// The array with every future replaced by its value.
    public typealias Resolved = [Element.Resolved]

    /// Adds the futures of all elements.
    public func collectDependencies(into list: inout DependencyList) {
        for element in self { element.collectDependencies(into: &list) }
    }

    /// The values of all elements.
    public func resolvedValue() throws -> [Element.Resolved] {
        if let same = self as? [Element.Resolved] { return same }
        return try map { try $0.resolvedValue() }
    }
}

extension Array: AppValue where Element: AppValue {
    /// An array of plain values depends on nothing.
    public func collectDependencies(into list: inout DependencyList) {}

    /// An array of plain values is its own value.
    public func resolvedValue() throws -> [Element] { self }
}

extension Optional: AppArgument where Wrapped: AppArgument {
    /// The optional with a future replaced by its value.
    public typealias Resolved = Wrapped.Resolved?

    /// Adds the future, if there is one.
    public func collectDependencies(into list: inout DependencyList) {
        self?.collectDependencies(into: &list)
    }

    /// The value, or `nil`.
    public func resolvedValue() throws -> Wrapped.Resolved? { try self?.resolvedValue() }
}

extension Optional: AppValue where Wrapped: AppValue {
    /// A plain optional depends on nothing.
    public func collectDependencies(into list: inout DependencyList) {}

    /// A plain optional is its own value.
    public func resolvedValue() throws -> Wrapped? { self }
}

extension Dictionary: AppArgument where Key: AppValue, Value: AppArgument {
    /// The dictionary with every future replaced by its value.
    public typealias Resolved = [Key: Value.Resolved]

    /// Adds the futures of all values.
    public func collectDependencies(into list: inout DependencyList) {
        for value in values { value.collectDependencies(into: &list) }
    }

    /// The values under their keys.
    public func resolvedValue() throws -> [Key: Value.Resolved] { try mapValues { try $0.resolvedValue() } }
}

extension Dictionary: AppValue where Key: AppValue, Value: AppValue {
    /// A dictionary of plain values depends on nothing.
    public func collectDependencies(into list: inout DependencyList) {}

    /// A dictionary of plain values is its own value.
    public func resolvedValue() throws -> [Key: Value] { self }
}

extension Set: AppArgument where Element: AppValue {
    /// A set holds plain values alone.
    public typealias Resolved = Self
}

extension Set: AppValue where Element: AppValue {
    /// A set depends on nothing.
    public func collectDependencies(into list: inout DependencyList) {}

    /// A set is its own value.
    public func resolvedValue() throws -> Set<Element> { self }
}

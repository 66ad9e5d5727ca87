/// A provider that a configuration file can describe although the reader of files does not know its type.
///
/// Products beside `Apus` bring such providers: what they need is then built for programs that ask for it alone. A
/// program names their types to the reader: `WorkflowConfiguration(file: "apus.yaml", providers: [Some.self])`.
public protocol DescribedProvider: Provider {
    /// What stands in files as the executor's `kind`.
    static var kind: String { get }
    /// Makes the provider that a file describes.
    ///
    /// - Throws: an error whose text begins with the name of a key, when values do not fit.
    init(_ description: ProviderDescription) throws
}

/// What a file says of a provider: values by their keys, each of the type that the key has.
public struct ProviderDescription: Sendable, Equatable {
    /// One value.
    public enum Value: Sendable, Hashable {
        /// `true` or `false`.
        case flag(Bool)
        /// A whole number, or a number of bytes.
        case integer(Int)
        /// A number with decimals.
        case number(Double)
        /// A text.
        case text(String)
        /// A span of time.
        case duration(Duration)
        /// Several texts; variables and labels as `NAME=value`.
        case texts([String])
    }

    /// The kind.
    public var kind: String
    /// How many blocks, and how large.
    public var blocks: BlockParameters
    /// How often the state of jobs is asked for.
    public var statusPollingInterval: Duration
    /// Shell text that runs before the manager starts.
    public var workerInit: String
    /// The provider's own keys, as far as they are set.
    public var values: [String: Value]

    /// A description in which nothing is set.
    public init(
        kind: String, blocks: BlockParameters = BlockParameters(), statusPollingInterval: Duration = .seconds(60)
    ) {
        self.kind = kind
        self.blocks = blocks
        self.statusPollingInterval = statusPollingInterval
        workerInit = ""
        values = [:]
    }

    /// A flag; `nil` when it is not set.
    public func flag(_ key: String) -> Bool? {
        if case .flag(let flag)? = values[key] { flag } else { nil }
    }

    /// A whole number or a number of bytes; `nil` when it is not set.
    public func integer(_ key: String) -> Int? {
        if case .integer(let number)? = values[key] { number } else { nil }
    }

    /// A number; `nil` when it is not set.
    public func number(_ key: String) -> Double? {
        switch values[key] {
        case .number(let number): number
        case .integer(let number): Double(number)
        default: nil
        }
    }

    /// A text; `nil` when it is not set.
    public func text(_ key: String) -> String? {
        if case .text(let text)? = values[key] { text } else { nil }
    }

    /// A duration; `nil` when it is not set.
    public func duration(_ key: String) -> Duration? {
        if case .duration(let duration)? = values[key] { duration } else { nil }
    }

    /// Texts; empty when they are not set.
    public func texts(_ key: String) -> [String] {
        if case .texts(let texts)? = values[key] { texts } else { [] }
    }

    /// Texts of the form `NAME=value`, by name.
    public func assignments(_ key: String) -> [String: String] {
        let pairs = texts(key).map { item in
            let name = item.prefix { $0 != "=" }
            return (String(name), String(item[name.endIndex...].dropFirst()))
        }
        return Dictionary(pairs) { first, _ in first }
    }
}

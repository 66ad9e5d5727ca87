import SystemSupport

/// Two values of different types, as ``AppFuture/zip(_:)`` makes them.
public struct Pair<First: AppValue, Second: AppValue>: AppValue {
    /// The value of the future itself.
    public var first: First
    /// The value of the other one.
    public var second: Second

    /// Puts two values together.
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }
}

extension Pair: Equatable where First: Equatable, Second: Equatable {}
extension Pair: Hashable where First: Hashable, Second: Hashable {}

/// None of the futures of which one should have had a value has one.
public struct NoneSucceeded: Error, Sendable, CustomStringConvertible {
    /// How many there were.
    public var count: Int
    /// The errors of the first of them, at most 16.
    public var errors: [any Error]

    /// How many there were, and the first error.
    public var description: String {
        guard let first = errors.first else { return "there was no future that could have had a value" }
        return "none of \(count) futures has a value; the first failed so: \(first)"
    }
}

extension AppFuture {
    /// The future of both values.
    ///
    /// - Parameter other: the second one.
    public func zip<Other: AppValue>(_ other: AppFuture<Other>) -> AppFuture<Pair<Value, Other>> {
        zip(other) { Pair($0, $1) }
    }

    /// The future of what `transform` makes of both values.
    ///
    /// - Parameters:
    ///   - other: the second one.
    ///   - transform: makes the new value, on the submit side.
    public func zip<Other: AppValue, Zipped: AppValue>(
        _ other: AppFuture<Other>, _ transform: @escaping @Sendable (Value, Other) throws -> Zipped
    ) -> AppFuture<Zipped> {
        let zipped = AppFuture<Zipped>(from: [self, other], named: "\(appName)+\(other.appName)")
        let left = Countdown(2)
        for source in [self, other] as [any DependencySource] {
            source.whenDone(for: zipped) { [self] in
                if let error = source.failure { return SubmitThreads.shared.run { zipped.complete(.failure(error)) } }
                guard left.isOver() else { return }
                SubmitThreads.shared.run {
                    zipped.complete(Result { try transform(try self.resolvedValue(), try other.resolvedValue()) })
                }
            }
        }
        return zipped
    }

    /// The future of all values, in order; it fails as soon as one of them fails.
    ///
    /// As an argument of an app the array of futures itself will do.
    ///
    /// - Parameter futures: any number.
    public static func all<Element>(_ futures: some Sequence<AppFuture<Element>>) -> AppFuture<[Element]>
    where Value == [Element] {
        let sources = Array(futures)
        let all = AppFuture<[Element]>(from: sources, named: name(of: sources, "all"))
        if sources.isEmpty { all.complete(.success([])) }
        let left = Countdown(sources.count)
        for source in sources {
            source.whenDone(for: all) {
                if let error = source.failure {
                    SubmitThreads.shared.run { all.complete(.failure(error)) }
                } else if left.isOver() {
                    SubmitThreads.shared.run { all.complete(Result { try sources.map { try $0.resolvedValue() } }) }
                }
            }
        }
        return all
    }

    /// The future of the value that is there first; it fails with ``NoneSucceeded`` when all have failed.
    ///
    /// The others go on; cancel them when they are not needed.
    ///
    /// - Parameter futures: any number.
    public static func any(_ futures: some Sequence<AppFuture<Value>>) -> AppFuture<Value> {
        let sources = Array(futures)
        let any = AppFuture<Value>(from: sources, named: name(of: sources, "any"))
        if sources.isEmpty { any.complete(.failure(NoneSucceeded(count: 0, errors: []))) }
        let left = Countdown(sources.count)
        for source in sources {
            source.whenDone(for: any) {
                if case .success(let value)? = source.current {
                    SubmitThreads.shared.run { any.complete(.success(value)) }
                } else if left.isOver() {
                    let errors = sources.prefix(16).compactMap(\.failure)
                    SubmitThreads.shared.run {
                        any.complete(.failure(NoneSucceeded(count: sources.count, errors: errors)))
                    }
                }
            }
        }
        return any
    }

    private static func name<Element>(of sources: [AppFuture<Element>], _ word: String) -> String {
        "\(word) of \(sources.count) × \(sources.first?.appName ?? "nothing")"
    }
}

extension Sequence {
    /// The future of all values, in order; see ``AppFuture/all(_:)``.
    public func all<Value>() -> AppFuture<[Value]> where Element == AppFuture<Value> { AppFuture.all(self) }

    /// The future of the value that is there first; see ``AppFuture/any(_:)``.
    public func any<Value>() -> AppFuture<Value> where Element == AppFuture<Value> { AppFuture.any(self) }
}

/// Counts down to zero, from any thread.
private final class Countdown: Sendable {
    private let left: Locked<Int>

    init(_ count: Int) { left = Locked(count) }

    /// True for the last of those who ask.
    func isOver() -> Bool {
        left.withLock { left in
            left -= 1
            return left == 0
        }
    }
}

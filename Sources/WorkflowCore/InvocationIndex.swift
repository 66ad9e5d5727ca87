/// Finds the number that an executor gave to an attempt.
///
/// Executors number attempts as they come and keep them by number; the way back is needed by cancellation alone, so the
/// table for it is made when the first is asked for, and only ever extended: asking for all of many costs a constant each.
package struct InvocationIndex: Sendable {
    private var numbers: [ObjectIdentifier: Int] = [:]
    /// Numbers below are in the table.
    private var next = 0

    /// Entries of attempts that have ended are removed when there are this many, and twice as many as attempts.
    private static let fewest = 1024

    /// An index without entries.
    package init() {}

    /// The number of an attempt, or `nil` when the executor does not have it.
    ///
    /// - Parameters:
    ///   - invocation: the attempt.
    ///   - lowest: no attempt has a lower number; asked when the table is new.
    ///   - end: all numbers are lower.
    ///   - count: how many attempts there are.
    ///   - attempt: the attempt with a number, `nil` when it has ended.
    package mutating func number(
        of invocation: any TaskInvocation, lowest: @autoclosure () -> Int, end: Int, count: Int,
        attempt: (Int) -> (any TaskInvocation)?
    ) -> Int? {
        var number = numbers.isEmpty ? max(next, lowest()) : next
        while number < end {
            if let found = attempt(number) { numbers[ObjectIdentifier(found)] = number }
            number += 1
        }
        next = max(next, end)
        if numbers.count > max(Self.fewest, 2 * count) {
            numbers = numbers.filter { entry in attempt(entry.value).map { ObjectIdentifier($0) == entry.key } ?? false
            }
        }
        guard let number = numbers[ObjectIdentifier(invocation)], attempt(number) === invocation else { return nil }
        return number
    }
}

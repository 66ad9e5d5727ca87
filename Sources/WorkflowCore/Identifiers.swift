/// The number of a task within one kernel, counted from 1 and never reused.
public struct TaskID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: Int

    /// Names the task with this number.
    public init(_ rawValue: Int) { self.rawValue = rawValue }

    /// The number, as it stands in log lines and error texts.
    public var description: String { String(rawValue) }

    /// Earlier tasks come first.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// One attempt to run a task: the task, and how many attempts went before.
public struct TryID: Hashable, Sendable, CustomStringConvertible {
    /// The task that is tried.
    public let task: TaskID
    /// 0 for the first attempt.
    public let number: Int

    /// Names one attempt.
    public init(task: TaskID, number: Int) {
        self.task = task
        self.number = number
    }

    /// For log lines: `task 12 (try 1)`.
    public var description: String { "task \(task) (try \(number))" }
}

/// The name a manager chose for itself; also its ZeroMQ identity.
public struct ManagerID: Hashable, Sendable, CustomStringConvertible {
    /// The text, as UTF-8 on the wire.
    public let rawValue: String

    /// Names the manager.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }
}

/// One request to a provider: a batch job, or a group of local processes.
///
/// Numbered as text from "0", as Parsl does.
public struct BlockID: Hashable, Sendable, CustomStringConvertible {
    /// The text.
    public let rawValue: String

    /// Names the block.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }
}

/// One execution of a program's workflow: a UUID in text form.
public struct RunID: Hashable, Sendable, CustomStringConvertible {
    /// The text.
    public let rawValue: String

    /// Names the run.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }
}

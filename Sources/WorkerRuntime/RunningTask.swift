import SystemSupport
import WireProtocol

/// The task that the task thread runs, as far as the control thread may stop it.
final class RunningTask: Sendable {
    /// Why a body was asked to stop.
    enum Cause: Equatable {
        case cancelled
        case overdue(limit: Double)
    }

    private struct State {
        /// The task whose body runs.
        var task: Int?
        /// Names the run to the loop.
        var run = 0
        var began: UInt64 = 0
        var limit = 0.0
        var deadline = UInt64.max
        var cause: Cause?
        /// A task that shall not begin.
        ///
        /// One is enough, and it is forgotten when a task begins: the manager asks for the oldest that it has no answer of.
        var doomed: Int?
        /// When the control thread will look at the time.
        var nextLook = UInt64.max
    }

    /// Runs the bodies.
    let loop = TaskRunLoop()
    private let state = Locked(State())
    /// Rung when the control thread must look at the time earlier than it meant to.
    private let alarm: WakeUp

    init() throws(SystemError) { alarm = try WakeUp() }

    /// Readable when ``look(at:)`` is to be called.
    var alarmDescriptor: Int32 { alarm.descriptor }

    // MARK: The task thread

    /// A task begins; returns the number of its run, or `nil` when it was cancelled before.
    func begin(_ task: Int, walltime: Double?, at now: UInt64) -> Int? {
        let (run, mustRing) = state.withLock { state -> (Int?, Bool) in
            let isDoomed = state.doomed == task
            state.doomed = nil
            if isDoomed { return (nil, false) }
            state.task = task
            state.run += 1
            guard let walltime else { return (state.run, false) }
            state.began = now
            state.limit = walltime
            // A number of years that fits; such a limit is none.
            state.deadline = now &+ UInt64(min(walltime, 1e9) * 1e9)
            guard state.deadline < state.nextLook else { return (state.run, false) }
            state.nextLook = state.deadline
            return (state.run, true)
        }
        if mustRing { alarm.ring() }
        return run
    }

    /// The body has ended; returns why it was asked to.
    func end() -> Cause? {
        state.withLock { state in
            defer {
                state.task = nil
                state.cause = nil
                state.deadline = .max
            }
            return state.cause
        }
    }

    // MARK: The control thread

    /// Cancels the body of a task, or sees to it that the task does not begin.
    ///
    /// The body's own handlers of cancellation are called here.
    func cancel(_ task: Int) {
        let run = state.withLock { state -> Int? in
            guard state.task == task else {
                state.doomed = task
                return nil
            }
            guard state.cause == nil else { return nil }
            state.cause = .cancelled
            state.deadline = .max
            return state.run
        }
        if let run { loop.cancel(run) }
    }

    /// Looks at the time; returns the task whose walltime is over, once, and when to look again.
    func look(at now: UInt64) -> (overdue: (message: OverdueMessage, run: Int)?, next: UInt64) {
        alarm.drain()
        return state.withLock { state in
            var overdue: (OverdueMessage, Int)?
            if state.deadline <= now, let task = state.task {
                state.cause = .overdue(limit: state.limit)
                state.deadline = .max
                let elapsed = Double(now &- state.began) / 1e9
                overdue = (OverdueMessage(task: task, limit: state.limit, elapsed: elapsed), state.run)
            }
            state.nextLook = state.deadline
            return (overdue, state.nextLook)
        }
    }
}

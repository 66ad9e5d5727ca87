package import WireProtocol

/// Something that happened, as the state is told.
package enum InterchangeEvent: Sendable {
    /// The executor sent a task; its bytes are kept under the handle.
    case taskArrived(TaskHandle, id: Int, priority: Double, size: Int)
    /// The executor sent a task that asks for more than a worker.
    indirect case demandingTaskArrived(TaskHandle, id: Int, priority: Double, size: Int, TaskNeeds)
    /// All messages of this turn were handled: now hand out tasks.
    case turnEnded

    /// A manager presented itself.
    indirect case registration(ManagerIdentity, ManagerArrival)
    /// A manager lives.
    case heartbeat(ManagerIdentity)
    /// A manager finished a task.
    case result(ManagerIdentity, taskID: Int, size: Int)
    /// A worker's monitoring record came.
    case monitoring(ManagerIdentity)
    /// A manager asks to be drained.
    case drainRequested(ManagerIdentity)
    /// An Apus manager takes this many tasks from now on.
    case capacity(ManagerIdentity, Int)

    /// The executor wants a manager to get no more tasks.
    case hold(ManagerIdentity)
    /// An Apus executor wants all managers of these blocks to get no more tasks, also those that come later.
    case holdBlocks([String])
    /// An Apus executor presented itself.
    case hello(ExecutorHello)
    /// An Apus executor connected again, and waits for these tasks.
    case resume(outstanding: [Int])
    /// These results have arrived at the executor.
    case acknowledged([Int])

    /// The executor wants these tasks to stop.
    case cancel([Int])

    /// A connection to the manager socket closed.
    case disconnected(descriptor: Int32)
    /// A manager that comes by a connection of unknown descriptor sent something by this one.
    case located(ManagerIdentity, descriptor: Int32)
    /// A manager in doubt could be sent something.
    case reachable(ManagerIdentity)
    /// A manager in doubt could not be sent anything.
    case unreachable(ManagerIdentity)

    /// This process slept or was stopped; everything that waited has been read.
    case wokeLate
    /// Time has passed.
    case tick
    /// This process is about to end; managers that would wait for it in vain are told.
    case ending
}

/// A registration, and what the message does not say.
package struct ManagerArrival: Sendable {
    /// What the manager says of itself.
    package var registration: Registration
    /// The descriptor of the connection it came by, as a hint.
    package var descriptor: Int32?
    /// Nanoseconds from now until the manager wants to be drained; nil for never.
    package var drainDelay: UInt64?

    /// Describes an arrival.
    package init(registration: Registration, descriptor: Int32? = nil, drainDelay: UInt64? = nil) {
        self.registration = registration
        self.descriptor = descriptor
        self.drainDelay = drainDelay
    }
}

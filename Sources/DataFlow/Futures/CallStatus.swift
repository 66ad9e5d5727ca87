/// Where a call is on its way.
public enum CallStatus: String, Sendable, Hashable, CaseIterable {
    /// It waits for an argument.
    case waiting
    /// Its executor has it.
    case launched
    /// Its body runs, where the executor tells.
    case running
    /// An attempt failed; its executor has it again.
    case retrying
    /// The body of a join app has returned futures, which the call waits for.
    case joining
    /// It has a value.
    case succeeded
    /// It failed.
    case failed
    /// It was not run, because a future among its arguments failed; or the future of a join app's body did.
    case dependencyFailed
    /// It was taken back.
    case cancelled
    /// It has the value of an earlier, equal call.
    case fromCache

    /// Whether the call has ended.
    public var isDone: Bool {
        switch self {
        case .waiting, .launched, .running, .retrying, .joining: false
        case .succeeded, .failed, .dependencyFailed, .cancelled, .fromCache: true
        }
    }
}

extension AppFuture {
    /// Where the call is on its way.
    ///
    /// A future that is made of others waits until it is done.
    public var status: CallStatus {
        switch current {
        case .success?: return isFromCache ? .fromCache : .succeeded
        case .failure(let error)?:
            if error is any RoutedError { return .dependencyFailed }
            return CallCancelled.isCause(of: error) ? .cancelled : .failed
        case nil:
            guard let owner, let taskID, let kernel = DataFlowKernel.running(owner) else { return .waiting }
            return kernel.status(of: taskID) ?? .waiting
        }
    }
}

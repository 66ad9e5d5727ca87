import Synchronization
import SystemSupport
import WorkflowCore

/// Tells the kernels of a process apart, also from those that have ended.
package struct KernelID: Hashable, Sendable {
    fileprivate let number: Int
}

/// Where calls go that are made in a Swift task.
final class KernelScope: Sendable {
    let kernel: DataFlowKernel
    /// The join app's call whose body makes them.
    let parent: TaskID?

    init(_ kernel: DataFlowKernel, parent: TaskID?) {
        self.kernel = kernel
        self.parent = parent
    }
}

/// The kernels of this process.
enum KernelDirectory {
    private struct Entry: Sendable {
        weak var kernel: DataFlowKernel?
    }

    private static let lastNumber = Atomic<Int>(0)
    private static let entries = Locked<[KernelID: Entry]>([:])
    /// Kernels whose workflow's body runs, for code outside of every body's Swift task.
    static let inUse = Locked<[DataFlowKernel]>([])

    static func add() -> KernelID { KernelID(number: lastNumber.add(1, ordering: .relaxed).newValue) }

    static func fill(_ id: KernelID, _ kernel: DataFlowKernel) {
        entries.withLock { $0[id] = Entry(kernel: kernel) }
    }

    static func remove(_ id: KernelID) { entries.withLock { $0[id] = nil } }

    static func kernel(_ id: KernelID) -> DataFlowKernel? { entries.withLock { $0[id]?.kernel } }
}

/// Which kernel a call goes to, and whether it takes it.
extension DataFlowKernel {
    /// The kernel with this number, as long as there is one.
    static func running(_ id: KernelID) -> DataFlowKernel? { KernelDirectory.kernel(id) }

    /// The kernel that calls go to: that of the workflow in whose body, or in whose Swift tasks, the code runs; for
    /// code outside of all (a detached task, a thread), that of the only workflow there is.
    package static var current: DataFlowKernel? {
        if let scope { return scope.kernel }
        return KernelDirectory.inUse.withLock { $0.count == 1 ? $0[0] : nil }
    }

    /// Why there is no kernel for a call of this app.
    static func missing(app: String) -> WorkflowError {
        let count = KernelDirectory.inUse.withLock { $0.count }
        if count == 0 {
            return WorkflowError(
                .noWorkflow, "app '\(app)' was called outside a workflow; call it inside `Workflow.run { … }`")
        }
        return WorkflowError(
            .severalWorkflows,
            "app '\(app)' was called outside of the Swift tasks of \(count) workflows that run, so it is not known which "
                + "one is meant; call it in the body of one, or in a `Task { }` (not a detached one) that it starts")
    }

    /// Runs `body` with this kernel as the one that calls go to.
    package func asCurrent<R>(_ body: () async throws -> R) async rethrows -> R {
        KernelDirectory.inUse.withLock { $0.append(self) }
        defer { KernelDirectory.inUse.withLock { $0.removeAll { $0 === self } } }
        return try await Self.$scope.withValue(KernelScope(self, parent: nil), operation: body)
    }

    /// Whether calls of the app with this registration number need a closer look before they are taken.
    ///
    /// The table holds what was registered before it was sealed, so a number says it all, at every call.
    func mayRefuse(registration: Int) -> Bool { registration >= context.table.count || closed.isSet }

    /// Why the workflow cannot run this app; `nil` when it can.
    func refusal(of definition: TaskDefinition) -> WorkflowError? {
        if closed.isSet {
            return WorkflowError(
                .shutDown, "app '\(definition.name)' was called after its workflow had ended; call it inside the body")
        }
        guard let known = context.table[definition.name] else {
            return WorkflowError(
                .appNotRegistered,
                "app '\(definition.name)' was declared after the workflow started; list it in `apps:`")
        }
        guard known.row == definition.row else {
            return WorkflowError(
                .appNotRegistered,
                "app '\(definition.row)' is not the one the workflow knows: '\(known.row)'; rename one")
        }
        return nil
    }
}

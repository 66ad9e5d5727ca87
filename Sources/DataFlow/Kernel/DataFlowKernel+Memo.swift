import Synchronization
import WorkflowCore

/// Calls whose results are kept: looked up before they run, shared while they run, recorded afterwards.
extension DataFlowKernel {
    /// Looks a call up that is ready to run: completes it, lets it wait for an equal one, or runs it.
    func lookUp(_ call: any KernelCall, _ effects: inout [KernelState.Effect]) {
        let key: MemoKey
        do {
            key = try call.memoKey(build: memoizer.build)
        } catch {
            return settle(call, .failure(error), &effects)
        }
        perform(memoizer.handle(.asked(call.taskID, key)), failure: nil, &effects)
        // It may wait for an equal call now, where nobody looked for it: see `handOver`.
        if stopping.load(ordering: .sequentiallyConsistent) > 0 { stopIfCancelled(call) }
    }

    /// Completes a call that has run, and all that waited for it.
    func succeed(_ call: any KernelCall, _ outcome: TaskOutcome, _ effects: inout [KernelState.Effect]) {
        guard call.isCached, let key = memoizer.key(of: call.taskID) else { return settle(call, outcome, &effects) }
        let value: any Sendable
        do {
            value = try call.value(of: outcome)
        } catch {
            return fail(call, .failure(error), &effects)
        }
        // Before anybody sees the value: what a program has seen, its next run finds.
        memoizer.record(call, key, outcome)
        settle(call, .value(value), &effects)
        perform(memoizer.handle(.succeeded(call.taskID, .value(MemoValue(value)))), failure: nil, &effects)
    }

    /// Fails a call that will not be tried again, and those that waited for it.
    func fail(_ call: any KernelCall, _ outcome: TaskOutcome, _ effects: inout [KernelState.Effect]) {
        settle(call, outcome, &effects)
        guard call.isCached, case .failure(let error) = outcome else { return }
        // A call that was taken back says nothing about the equal ones; unless everything is taken back.
        let passOn = !CallCancelled.isCause(of: error) || isEnding
        perform(memoizer.handle(.failed(call.taskID, passOn: passOn)), failure: outcome, &effects)
    }

    private func perform(
        _ first: [MemoState.Effect], failure: TaskOutcome?, _ effects: inout [KernelState.Effect]
    ) {
        var work = first
        var position = 0
        while position < work.count {
            let effect = work[position]
            position += 1
            switch effect {
            case .run(let task):
                guard let call = call(task) else { continue }
                launch(call)
            case .serve(let task, let key, let entry):
                guard let call = call(task) else { continue }
                if let value = memoizer.value(of: entry, key, for: call) {
                    settle(call, .value(value), fromCache: true, &effects)
                } else {
                    work += memoizer.handle(.unusable(task, key))
                }
            case .fail(let task):
                guard let call = call(task), let failure else { continue }
                settle(call, failure, &effects)
            case .release:
                continue
            }
        }
    }

    /// Writes all results that have come since to the run's checkpoint.
    ///
    /// - Returns: how many; `nil` when the run writes none.
    /// - Throws: when the file cannot be written.
    package func checkpoint() throws -> Int? { try memoizer.checkpoint() }
}

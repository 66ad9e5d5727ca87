import SystemSupport
import WorkflowCore

/// Calls with files among their arguments: staged in before they go to their executor, staged out after they have ended.
extension DataFlowKernel {
    /// Hands a call to its executor, when its files are where they must be.
    func launch(_ call: any KernelCall) {
        // What is launched here comes back in `receive`, once.
        if call.executorIndex != nil { tally.attempted(call.registration) }
        // The body of a join app runs here, and reads no files; what it calls has its own.
        guard call.mayHoldFiles, let index = call.executorIndex else { return handOver(call) }
        let executor = executors[index]
        do {
            let found = call.searchedFiles()
            if found.isEmpty { return handOver(call) }
            let (plan, jobs) = try stager.plan(found, for: call.taskID, declared: call.declaredOutputs)
            call.stagingPlan = plan
            let arrivals = jobs.map { job in
                stager.arrival(of: job, executor: executor.label) { submit(StagingTasks.stageIn, job, executor.label) }
            }
            if arrivals.isEmpty { return handOver(call) }
            wait(for: arrivals) { self.filesArrived(arrivals, for: call) }
        } catch {
            receive(.failure(error), of: call)
        }
    }

    private func filesArrived(_ arrivals: [any DependencySource], for call: any KernelCall) {
        let failed = arrivals.filter { $0.failure != nil }
        guard failed.isEmpty else {
            let step = DependencyError.Step(task: call.taskID, app: call.definition.name)
            return receive(.failure(DependencyError(call: step, failed: failed)), of: call)
        }
        handOver(call)
    }

    /// Calls back once, when all are done.
    private func wait(for futures: [any DependencySource], _ body: @escaping @Sendable () -> Void) {
        let left = Locked(futures.count)
        for future in futures {
            // The call's own failure tells of it.
            future.markObserved()
            future.whenDone {
                let isLast = left.withLock { left in
                    left -= 1
                    return left == 0
                }
                if isLast { body() }
            }
        }
    }

    /// Makes the data futures of a call that was just submitted.
    func attachOutputs<Output>(_ outputs: [OutputFile], to future: AppFuture<Output>, executor: String?) {
        guard let task = future.taskID else { return }
        for output in outputs {
            let data = FileFuture(taskID: task, appName: future.appName, owner: nil)
            future.append(output: data)
            // An output that cannot be taken out fails its call when that is launched.
            guard let (place, isSeparate) = try? stager.outputPlace(of: output.file, task), isSeparate,
                let provider = place.provider
            else {
                completes(data, output.file, after: future)
                continue
            }
            let job = StagingJob(output.file, path: place.path, provider: provider)
            let moved = submit(
                StagingTasks.stageOut, job, executor ?? executors[0].label, after: UnmarkedDependency(future))
            // Whoever looks at the data future sees the failure of the move.
            moved.append(output: data)
            completes(data, output.file, after: moved)
        }
    }

    /// Makes data futures of files that a call promises by their paths.
    func attachPromised<Output>(_ paths: [String], in directory: String?, to future: AppFuture<Output>) {
        guard let task = future.taskID else { return }
        for path in paths {
            let isRelative = !path.isEmpty && !path.hasPrefix("/")
            do {
                let file = try File(path: isRelative ? directory.map { "\($0)/\(path)" } ?? path : path)
                let data = FileFuture(taskID: task, appName: future.appName, owner: nil)
                future.append(output: data)
                completes(data, file, after: future)
            } catch {
                future.append(output: FileFuture(appName: future.appName, failed: error))
            }
        }
    }

    private func completes<Value>(_ data: FileFuture, _ file: File, after future: AppFuture<Value>) {
        future.whenDone { [stager] in
            switch future.failure {
            case nil:
                stager.wasMade(file)
                data.store(.success(file))?.wake?()
            case let error as DependencyError where future.appName == StagingTasks.stageOut.name:
                // The app failed, and says so itself.
                future.markObserved()
                data.store(.failure(error.rootCause))?.wake?()
            case let error?:
                data.store(.failure(error))?.wake?()
            }
        }
    }

    /// Submits a task that moves a file.
    private func submit(
        _ app: App<Nothing, StagingJob>, _ job: StagingJob, _ executor: String,
        after dependency: (any DependencySource)? = nil
    ) -> AppFuture<Nothing> {
        if let refusal = refusal(of: app.definition) { return AppFuture(appName: app.name, failed: refusal) }
        var options = app.options
        options.executor = executor
        let future = AppFuture<Nothing>(taskID: nextTaskID(), appName: app.name, owner: id)
        let call = AppCall(
            app: app.with(options), future: future, dependencies: dependency.map { [$0] } ?? [],
            executorIndex: enterRoom(of: executor)
        ) { job }
        call.stagingPlan = StagingPlan(providers: stager.files.providers)
        submit(call)
        return future
    }
}

/// A dependency of a task that nobody asked for: that it waits does not mean that somebody has seen the failure.
private final class UnmarkedDependency: DependencySource {
    private let future: any DependencySource

    init(_ future: any DependencySource) { self.future = future }

    var taskID: TaskID? { future.taskID }
    var appName: String { future.appName }
    var owner: KernelID? { future.owner }
    var failure: (any Error)? { future.failure }
    var isDone: Bool { future.isDone }
    var wasObserved: Bool { future.wasObserved }
    var failureRoots: [any DependencySource] { future.failureRoots }
    var hasNoWaiters: Bool { future.hasNoWaiters }
    func whenDone(for waiter: (any AnyObject & Sendable)?, _ body: @escaping @Sendable () -> Void) {
        future.whenDone(for: waiter, body)
    }
    func withdraw(_ waiter: any AnyObject & Sendable) { future.withdraw(waiter) }
    func cancelIfUnwanted(by origin: CallCancelled.Origin) { future.cancelIfUnwanted(by: origin) }
    func observe() -> [any DependencySource] { [] }
}

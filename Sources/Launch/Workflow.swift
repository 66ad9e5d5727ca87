public import DataFlow
import Glibc
import HighThroughput
import Monitoring
import ProgressDisplay
import SystemSupport
import WorkflowCore

/// The entry point of a program that runs apps.
public enum Workflow {
    /// Runs a workflow: `body` calls apps and awaits their futures.
    ///
    /// In the processes that Apus starts from the same executable, `body` never runs: they become interchange,
    /// manager or worker here, and do not return.
    ///
    /// When `body` returns, all unfinished calls are awaited (or what `exitMode` says); failures that nobody awaited are
    /// listed and the process exits with code 1. When it throws, all calls are cancelled, the error is printed, and the
    /// process exits with code 1. An interrupt (Ctrl-C) cancels, cleans up and exits with code 130.
    ///
    /// - Parameters:
    ///   - apps: apps declared in other files, which Swift would otherwise initialise too late.
    ///   - harnesses: harnesses declared in other files.
    ///   - configuration: where calls run.
    ///   - answersCommands: whether `--help`, `tasks`, `describe`, `call` and `run` as the first word are commands.
    ///   - body: the workflow.
    public static func run(
        apps: any RegisteredApp..., harnesses: [Harness] = [], configuration: WorkflowConfiguration = .local(),
        answersCommands: Bool = true, _ body: () async throws -> Void
    ) async {
        await RoleDispatch.becomeRoleIfAsked(names: apps.map(\.name), files: configuration.files)
        _ = harnesses.map(\.name)
        switch ProgramStart.decided(plainly: answersCommands) {
        case .body(_, let common): await perform(configuration, common, body)
        case .job(let job): await perform(configuration, job.common, job.body)
        }
    }

    /// Runs a workflow, prints how it failed, if it did, and ends the program then.
    static func perform(
        _ configuration: WorkflowConfiguration, _ common: CommonOptions, _ body: () async throws -> Void
    ) async {
        let interrupt = InterruptHandler()
        do {
            let unseen = try await session(configuration, common, interrupt: interrupt) { try await body() }.unseen
            if interrupt.wasInterrupted { await interrupt.exitWhenClean() }
            guard unseen.isEmpty else {
                report(unseen)
                exit(1)
            }
        } catch {
            if interrupt.wasInterrupted { await interrupt.exitWhenClean() }
            StandardError.write("apus: the workflow failed: \(error)\n")
            exit(1)
        }
    }

    /// Runs a workflow inside a larger program: returns what `body` returns, and throws what it throws.
    ///
    /// - Parameters:
    ///   - apps: apps declared in other files, which Swift would otherwise initialise too late.
    ///   - configuration: where calls run.
    ///   - body: the workflow.
    /// - Throws: what `body` throws; `WorkflowError` for a configuration that cannot work; `ExecutionError` when
    ///   interchange or managers do not start.
    @discardableResult
    public static func execute<Value>(
        apps: any RegisteredApp..., configuration: WorkflowConfiguration = .local(),
        _ body: () async throws -> Value
    ) async throws -> Value {
        await RoleDispatch.becomeRoleIfAsked(names: apps.map(\.name), files: configuration.files)
        return try await session(configuration, CommonOptions(), interrupt: nil, body).value
    }

    private static func session<Value>(
        _ configuration: WorkflowConfiguration, _ common: CommonOptions, interrupt: InterruptHandler?,
        _ body: () async throws -> Value
    ) async throws -> (value: Value, unseen: [DataFlowKernel.UnseenFailure]) {
        if TaskScope.isInsideTask { throw RoleError(app: "Workflow.run") }
        try ProcessDepth.check()
        let configuration = common.applied(to: try HandedSettings.applied(to: configuration))
        if let fault = configuration.fault { throw WorkflowError(.badConfiguration, fault) }
        let began = Monotonic.nanoseconds
        let run = try WorkflowRun(configuration)
        let display = ProgressReporter(configuration)
        defer { display.close() }
        do {
            try await run.start()
        } catch {
            await run.stop()
            throw error
        }
        let onInterrupt = configuration.onInterrupt
        let cancel: @Sendable () -> Void = {
            display.stop()
            run.interrupt(onInterrupt)
        }
        interrupt?.onInterrupt(
            isDraining: onInterrupt == .drain, cancel: cancel, kill: { run.kill() },
            stopped: { await run.stopInterrupted(onInterrupt) })
        let kernel = run.kernel
        display.start(run)
        let value: Value
        do {
            value = try await kernel.asCurrent(body)
            await run.finish(configuration.exitMode)
        } catch {
            display.stop()
            if interrupt?.wasInterrupted == true {
                // Calls that run may have to be awaited.
                await run.stopInterrupted(onInterrupt)
            } else {
                kernel.cancelAll()
                await run.stop()
            }
            throw error
        }
        display.stop()
        let unseen = kernel.unseenFailures
        let progress = kernel.progress
        await run.stop()
        ProgressReporter.summarise(configuration, progress, nanoseconds: Monotonic.nanoseconds - began)
        return (value, unseen)
    }

    private static func report(_ failures: [DataFlowKernel.UnseenFailure]) {
        StandardError.write("apus: \(failures.count) failed calls were never awaited:\n")
        for failure in failures.prefix(20) {
            StandardError.write(
                "  \(failure.app) (task \(failure.task.map(String.init(describing:)) ?? "?")): \(failure.error)\n")
        }
        if failures.count > 20 { StandardError.write("  … and \(failures.count - 20) more\n") }
    }
}

/// A program whose workflow is a type: list apps of other files in ``apps``, and mark the type `@main`.
public protocol WorkflowProgram {
    /// Apps declared in other files.
    static var apps: [any RegisteredApp] { get }
    /// Where calls run.
    static var configuration: WorkflowConfiguration { get }
    /// Harnesses declared in other files.
    static var harnesses: [Harness] { get }
    /// Whether `--help`, `tasks`, `describe`, `call` and `run` as the first word on the command line are commands.
    static var answersCommands: Bool { get }
    /// The workflow.
    static func workflow() async throws
}

extension WorkflowProgram {
    /// No apps of other files.
    public static var apps: [any RegisteredApp] { [] }

    /// One worker process for each core of this machine.
    public static var configuration: WorkflowConfiguration { .local() }

    /// No harnesses of other files.
    public static var harnesses: [Harness] { [] }

    /// They are.
    public static var answersCommands: Bool { true }

    // On the main actor, since `@main` does not take a function that inherits its caller's isolation (Swift 6.3.1).

    /// Becomes a role if asked, else runs the workflow.
    @MainActor public static func main() async {
        // Reading the list initialises the apps in it, in every role.
        _ = apps.map(\.name)
        await Workflow.run(
            harnesses: harnesses, configuration: configuration, answersCommands: answersCommands
        ) { try await workflow() }
    }
}

@preconcurrency import Glibc  // why: `stderr` is a variable there
import ManagerRuntime
import SystemSupport
import WorkerRuntime

// A program that is whatever its first argument, or its role, says: a worker with the tasks of ProbeTasks, a manager
// with the configuration in a file, or the measurement of a manager's cost for each task.

let arguments = CommandLine.arguments
if EnvironmentVariables.get("APUS_ROLE") == "worker" {
    EnvironmentVariables.unset("APUS_ROLE")
    if EnvironmentVariables.get("PROBE_CRASH") != nil {
        print("this program ends before it is ready")
        CurrentProcess.exitNow(9)
    }
    await WorkerService(table: ProbeTasks.table).serve()
}
switch arguments.dropFirst().first {
case "manager":
    do {
        let configuration = try ProbeConfiguration.read(arguments[2])
        exit(try ManagerService(configuration: configuration).run())
    } catch {
        fputs("\(error)\n", stderr)
        exit((error as? ManagerError)?.exitCode ?? 1)
    }
case "perf":
    do {
        let count = arguments.count > 2 ? Int(arguments[2]) ?? 100_000 : 100_000
        try ProbePerformance(
            taskCount: count, workers: 2, echo: arguments.contains("echo"),
            payload: arguments.count > 3 ? Int(arguments[3]) ?? 0 : 0
        ).run()
    } catch {
        print("\(error)")
        exit(1)
    }
default:
    print("WorkerProbe manager FILE | perf [COUNT [BYTES]] [echo]")
    exit(2)
}

import Apus
import FoundationEssentials
import SystemSupport

/// The task of the measurement: takes bytes, returns bytes, and does nothing else.
private let echo = app("apus.perf") { (argument: Data, returns: Int) in
    returns == argument.count ? argument : Data(count: returns)
}

/// Sends tasks and watches the clock and the processes.
struct PerfMeasurement {
    var tasks: Int
    var sequential: Int
    var workers: Int
    var payload: Int
    var returns: Int

    /// The names of the measurement's apps; reading them declares the apps, in every role.
    static var apps: [String] { [echo.name] }

    func run(encryption: String) async throws -> PerfReport {
        let argument = Data(repeating: 0x5a, count: payload)
        // Until every worker has run something, processes are still starting.
        for future in (0..<(workers * 4)).map({ _ in echo(Data(), 0) }) { _ = try await future.value }
        var watch = ProcessWatch()
        watch.begin()
        let start = Monotonic.nanoseconds
        var futures: [AppFuture<Data>?] = []
        futures.reserveCapacity(tasks)
        for _ in 0..<tasks { futures.append(echo(argument, returns)) }
        for index in futures.indices {
            let value = try await futures[index]?.value
            guard value?.count == returns else {
                throw WorkflowError(
                    .resultMismatch, "a task returned \(value?.count ?? 0) bytes; \(returns) were asked for")
            }
            futures[index] = nil
        }
        let seconds = Double(Monotonic.nanoseconds - start) / 1e9
        let usage = watch.end(tasks: tasks)
        var latencies: [Double] = []
        latencies.reserveCapacity(sequential)
        for _ in 0..<sequential {
            let before = Monotonic.nanoseconds
            _ = try await echo(argument, returns).value
            latencies.append(Double(Monotonic.nanoseconds - before) / 1e3)
        }
        latencies.sort()
        return PerfReport(
            tasks: tasks, workers: workers, payload: payload, returns: returns, seconds: seconds,
            latencies: latencies, encryption: encryption, processes: usage)
    }
}

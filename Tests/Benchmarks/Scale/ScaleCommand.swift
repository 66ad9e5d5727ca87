import FleetModel
import Glibc

/// What the command line asks for.
struct ScaleCommand {
    static let usage = """
        usage: ScaleBenchmark fleet [--managers N] [--workers N] [--tasks N] [--queued N] [--losses N] [--storms N]
               ScaleBenchmark connections [--managers N] [--processes N] [--curve 0|1] [--workers N] [--tasks N]
               ScaleBenchmark managers [--count N] [--curve 0|1] [--tasks N]
        One JSON object on standard output.
        """

    let mode: String
    private var numbers: [String: Int] = [:]

    init(arguments: [String]) throws {
        mode = arguments.first ?? "help"
        var words = arguments.dropFirst()
        while let word = words.popFirst() {
            guard word.hasPrefix("--"), let value = words.popFirst().flatMap({ Int($0) }), value >= 0 else {
                throw BenchmarkError("what is \(word)?\n\(Self.usage)")
            }
            numbers[String(word.dropFirst(2))] = value
        }
    }

    /// The number of an option.
    func number(_ name: String, _ usual: Int) -> Int { numbers[name] ?? usual }

    func run() throws {
        switch mode {
        case "fleet": try fleet()
        case "connections":
            var run = ConnectionRun()
            run.managers = number("managers", run.managers)
            run.processes = max(1, number("processes", run.processes))
            run.workers = max(1, number("workers", run.workers))
            run.encrypted = number("curve", 1) != 0
            run.tasks = number("tasks", run.tasks)
            try run.run()
        case "managers":
            var run = RealManagers()
            run.count = max(1, number("count", run.count))
            run.encrypted = number("curve", 1) != 0
            run.tasks = number("tasks", run.tasks)
            try run.run()
        default: throw BenchmarkError(Self.usage)
        }
    }

    private func fleet() throws {
        var settings = FleetSettings()
        settings.managers = number("managers", settings.managers)
        settings.workers = number("workers", settings.workers)
        settings.tasks = number("tasks", settings.tasks)
        settings.queued = number("queued", settings.queued)
        settings.losses = number("losses", 0)
        settings.storms = number("storms", 0)
        settings.seed = UInt64(number("seed", 1))
        let report = try FleetSimulation(settings).run()
        let each = Double(max(1, report.finished))
        func part(_ time: UInt64) -> String { "\((Double(time) / each).rounded())" }
        print(
            """
            {"managers": \(settings.managers), "workers": \(settings.workers), "tasks": \(report.finished), \
            "queued": \(settings.queued), "tasks_per_second": \(Int(report.tasksPerSecond)), \
            "ns_per_task": \(part(report.times.total)), "ns": {"arrival": \(part(report.times.arrivals)), \
            "hand_out": \(part(report.times.handOut)), "result": \(part(report.times.results)), \
            "acknowledgement": \(part(report.times.acknowledgements)), "liveness": \(part(report.times.liveness))}, \
            "longest_turn_us": \(report.longestTurn / 1000), "storms_ms": \(report.storms / 1_000_000), \
            "lost": \(report.lost), "registrations": \(report.registrations), "heartbeats": \(report.heartbeats), \
            "most_in_flight": \(report.mostInFlight), "most_queued": \(report.mostQueued), \
            "bytes": {"start": \(report.residentAtStart), "queue": \(report.residentWithQueue), \
            "managers": \(report.residentWithManagers), "most": \(report.residentAtMost)}}
            """)
    }
}

/// Something that the benchmark could not do.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

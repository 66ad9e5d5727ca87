import Glibc
import SystemSupport
import WireProtocol

/// Thousands of connections to one interchange: start-up, rest, tasks, a storm, and the death of a part of them.
struct ConnectionRun {
    var managers = 2000
    var processes = 2
    var workers = 4
    var encrypted = true
    var tasks = 100_000

    func run() throws {
        let executor = try BenchmarkExecutor(encrypted: encrypted)
        defer { executor.end() }
        let pid = executor.interchange.pid
        let before = ProcessFacts(pid)

        var start = Monotonic.nanoseconds
        func seconds() -> Double { Double(Monotonic.nanoseconds - start) / 1e9 }
        let groups = try (0..<processes).map { number in
            let first = number * managers / processes
            return try ManagerGroup(
                first: first, count: (number + 1) * managers / processes - first, port: executor.port,
                certificates: executor.certificateDirectory, workers: workers)
        }
        try executor.pump("all managers register", seconds: 120) { executor.registered.count == managers }
        let startUp = seconds()
        var probes: [[Int]] = []
        try executor.pump("the groups report", seconds: 60) {
            probes = try groups.compactMap { try $0.line("registered") }
            return probes.count == groups.count
        }
        let ready = ProcessFacts(pid)
        start = Monotonic.nanoseconds
        let listed = try executor.managers().count
        let listing = seconds()

        // At rest: the heartbeats alone.
        let calm = ProcessFacts(pid)
        start = Monotonic.nanoseconds
        try executor.pump("ten quiet seconds", seconds: 30) { seconds() > 10 }
        let rest = (ProcessFacts(pid).processorSeconds - calm.processorSeconds) / seconds()

        let latencies = try executor.latencies(500)
        let busy = ProcessFacts(pid)
        let flood = try executor.flood(tasks, window: 20_000)
        let floodProcessor = ProcessFacts(pid).processorSeconds - busy.processorSeconds

        // All connections break while tasks go on.
        let beforeStorm = ProcessFacts(pid)
        for group in groups { try group.storm() }
        start = Monotonic.nanoseconds
        executor.longest = 0
        var back = 0
        var during = 0
        try executor.pump("all managers are back", seconds: 120) {
            if executor.open.count < 100 {
                try executor.submit()
                during += 1
            }
            back = try groups.count { try $0.line("back") != nil }
            return back == groups.count
        }
        let storm = seconds()
        try executor.pump("the tasks of the storm", seconds: 60) { executor.open.isEmpty }
        let stormLongest = executor.longest
        let stormProcessor = ProcessFacts(pid).processorSeconds - beforeStorm.processorSeconds
        let lostInStorm = executor.lost + executor.gone.count

        // One group is killed with tasks in flight; the others' tasks end, and each of its managers is reported once.
        let victims = managers - (processes - 1) * managers / processes
        for _ in 0..<5000 { try executor.submit() }
        groups[processes - 1].child.signal(SIGKILL)
        start = Monotonic.nanoseconds
        try executor.pump("the killed managers are noticed", seconds: 60) { executor.gone.count == victims }
        let loss = seconds()
        if processes > 1 { try executor.pump("all tasks end", seconds: 60) { executor.open.isEmpty } }
        let after = ProcessFacts(pid)
        // An optimised program lets go of what it uses no more, and the groups end when they are let go.
        withExtendedLifetime(groups) {}

        print(
            """
            {"managers": \(managers), "processes": \(processes), "encryption": \(encrypted), "listed": \(listed), \
            "start_up_s": \(round(startUp)), "probe_ms_median": \(probes.map { $0[0] }.max() ?? 0), \
            "probe_ms_longest": \(probes.map { $0[1] }.max() ?? 0), \
            "start_up_cpu_s": \(round(ready.processorSeconds - before.processorSeconds)), \
            "list_ms": \(round(listing * 1000)), "rest_cpu_percent": \(round(rest * 100)), \
            "latency_us": {"median": \(latencies[latencies.count / 2] / 1000), \
            "p99": \(latencies[latencies.count * 99 / 100] / 1000)}, \
            "tasks": \(tasks), "tasks_per_second": \(Int(Double(tasks) / flood)), \
            "cpu_us_per_task": \(round(floodProcessor * 1e6 / Double(tasks))), \
            "storm": {"seconds": \(round(storm)), "tasks": \(during), "longest_task_ms": \(stormLongest / 1_000_000), \
            "cpu_s": \(round(stormProcessor)), "lost": \(lostInStorm)}, \
            "killed": {"managers": \(victims), "noticed_s": \(round(loss)), "tasks_lost": \(executor.lost)}, \
            "interchange": {"resident_before": \(before.residentBytes), "resident_ready": \(ready.residentBytes), \
            "peak": \(after.peakBytes), "descriptors": \(ready.descriptors)}}
            """)
    }

    private func round(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

import ProgressDisplay

/// The result of a measurement.
struct PerfReport: Sendable {
    var tasks: Int
    var workers: Int
    var payload: Int
    var returns: Int
    var seconds: Double
    /// Microseconds, sorted.
    var latencies: [Double]
    var encryption: String
    var processes: [String: ProcessWatch.Usage]

    var tasksPerSecond: Double { Double(tasks) / seconds }

    /// Megabytes (10⁶) a second, arguments and results together.
    var megabytesPerSecond: Double { Double(tasks) * Double(payload + returns) / seconds / 1e6 }

    /// The latency that this share of the tasks stays below; 0 when none was measured.
    func latency(_ share: Double) -> Double {
        guard !latencies.isEmpty else { return 0 }
        return latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
    }

    /// For people.
    var text: String {
        var lines = [
            "\(tasks) tasks on \(workers) workers, \(encryption): \(Decimals.text(tasksPerSecond, 0)) tasks/s "
                + "(\(Decimals.text(seconds, 3)) s)"
        ]
        if payload + returns > 0 {
            lines.append(
                "\(payload) bytes in and \(returns) bytes out each: \(Decimals.text(megabytesPerSecond, 0)) MB/s")
        }
        if !latencies.isEmpty {
            lines.append(
                "one at a time: median \(Decimals.text(latency(0.5), 0)) µs, 99 % below "
                    + "\(Decimals.text(latency(0.99), 0)) µs")
        }
        for kind in ProcessWatch.kinds {
            guard let usage = processes[kind] else { continue }
            let name = kind + String(repeating: " ", count: 12 - kind.count)
            lines.append(
                "  \(name) \(Decimals.text(usage.microsecondsPerTask, 2)) µs of processor time a task, at most "
                    + "\(Decimals.text(Double(usage.peakResidentBytes) / 1e6, 1)) MB resident")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One object; the field names are a promise.
    var json: String {
        let each = ProcessWatch.kinds.compactMap { kind in
            processes[kind].map { usage in
                "\"\(kind)\":{\"cpu_us_per_task\":\(usage.microsecondsPerTask),"
                    + "\"peak_rss_bytes\":\(usage.peakResidentBytes)}"
            }
        }
        return "{\"tasks\":\(tasks),\"workers\":\(workers),\"payload_bytes\":\(payload),\"result_bytes\":\(returns),"
            + "\"seconds\":\(seconds),\"tasks_per_second\":\(tasksPerSecond),"
            + "\"megabytes_per_second\":\(megabytesPerSecond),\"latency_median_us\":\(latency(0.5)),"
            + "\"latency_p99_us\":\(latency(0.99)),\"encryption\":\"\(encryption)\","
            + "\"processes\":{\(each.joined(separator: ","))}}"
    }
}

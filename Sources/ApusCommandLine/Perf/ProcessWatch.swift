import FoundationEssentials
import SystemSupport

/// What the processes of a run use: processor time between two moments, and the largest resident size.
struct ProcessWatch {
    /// What one kind of process used.
    struct Usage: Sendable {
        /// Microseconds of processor time for each task, all processes of the kind together.
        var microsecondsPerTask: Double
        /// The largest resident size of any process of the kind.
        var peakResidentBytes: Int
    }

    /// The kinds, in the order of a call's way.
    static let kinds = ["submit", "interchange", "manager", "workers"]

    private var processes: [(kind: String, pid: Int)] = []
    private var before: [Int: Double] = [:]

    /// Finds the processes and reads their clocks.
    mutating func begin() {
        let own = Int(CurrentProcess.pid)
        processes = [("submit", own)]
        for child in Self.children(of: own) {
            switch Self.text("/proc/\(child)/comm").trimmed {
            case "apus-interchang": processes.append(("interchange", child))
            case "apus-manager":
                processes.append(("manager", child))
                for worker in Self.children(of: child) { processes.append(("workers", worker)) }
            default: continue
            }
        }
        for (_, pid) in processes { before[pid] = Self.processorSeconds(of: pid) }
    }

    /// Reads the clocks again.
    func end(tasks: Int) -> [String: Usage] {
        var usage: [String: Usage] = [:]
        for (kind, pid) in processes {
            let used = Self.processorSeconds(of: pid) - (before[pid] ?? 0)
            let peak = Int(CurrentProcess.peakResidentBytes(Int32(pid)) ?? 0)
            var sum = usage[kind] ?? Usage(microsecondsPerTask: 0, peakResidentBytes: 0)
            sum.microsecondsPerTask += used * 1e6 / Double(tasks)
            sum.peakResidentBytes = max(sum.peakResidentBytes, peak)
            usage[kind] = sum
        }
        return usage
    }

    private static func children(of pid: Int) -> [Int] {
        threads(of: pid).flatMap { thread in
            text("/proc/\(pid)/task/\(thread)/children").split(separator: " ").compactMap { Int($0) }
        }
    }

    private static func threads(of pid: Int) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    }

    /// Nanosecond clocks of all threads (schedstat, first field); ended threads are not counted, and there are none.
    private static func processorSeconds(of pid: Int) -> Double {
        threads(of: pid).reduce(0) { sum, thread in
            let fields = text("/proc/\(pid)/task/\(thread)/schedstat").split(separator: " ")
            return sum + (fields.first.flatMap { Double($0) } ?? 0) / 1e9
        }
    }

    private static func text(_ path: String) -> String { (try? SmallFile.readText(path)) ?? "" }
}

extension String {
    fileprivate var trimmed: String { String(prefix { $0 != "\n" }) }
}

import Apus
import Glibc
import SystemSupport
import WorkflowCore

/// Prints lines at once.
enum Tell {
    static func line(_ text: String) {
        print(text)
        fflush(nil)
    }

    /// How a future ended, in one line.
    static func outcome<Value>(_ name: String, _ future: AppFuture<Value>) async {
        switch await future.result {
        case .success(let value): line("\(name): value \(value)")
        case .failure(let error): line("\(name): \(type(of: error)): \(flat(error))")
        }
    }

    static func flat(_ error: any Error) -> String { "\(error)".split(separator: "\n").joined(separator: " / ") }
}

/// Waits for facts.
enum Wait {
    static func eventually(within seconds: Double = 60, _ condition: () -> Bool) -> Bool {
        let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
        while !condition() {
            if Monotonic.nanoseconds > deadline { return false }
            _ = poll(nil, 0, 5)
        }
        return true
    }

    /// Of the processes whose numbers are in these files, how many are still there after a moment.
    static func survivors(_ files: [String]) -> Int {
        let pids = files.compactMap { file in
            (try? SmallFile.readText(file)).flatMap { Int32($0.prefix { $0.isNumber }) }
        }
        guard pids.count == files.count else { return -1 }
        _ = eventually { !pids.contains { isAlive($0) } }
        return pids.count { isAlive($0) }
    }

    static func isAlive(_ pid: Int32) -> Bool {
        guard let text = try? SmallFile.readText("/proc/\(pid)/stat") else { return false }
        return text.split(separator: ")").last?.split(separator: " ").first != "Z"
    }
}

/// One call of an app without parameters, given to an executor without a kernel.
final class Attempt: TaskInvocation {
    let identity: TryID
    let definition: TaskDefinition
    let resources = ResourceSpecification()
    let walltime: Duration? = nil

    init(_ number: Int, _ app: String, _ table: TaskTable) {
        guard let definition = table[app] else { exit(5) }
        identity = TryID(task: TaskID(number), number: 0)
        self.definition = definition
    }

    /// The empty tuple.
    func argumentBytes() throws -> [UInt8] { [0x80, 0x04, 0x29, 0x2e] }
    func runOnValues() async throws -> any Sendable { 0 }
}

/// Keeps what executors report.
final class Reports: OutcomeReceiver {
    private let texts = Locked<[Int: [String]]>([:])

    func receive(_ outcome: TaskOutcome, of invocation: any TaskInvocation) {
        let text =
            switch outcome {
            case .value, .encoded: "value"
            case .failure(let error): "\(type(of: error)): \(Tell.flat(error))"
            }
        texts.withLock { $0[invocation.identity.task.rawValue, default: []].append(text) }
    }

    func started(_ invocation: any TaskInvocation) {}

    /// The one report about an attempt, when it comes in time.
    func of(_ attempt: Attempt) -> String {
        let number = attempt.identity.task.rawValue
        _ = Wait.eventually { self.texts.withLock { $0[number] != nil } }
        let all = texts.withLock { $0[number] ?? [] }
        return all.count == 1 ? all[0] : "\(all.count) reports: \(all)"
    }

    func count(where matches: (String) -> Bool) -> Int {
        texts.withLock { $0.values.count { $0.contains(where: matches) } }
    }
    var most: Int { texts.withLock { $0.values.map(\.count).max() ?? 0 } }
}

import Glibc
import ManagerRuntime
import SystemSupport
import WireProtocol
import WorkerRuntime
import WorkflowCore

/// Real manager processes, each with one real worker process, started at once.
struct RealManagers {
    var count = 100
    var encrypted = true
    var tasks = 10_000

    /// The one task of the workers.
    static func table() throws -> TaskTable {
        var table = TaskTable()
        let none: [UInt8] = [0x80, 0x04, 0x4e, 0x2e]
        try table.add(
            TaskDefinition(
                name: "nothing", version: 1, signature: TaskSignature(parameters: [], result: "None"),
                body: { _ in none }))
        return table
    }

    /// Becomes one of the managers.
    static func become(_ words: [String]) throws -> Int32 {
        guard words.count == 5, let port = Int(words[2]) else { throw BenchmarkError("a manager needs five words") }
        var configuration = ManagerConfiguration(
            addresses: words[1].split(separator: ",").map(String.init), port: port, uid: words[0], blockID: "0",
            logDirectory: words[4], runID: "scale",
            workerCommand: .init(
                executable: CurrentProcess.executablePath, arguments: [CurrentProcess.executablePath]))
        configuration.certificateDirectory = words[3] == "none" ? nil : words[3]
        configuration.sizing = WorkerSizing(maximumWorkers: 1)
        configuration.fingerprint = BenchmarkExecutor.fingerprint
        configuration.rows = try table().rows
        configuration.parslVersion = BenchmarkExecutor.parslVersion
        configuration.pythonVersion = "3.11.1"
        configuration.watchesParent = true
        return try ManagerService(configuration: configuration).run()
    }

    func run() throws {
        let executor = try BenchmarkExecutor(encrypted: encrypted)
        let pid = executor.interchange.pid
        let program = CurrentProcess.executablePath
        // Every address of this host, as a manager of a cluster is given them.
        let addresses = (["127.0.0.1"] + CurrentProcess.networkAddresses).joined(separator: ",")
        let start = Monotonic.nanoseconds
        func seconds() -> Double { (Double(Monotonic.nanoseconds - start) / 1e7).rounded() / 100 }
        var children: [ChildProcess] = []
        // What managers say that cannot go on.
        let words = executor.directory + "/words"
        defer {
            for child in children { child.signal(SIGTERM) }
            for child in children { child.teardown([.init(signal: SIGTERM, allowed: .seconds(10))]) }
            executor.end()
        }
        for number in 0..<count {
            children.append(
                try ChildProcess(
                    spawning: .init(
                        executable: program,
                        arguments: [
                            program, "manager", "r\(number)", addresses, "\(executor.port)",
                            executor.certificateDirectory ?? "none", executor.directory + "/managers",
                        ],
                        standardOutput: .file(words, append: true))))
        }
        let started = seconds()
        try executor.pump("all managers register", seconds: 600) {
            if let dead = children.first(where: { $0.poll() != nil }) {
                let said = (try? SmallFile.readText(words)) ?? ""
                throw BenchmarkError(
                    "manager process \(dead.pid) has ended \(seconds()) s after the start, when \(executor.registered.count) "
                        + "had registered: \(String(describing: dead.poll())). \(said)")
            }
            return executor.registered.count == count
        }
        let registered = seconds()
        let manager = children.map { ProcessFacts($0.pid).shareBytes }.sorted()[count / 2]
        let resident = children.map { ProcessFacts($0.pid).residentBytes }.sorted()[count / 2]
        let took = try executor.flood(tasks, window: 4 * count)
        print(
            """
            {"managers": \(count), "encryption": \(encrypted), "addresses": "\(addresses)", \
            "all_started_s": \(started), "all_registered_s": \(registered), "lost": \(executor.gone.count), \
            "tasks": \(tasks), "tasks_per_second": \(Int(Double(tasks) / took)), "tasks_lost": \(executor.lost), \
            "manager": {"resident": \(resident), "share": \(manager)}, \
            "interchange_peak": \(ProcessFacts(pid).peakBytes)}
            """)
    }
}

import Glibc
import ManagerRuntime
import PickleCoding
import SystemSupport
import WireProtocol
import ZeroMQ

/// Measures the processor time of one manager and its workers for tasks that do nothing.
struct ProbePerformance {
    let taskCount: Int
    let workers: Int
    let echo: Bool
    /// Bytes of each argument and result; 0 runs tasks that do nothing.
    let payload: Int

    func run() throws {
        let context = try Context()
        let router = try Socket(context, .router)
        let port = Endpoint.port(of: try router.bind("tcp://127.0.0.1:*")) ?? 0
        let directory = "/tmp/probe-performance-\(getpid())"
        var configuration = ManagerConfiguration(
            addresses: ["127.0.0.1"], port: port, uid: "perf", blockID: "0", logDirectory: directory, runID: "run",
            workerCommand: .init(executable: CurrentProcess.executablePath, arguments: ["WorkerProbe"]))
        configuration.sizing = WorkerSizing(maximumWorkers: workers, coresPerWorker: 0)
        configuration.watchesParent = true
        if echo { configuration.echoDescriptor = 2 }
        mkdir(directory, 0o700)
        let file = "\(directory)/configuration"
        try SmallFile.write(try PickleEncoder().encode(configuration), to: file, mode: 0o600)
        let manager = try ChildProcess(
            spawning: .init(
                executable: CurrentProcess.executablePath, arguments: ["WorkerProbe", "manager", file],
                environment: EnvironmentVariables.all))
        let poller = try Poller()
        try poller.add(router, id: 0)

        let argument = payload == 0 ? [0x80, 0x04, 0x29, 0x2e] : [UInt8](repeating: 5, count: payload)
        let call = TaskCall.encode(name: payload == 0 ? "nothing" : "same", version: 1, arguments: argument)
        var identity: [UInt8] = []
        var capacity = 0
        var inFlight = 0
        var sent = 0
        var done = 0
        var acknowledge: [Int] = []
        var start: UInt64 = 0
        var before: [String: Double] = [:]
        let warmUp = payload == 0 ? taskCount / 10 : workers
        while done < taskCount + warmUp {
            for _ in try poller.wait(timeoutNanoseconds: 1_000_000_000) {
                while let pair = try router.receivePair() {
                    let message = try pair.second.withUnsafeBytes { bytes throws(WireError) in
                        try ManagerMessage.parse(bytes)
                    }
                    switch message {
                    case .connectionProbe: try router.send(identity: pair.first.toArray(), Message())
                    case .registration(let registration):
                        identity = pair.first.toArray()
                        capacity = registration.maxCapacity
                        try router.send(identity: identity, Message(copying: InterchangeMessage.encodeWelcome()))
                    case .heartbeat:
                        try router.send(identity: identity, Message(copying: InterchangeMessage.heartbeatBytes))
                    case .capacity(let count): capacity = count
                    case .result(let envelope):
                        done += 1
                        inFlight -= 1
                        acknowledge.append(envelope.taskID)
                        if done == warmUp {
                            start = Monotonic.nanoseconds
                            before = cost(of: manager.pid)
                        }
                    default: break
                    }
                }
            }
            if acknowledge.count >= 512 || (payload > 0 && !acknowledge.isEmpty) {
                try router.send(
                    identity: identity, Message(copying: InterchangeMessage.encodeAcknowledged(acknowledge)))
                acknowledge = []
            }
            while !identity.isEmpty, inFlight < capacity, sent < taskCount + warmUp {
                let count = payload == 0 ? min(capacity - inFlight, taskCount + warmUp - sent) : 1
                // The byte window of an Apus interchange.
                if payload > 0, (inFlight + 1) * payload > configuration.byteCapacity, inFlight >= workers { break }
                if payload > 0 {
                    sent += 1
                    inFlight += 1
                    let task = TaskMessage.encode(taskID: sent, context: TaskContext(), buffer: call)
                    try router.send(identity: identity, Message(adopting: task))
                    continue
                }
                var writer = TaskBatchWriter(reservingCapacity: count * 200)
                for _ in 0..<count {
                    sent += 1
                    let task = TaskMessage.encode(taskID: sent, context: TaskContext(), buffer: call)
                    try task.withUnsafeBytes { bytes in
                        try writer.append(try TaskEnvelope.parse(bytes), of: bytes)
                    }
                }
                inFlight += count
                try router.send(identity: identity, Message(copying: writer.finish()))
            }
        }
        let seconds = Double(Monotonic.nanoseconds - start) / 1e9
        print("\(Int(Double(taskCount) / seconds)) tasks/s, window \(capacity)")
        for (name, time) in cost(of: manager.pid).sorted(by: { $0.key < $1.key }) {
            let used = (time - (before[name] ?? 0)) / Double(taskCount) * 1e6
            print("  \(name): \((used * 100).rounded() / 100) µs a task")
        }
        if payload > 0 {
            print("\(Int(Double(taskCount * payload * 2) / seconds / 1e6)) MB/s, in and out")
            for pid in [manager.pid] + children(of: manager.pid) {
                print("  peak of \(pid): \((CurrentProcess.peakResidentBytes(pid) ?? 0) >> 20) MiB")
            }
        }
        manager.signal(SIGTERM)
        print(manager.wait())
    }

    /// Processor seconds of the manager and its children, by pid.
    private func cost(of manager: Int32) -> [String: Double] {
        var result: [String: Double] = [:]
        let pids = [Int(manager)] + children(of: manager).map(Int.init)
        for pid in pids {
            // Nanoseconds on a processor, for each thread.
            var sum = 0.0
            for thread in threads(of: pid) {
                let text = (try? SmallFile.readText("/proc/\(pid)/task/\(thread)/schedstat")) ?? ""
                let time = (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
                sum += time
                if pid == Int(manager) { result["manager thread \(thread)"] = time }
            }
            result[pid == Int(manager) ? "manager" : "worker \(pid)"] = sum
        }
        return result
    }

    private func children(of pid: Int32) -> [Int32] {
        let text = (try? SmallFile.readText("/proc/\(pid)/task/\(pid)/children")) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    private func threads(of pid: Int) -> [Int] {
        guard let directory = opendir("/proc/\(pid)/task") else { return [] }
        defer { closedir(directory) }
        var result: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int(name) { result.append(number) }
        }
        return result
    }
}

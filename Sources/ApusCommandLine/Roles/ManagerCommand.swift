import ArgumentParser
import Glibc
import Launch
import ManagerRuntime
import SystemSupport
import WorkflowCore

/// `apus manager`: a worker pool started by hand or by a batch script, with the options of Parsl's own.
struct ManagerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manager",
        abstract: "Runs a manager with worker processes on this node.",
        discussion: """
            Takes the options of Parsl's process_worker_pool.py. Workers run the tasks of a program built with Apus, \
            named with --program; it is started once for each worker.

              apus manager -a 10.0.0.1 -P 54321 --cert_dir None -m None --drain_period None --cpu-affinity none \\
                -b 0 --program ./my-workflow
            """)

    @Flag(name: [.short, .customLong("debug")], help: "Accepted for Parsl's sake; the log is the same.")
    var debug = false

    @Option(
        name: [.short, .customLong("addresses")],
        help: ArgumentHelp("Addresses of the interchange, tried side by side.", valueName: "a,b,…"))
    var addresses: String

    @Option(
        name: [.customShort("P"), .customLong("port")],
        help: ArgumentHelp("The interchange's port for managers.", valueName: "port"))
    var port: Int

    @Option(name: .customLong("cert_dir"), help: ArgumentHelp("Where the CURVE keys are, or None.", valueName: "dir"))
    var certificateDirectory: String

    @Option(name: [.short, .customLong("logdir")], help: ArgumentHelp("The root of the logs.", valueName: "dir"))
    var logdir = "process_worker_pool_logs"

    @Option(name: [.customShort("L"), .customLong("logconf")], help: "Accepted for Parsl's sake; not used.")
    var logconf: String?

    @Option(
        name: [.short, .customLong("uid")],
        help: ArgumentHelp("The manager's name; by default twelve random hex digits.", valueName: "name"))
    var uid: String?

    @Option(name: [.short, .customLong("block_id")], help: ArgumentHelp("The block it belongs to.", valueName: "id"))
    var blockID = "0"

    @Option(name: [.short, .customLong("cores_per_worker")], help: "Cores for each worker; may be below 1.")
    var coresPerWorker = 1.0

    @Option(
        name: [.short, .customLong("mem_per_worker")],
        help: ArgumentHelp("GiB of memory for each worker, or None.", valueName: "GiB"))
    var memoryPerWorker: String = "None"

    @Option(name: .customLong("max_workers_per_node"), help: ArgumentHelp("The most workers.", valueName: "count"))
    var maximumWorkers: Int?

    @Option(
        name: [.short, .customLong("prefetch_capacity")],
        help: ArgumentHelp("Tasks held beyond the workers.", valueName: "count"))
    var prefetchCapacity = 0

    @Option(name: .customLong("hb_period"), help: ArgumentHelp("Time between heartbeats.", valueName: "seconds"))
    var heartbeatPeriod = 30

    @Option(
        name: .customLong("hb_threshold"),
        help: ArgumentHelp("Silence after which the interchange counts as lost.", valueName: "seconds"))
    var heartbeatThreshold = 120

    @Option(
        name: .customLong("drain_period"),
        help: ArgumentHelp("Time after which the manager takes no more tasks, or None.", valueName: "seconds"))
    var drainPeriod: String = "None"

    @Option(
        name: .customLong("address_probe_timeout"),
        help: ArgumentHelp("How long the interchange may take to answer.", valueName: "seconds"))
    var probeTimeout = 30

    @Option(name: .customLong("poll"), help: "Accepted for Parsl's sake; not used.")
    var poll = 10

    @Option(
        name: .customLong("cpu-affinity"),
        help: ArgumentHelp(
            "none, block, block-reverse, alternating, or list:0,1:2-3 with one part for each worker.",
            valueName: "kind"))
    var cpuAffinity = "none"

    @Option(
        name: .customLong("available-accelerators"), parsing: .upToNextOption,
        help: ArgumentHelp("Names of accelerators, one for each worker.", valueName: "name"))
    var accelerators: [String] = []

    @Flag(
        name: .customLong("enable_mpi_mode"),
        help: "Hands out the nodes of the batch job to tasks that run on several.")
    var enableMPIMode = false

    @Option(
        name: .customLong("mpi-launcher"),
        help: ArgumentHelp("What starts such tasks: srun, aprun or mpiexec.", valueName: "program"))
    var mpiLauncher = "mpiexec"

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "A label of this node, for calls that ask for it; may be given again. APUS_NODE_LABELS has more.",
            valueName: "label"))
    var labels: [String] = []

    @Option(help: ArgumentHelp("The Parsl version to claim.", valueName: "version"))
    var parslVersion = ""

    @Option(help: ArgumentHelp("The Python version to claim.", valueName: "x.y.z"))
    var pythonVersion = ""

    @Option(help: ArgumentHelp("The program whose tasks workers run; by default this one.", valueName: "path"))
    var program: String?

    func validate() throws {
        guard (1...65_535).contains(port) else { throw ValidationError("--port is \(port); a port is 1 to 65535") }
        if addresses.split(separator: ",").isEmpty { throw ValidationError("--addresses is empty; name at least one") }
        if heartbeatPeriod < 1 || heartbeatThreshold <= heartbeatPeriod {
            throw ValidationError(
                "--hb_period is \(heartbeatPeriod) and --hb_threshold \(heartbeatThreshold); "
                    + "the period is at least 1 and shorter than the threshold")
        }
        if prefetchCapacity < 0 { throw ValidationError("--prefetch_capacity is \(prefetchCapacity); it is 0 or more") }
        if let maximumWorkers, maximumWorkers < 1 {
            throw ValidationError("--max_workers_per_node is \(maximumWorkers); it is 1 or more")
        }
        if coresPerWorker <= 0 { throw ValidationError("--cores_per_worker is \(coresPerWorker); it is positive") }
        _ = try affinity()
        if let fault = Accelerators(accelerators).fault { throw ValidationError("--available-accelerators: \(fault)") }
        if let fault = NodeLabels.fault(ofNode: labels) { throw ValidationError("--label: \(fault)") }
        if MPILauncher(rawValue: mpiLauncher) == nil {
            throw ValidationError("--mpi-launcher is '\(mpiLauncher)'; it is srun, aprun or mpiexec")
        }
        _ = try number("--mem_per_worker", memoryPerWorker)
        _ = try number("--drain_period", drainPeriod)
    }

    func run() throws {
        let executable = program ?? CurrentProcess.executablePath
        var configuration = ManagerConfiguration(
            addresses: addresses.split(separator: ",").map(String.init), port: port, uid: uid ?? Self.randomName(),
            blockID: blockID, logDirectory: logdir, runID: "",
            workerCommand: .init(executable: executable, arguments: [executable]))
        configuration.certificateDirectory = certificateDirectory == "None" ? nil : certificateDirectory
        configuration.sizing = WorkerSizing(
            maximumWorkers: maximumWorkers, coresPerWorker: coresPerWorker,
            memoryPerWorker: try number("--mem_per_worker", memoryPerWorker))
        configuration.affinity = try affinity()
        configuration.accelerators = Accelerators(accelerators)
        configuration.mpiLauncher = enableMPIMode ? MPILauncher(rawValue: mpiLauncher) : nil
        configuration.labels = labels
        configuration.prefetch = prefetchCapacity == 0 ? .none : .fixed(prefetchCapacity)
        configuration.heartbeatPeriod = .seconds(heartbeatPeriod)
        configuration.heartbeatThreshold = .seconds(heartbeatThreshold)
        configuration.drainPeriod = try number("--drain_period", drainPeriod).map { .seconds($0) }
        configuration.addressProbeTimeout = .seconds(probeTimeout)
        configuration.parslVersion = parslVersion
        configuration.pythonVersion = pythonVersion
        do {
            let code = try ManagerService(configuration: configuration).run()
            if code != 0 { throw ExitCode(code) }
        } catch let error as ManagerError {
            StandardError.write("apus manager: \(error)\n")
            throw ExitCode(error.exitCode)
        }
    }

    /// Parsl writes the text `None` where a value is absent.
    private func number(_ name: String, _ text: String) throws -> Double? {
        if text == "None" { return nil }
        guard let value = Double(text), value > 0, value.isFinite else {
            throw ValidationError("\(name) is '\(text)'; it is a positive number or None")
        }
        return value
    }

    private func affinity() throws -> CPUAffinity {
        do throws(CPUAffinity.Fault) {
            return try CPUAffinity(parsing: cpuAffinity)
        } catch {
            throw ValidationError("--cpu-affinity: \(error)")
        }
    }

    private static func randomName() -> String {
        (0..<12).map { _ in String(Int.random(in: 0..<16), radix: 16) }.joined()
    }
}

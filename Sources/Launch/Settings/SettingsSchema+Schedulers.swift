import HighThroughput
import Provisioning

extension SlurmProvider: SchedulerProvider {}
extension GridEngineProvider: SchedulerProvider {}
extension PBSProProvider: SchedulerProvider {}
extension TorqueProvider: SchedulerProvider {}
extension LSFProvider: SchedulerProvider {}
extension CondorProvider: SchedulerProvider {}
extension LocalProvider: ProviderWithLauncher {}

extension SettingsSchema {
    /// Batch jobs, and blocks of this machine.
    static let blockKinds = [slurm, gridEngine, pbsPro, torque, lsf, condor, localBlocks]

    private static let slurm: ExecutorKind = {
        let code = SlurmProvider()
        let keys = ProviderKeys(code: code)
        return jobs(
            "slurm", "Worker processes in batch jobs of Slurm.", of: code,
            settings: [
                keys.text(
                    "partition", \.partition, "the name of a partition",
                    "The partition; `automatic` is the cluster's default, here and in the following."),
                keys.text("account", \.account, "the name of an account", "The account that is charged."),
                keys.text("qos", \.qos, "a quality of service", "The quality of service."),
                keys.text(
                    "constraint", \.constraint, or: "none", "features such as `haswell&ssd` (in quotes)",
                    "Features that nodes must have, in Slurm's own notation."),
                keys.text(
                    "clusters", \.clusters, "names of clusters with commas between them",
                    "Clusters of a federation; the first that can start the job gets it."),
                keys.count(
                    "coresPerNode", \.coresPerNode, "Processors for the manager of each node (`--cpus-per-task`)."),
                keys.memory("memoryPerNode", \.memoryPerNode, "Memory of each node (`--mem`)."),
                keys.count("gpusPerNode", \.gpusPerNode, or: "none", "GPUs of each node (`--gpus-per-node`)."),
                keys.text(
                    "gres", \.gres, or: "none", "generic resources such as `gpu:a100:4`",
                    "Generic resources of each node, in Slurm's own notation."),
                keys.flag("exclusive", \.exclusive, "Whether a block has its nodes for itself."),
                keys.flag("requeue", \.requeue, "Whether Slurm starts a job again whose node failed."),
                keys.text(
                    "signal", \.signal, or: "none", "a signal and seconds, such as `TERM@60`",
                    "A signal to managers and tasks before the walltime, in Slurm's own notation."),
                keys.count("statusBatchSize", \.statusBatchSize, "Jobs in one question about states."),
            ])
    }()

    private static let gridEngine: ExecutorKind = {
        let code = GridEngineProvider()
        let keys = ProviderKeys(code: code)
        return jobs(
            "gridEngine", "Worker processes in batch jobs of Grid Engine.", of: code,
            settings: [
                queue(keys, \.queue),
                keys.text(
                    "parallelEnvironment", \.parallelEnvironment, or: "none", "the name of a parallel environment",
                    "The parallel environment that has `slots`; `none` asks for one slot."),
                keys.count("slots", \.slots, "Slots of the parallel environment."),
                keys.count("coresPerNode", \.coresPerNode, "Processors of one node, where that is known."),
            ]
        ) { values in
            guard values["slots"] != nil, values["parallelEnvironment"] == nil else { return nil }
            return "slots is set without parallelEnvironment, which has them"
        }
    }()

    private static let pbsPro: ExecutorKind = {
        let code = PBSProProvider()
        let keys = ProviderKeys(code: code)
        return jobs(
            "pbsPro", "Worker processes in batch jobs of PBS Pro or OpenPBS.", of: code,
            settings: [
                keys.text("account", \.account, "the name of an account", "The account that is charged."),
                queue(keys, \.queue),
                keys.text(
                    "selectOptions", \.selectOptions, "text such as `ngpus=4`",
                    "What comes after `select=N:ncpus=C`."),
                keys.count("cpusPerNode", \.cpusPerNode, "Processors of one node."),
                keys.count("statusBatchSize", \.statusBatchSize, "Jobs in one question about states."),
            ])
    }()

    private static let torque: ExecutorKind = {
        let code = TorqueProvider()
        let keys = ProviderKeys(code: code)
        return jobs(
            "torque", "Worker processes in batch jobs of Torque.", of: code,
            settings: [
                keys.text("account", \.account, "the name of an account", "The account that is charged."),
                queue(keys, \.queue),
                keys.count("coresPerNode", \.coresPerNode, "Processors of one node, where that is known."),
                keys.count("statusBatchSize", \.statusBatchSize, "Jobs in one question about states."),
            ])
    }()

    private static let lsf: ExecutorKind = {
        let code = LSFProvider()
        let keys = ProviderKeys(code: code)
        return jobs(
            "lsf", "Worker processes in batch jobs of LSF.", of: code,
            settings: [
                keys.text("project", \.project, "the name of a project", "The project that is charged."),
                queue(keys, \.queue),
                keys.setting(
                    "coresPerBlock", SettingType(words: ["none"], .integer(1...1_000_000)), .word("none"),
                    "Processors of one block, in the place of whole nodes; with `coresPerNode`."
                ) { value, provider in
                    guard case .integer(let count) = value else { return }
                    provider.ask(perBlock: count, perNode: provider.coresPerNode ?? 1)
                },
                keys.setting(
                    "coresPerNode", SettingType(words: ["none"], .integer(1...1_000_000)), .word("none"),
                    "Processors on each node, when `coresPerBlock` are asked for."
                ) { value, provider in
                    guard case .integer(let count) = value else { return }
                    guard case .cores(let perBlock, _) = provider.resources else { return }
                    provider.ask(perBlock: perBlock, perNode: count)
                },
                keys.flag(
                    "redirectsScript", \.redirectsScript, "Whether `bsub` reads the script on its standard input."),
                keys.count("statusBatchSize", \.statusBatchSize, "Jobs in one question about states."),
            ]
        ) { values in
            if (values["coresPerBlock"] == nil) != (values["coresPerNode"] == nil) {
                let (there, missing) =
                    values["coresPerBlock"] == nil
                    ? ("coresPerNode", "coresPerBlock") : ("coresPerBlock", "coresPerNode")
                return "\(there) is set without \(missing); both are needed, or neither"
            }
            if values["coresPerBlock"] != nil, values["nodesPerBlock"] != nil {
                return "nodesPerBlock is set, and follows from coresPerBlock and coresPerNode; leave it out"
            }
            return nil
        }
    }()

    private static let condor: ExecutorKind = {
        let code = CondorProvider()
        let keys = ProviderKeys(code: code)
        return jobs(
            "condor", "Worker processes in jobs of HTCondor.", of: code,
            settings: [
                keys.count(
                    "coresPerSlot", \.coresPerSlot,
                    "Processors of a slot (`request_cpus`); `automatic` is the pool's default."),
                keys.memory("memoryPerSlot", \.memoryPerSlot, "Memory of a slot (`request_memory`)."),
                keys.setting(
                    "environment", SettingType(words: ["none"], .assignments), .word("none"),
                    "Variables of the job.", isSecret: true
                ) { value, provider in
                    guard case .list(let items) = value else { return provider.environment = [:] }
                    let pairs = items.map { item in
                        let name = item.prefix { $0 != "=" }
                        return (String(name), String(item[name.endIndex...].dropFirst()))
                    }
                    provider.environment = Dictionary(pairs) { first, _ in first }
                },
                keys.text("project", \.project, or: "none", "the name of a project", "The project that is charged."),
                keys.setting(
                    "transferInputFiles", SettingType(words: ["none"], .readableFiles), .word("none"),
                    "Files that are copied to the job's scratch directory, besides its script."
                ) { value, provider in
                    if case .list(let paths) = value {
                        provider.transferInputFiles = paths
                    } else {
                        provider.transferInputFiles = []
                    }
                },
                keys.text(
                    "requirements", \.requirements, or: "none", "an expression of HTCondor",
                    "An expression that a slot must satisfy."),
                keys.count("commandChunkSize", \.commandChunkSize, "Jobs in one call of a command."),
            ])
    }()

    private static let localBlocks: ExecutorKind = {
        let code = LocalProvider()
        let keys = ProviderKeys(code: code)
        return ExecutorKind(
            "localBlocks", "Worker processes in blocks of this machine, which come and go: to try a configuration.",
            settings: [keys.duration("grace", \.grace, "How long a block may take to end before it is killed.")],
            groups: [blocks(of: code), launchers(of: code), blockProcesses, everyExecutor],
            starters: [("maxBlocks", .integer(2)), ("workersPerNode", .integer(2))],
            check: { LauncherSettings.fault($0, default: LauncherSettings.name(of: code.launcher)) },
            placement: { .processes(HighThroughputConfiguration(label: $0, provider: code)) })
    }()

    private static func queue<Code: Provider>(
        _ keys: ProviderKeys<Code>, _ field: any WritableKeyPath<Code, String?> & Sendable
    ) -> Setting {
        keys.text("queue", field, "the name of a queue", "The queue; `automatic` lets the scheduler choose.")
    }

    /// A kind of batch jobs.
    private static func jobs(
        _ name: String, _ summary: String, of code: some SchedulerProvider, settings: [Setting],
        check: @escaping @Sendable ([String: SettingValue]) -> String? = { _ in nil }
    ) -> ExecutorKind {
        let launcher = LauncherSettings.name(of: code.launcher)
        return ExecutorKind(
            name, summary, settings: settings,
            groups: [blocks(of: code), scheduler(of: code), launchers(of: code), blockProcesses, everyExecutor],
            starters: [
                ("walltime", .duration(.seconds(1800))), ("nodesPerBlock", .integer(1)), ("maxBlocks", .integer(4)),
            ],
            check: { check($0) ?? LauncherSettings.fault($0, default: launcher) },
            placement: { .processes(HighThroughputConfiguration(label: $0, provider: code)) })
    }
}

extension LSFProvider {
    /// Asks for processors; the nodes follow from them.
    fileprivate mutating func ask(perBlock: Int, perNode: Int) {
        resources = .cores(perBlock: perBlock, perNode: perNode)
        blocks.nodesPerBlock = (perBlock + perNode - 1) / perNode
    }
}

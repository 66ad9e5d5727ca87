import HighThroughput
import WorkflowCore

extension SettingsSchema {
    /// Worker processes on this machine: the fields of ``HighThroughputConfiguration``.
    static let local = ExecutorKind(
        "local", "Worker processes on this machine, behind an interchange and a manager.",
        settings: [
            processes(
                "workers", SettingType(words: ["automatic"], .integer(1...4096)), .word("automatic"),
                "Worker processes; `automatic` starts one for each core."
            ) { value, processes in
                if case .integer(let count) = value {
                    processes.workers = count
                } else {
                    processes.workers = HighThroughputConfiguration.coreCount
                }
            },
            processes(
                "prefetch", SettingType(words: ["automatic"], .integer(0...1_000_000)), .word("automatic"),
                "Tasks that the manager holds beyond its workers; `automatic` goes by how short they are."
            ) { value, processes in
                if case .integer(let count) = value {
                    processes.prefetch = .fixed(count)
                } else {
                    processes.prefetch = .automatic
                }
            },
            processes(
                "coresPerWorker", SettingType(words: ["automatic"], .number(0.001...4096)), .word("automatic"),
                "Processors for each worker, which bound their number; `automatic` is 1, or no bound beside a number."
            ) { value, processes in
                if case .number(let cores) = value {
                    processes.coresPerWorker = cores
                } else {
                    processes.coresPerWorker = nil
                }
            },
            processes(
                "memoryPerWorker", SettingType(words: ["automatic"], .size(atLeast: 1 << 20)), .word("automatic"),
                "Memory for each worker, which bounds their number; `automatic` does not look at it."
            ) { value, processes in
                if case .integer(let bytes) = value {
                    processes.memoryPerWorker = Double(bytes) / 1_073_741_824
                } else {
                    processes.memoryPerWorker = nil
                }
            },
            processes(
                "affinity", SettingType(.affinity), .text("none"), "Which processors each worker is bound to."
            ) { value, processes in
                guard case .text(let text) = value, let affinity = try? CPUAffinity(parsing: text) else { return }
                processes.affinity = affinity
            },
            processes(
                "accelerators", SettingType(words: ["none"], .items("a list of names, as the drivers take them")),
                .word("none"), "The accelerators of each node."
            ) { value, processes in
                if case .list(let names) = value {
                    processes.accelerators.names = names
                } else {
                    processes.accelerators.names = []
                }
            },
            processes(
                "acceleratorSharing", SettingType(words: ["perWorker", "perTask"]), .word("perWorker"),
                "Whether each worker has an accelerator of its own, or tasks get those that they ask for."
            ) { value, processes in
                processes.accelerators.sharing = value == .word("perTask") ? .perTask : .perWorker
            },
            processes(
                "nodeLabels", SettingType(words: ["none"], .labels), .word("none"),
                "Labels of every node, for calls that ask for them; a node's `APUS_NODE_LABELS` has more."
            ) { value, processes in
                if case .list(let labels) = value { processes.nodeLabels = labels } else { processes.nodeLabels = [] }
            },
            processes(
                "encrypted", SettingType(.boolean), .boolean(true),
                "Whether every connection is encrypted and authenticated (CURVE)."
            ) { value, processes in
                if case .boolean(let flag) = value { processes.encrypted = flag }
            },
            processes(
                "address",
                SettingType(words: ["automatic"], .text("an address of this machine, or `*` (in quotes) for all")),
                .word("automatic"),
                "Where the interchange listens; `automatic` is 127.0.0.1, enough for workers of this machine."
            ) { value, processes in
                if case .text(let address) = value { processes.address = address } else { processes.address = nil }
            },
            processes(
                "workerPort", SettingType(words: ["automatic"], .integer(1...65_535)), .word("automatic"),
                "The interchange's port for managers; `automatic` takes one of `workerPortRange`."
            ) { value, processes in
                if case .integer(let port) = value { processes.workerPort = port } else { processes.workerPort = nil }
            },
            processes(
                "workerPortRange", SettingType(.ports(atLeast: 3)), .ports(54_000...54_999),
                "Where the port for managers is chosen."
            ) { value, processes in
                if case .ports(let ports) = value { processes.workerPortRange = Range(ports) }
            },
            processes(
                "interchangePortRange", SettingType(.ports(atLeast: 3)), .ports(55_000...55_999),
                "Where the executor's own ports are chosen."
            ) { value, processes in
                if case .ports(let ports) = value { processes.interchangePortRange = Range(ports) }
            },
            processes(
                "echo", SettingType(words: ["automatic"], .boolean), .word("automatic"),
                "Whether lines that tasks print are shown at once; `automatic` does so on a terminal."
            ) { value, processes in
                if case .boolean(let flag) = value { processes.echo = flag } else { processes.echo = nil }
            },
            processes(
                "maximumUnfinishedBytes", SettingType(.size(atLeast: 1)), .integer(128 << 20),
                "Bytes of unfinished task messages beyond the submitting process, or one task if that is larger."
            ) { value, processes in
                if case .integer(let count) = value { processes.maximumUnfinishedBytes = count }
            },
            processes(
                "heartbeatPeriod", SettingType(.duration(atLeast: .milliseconds(10))), .duration(.seconds(2)),
                "Time between heartbeats; shorter than `heartbeatThreshold`."
            ) { value, processes in
                if case .duration(let period) = value { processes.heartbeatPeriod = period / .seconds(1) }
            },
            processes(
                "heartbeatThreshold", SettingType(.duration(atLeast: .milliseconds(10))), .duration(.seconds(10)),
                "Silence after which a process counts as lost."
            ) { value, processes in
                if case .duration(let silence) = value { processes.heartbeatThreshold = silence / .seconds(1) }
            },
            processes(
                "cancelGrace", SettingType(.duration(atLeast: .zero)), .duration(.seconds(5)),
                "How long a task may go on after it was asked to stop; then its worker is killed."
            ) { value, processes in
                if case .duration(let grace) = value { processes.cancelGrace = grace / .seconds(1) }
            },
            processes(
                "managerRestarts", SettingType(.integer(0...Int.max)), .integer(3),
                "How often a manager that died is started again."
            ) { value, processes in
                if case .integer(let count) = value { processes.managerRestarts = count }
            },
            processes(
                "debugLog", SettingType(.boolean), .boolean(false), "Whether the interchange logs each task."
            ) { value, processes in
                if case .boolean(let flag) = value { processes.debugLog = flag }
            },
        ], groups: [everyExecutor]
    ) { label in .processes(HighThroughputConfiguration(label: label)) }

    /// Threads of the submitting process.
    static let threads = ExecutorKind(
        "threads", "Threads of the submitting process: for tests and debuggers.",
        settings: [
            Setting(
                "threads", SettingType(.integer(1...4096)), .integer(2), "How many calls run at once."
            ) { value, configuration in
                guard case .integer(let count) = value else { return }
                guard case .threads(_, let throughCodec) = configuration.placement else { return }
                configuration.executors[0].placement = .threads(count, throughCodec: throughCodec)
            },
            Setting(
                "throughCodec", SettingType(.boolean), .boolean(false),
                "Whether arguments and results are encoded on the way, as they are between processes."
            ) { value, configuration in
                guard case .boolean(let flag) = value else { return }
                guard case .threads(let count, _) = configuration.placement else { return }
                configuration.executors[0].placement = .threads(count, throughCodec: flag)
            },
        ], groups: [everyExecutor]
    ) { _ in .threads(2, throughCodec: false) }

    /// What can be set for every executor, whatever its kind.
    static let everyExecutor = SettingGroup(
        "Every executor", "What an executor of any kind has.",
        settings: [
            Setting(
                "maxUnfinishedTasks", SettingType(words: ["automatic"], .integer(1...Int.max)), .word("automatic"),
                "How many unfinished calls it may have; `automatic` is the workflow's `maxUnfinishedTasks`."
            ) { value, configuration in
                if case .integer(let count) = value {
                    configuration.executors[0].maxUnfinishedTasks = count
                } else {
                    configuration.executors[0].maxUnfinishedTasks = nil
                }
            }
        ])

    /// A setting of worker processes.
    static func processes(
        _ name: String, _ type: SettingType, _ fallback: SettingValue, _ summary: String,
        apply: @escaping @Sendable (SettingValue, inout HighThroughputConfiguration) -> Void
    ) -> Setting {
        Setting(name, type, fallback, summary) { value, configuration in
            guard case .processes(var processes) = configuration.placement else { return }
            apply(value, &processes)
            configuration.executors[0].placement = .processes(processes)
        }
    }
}

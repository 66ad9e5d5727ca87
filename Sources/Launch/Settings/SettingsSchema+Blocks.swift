import HighThroughput
package import Provisioning
import WorkflowCore

/// A provider whose blocks a file can describe.
package protocol BlockProvider: Provider {
    /// How many blocks, and how large.
    var blocks: BlockParameters { get set }
    /// How often the state of jobs is asked for.
    var statusPollingInterval: Duration { get set }
    /// Shell text that runs before the manager starts.
    var workerInit: String { get set }
}

/// A provider that starts its managers through a launcher.
package protocol ProviderWithLauncher: BlockProvider {
    /// How the manager comes to all nodes.
    var launcher: any Launcher { get set }
}

/// A provider that runs the client programs of a batch scheduler.
package protocol SchedulerProvider: ProviderWithLauncher {
    /// Lines that are put into the script as they stand.
    var schedulerOptions: String { get set }
    /// Where the scheduler's programs are; `nil` looks on PATH.
    var commandDirectory: String? { get set }
    /// How long one of them may take.
    var commandTimeout: Duration { get set }
}

extension SettingsSchema {
    /// What can be set for the blocks of every provider, with the defaults of this one.
    static func blocks(of code: some BlockProvider) -> SettingGroup {
        SettingGroup(
            "Blocks", "How many blocks there are, how large each is, and how long it lives: a block is one batch job.",
            settings: [
                count("nodesPerBlock", 1, "Nodes of one block.", code.blocks, \.nodesPerBlock),
                count("initBlocks", 0, "Blocks asked for at the start.", code.blocks, \.initBlocks),
                count(
                    "minBlocks", 0, "Blocks that are kept, however little there is to do.", code.blocks, \.minBlocks),
                count("maxBlocks", 1, "The most blocks at one time.", code.blocks, \.maxBlocks),
                block(
                    "parallelism", SettingType(.number(0...1)), .number(code.blocks.parallelism),
                    "The part of the waiting tasks for which there shall be workers: 1 is one for each."
                ) { value, provider in
                    if case .number(let number) = value { provider.blocks.parallelism = number }
                },
                block(
                    "walltime", SettingType(words: ["unlimited"], .duration(atLeast: .seconds(1))),
                    code.blocks.walltime.map { .duration($0) } ?? .word("unlimited"),
                    "How long a block may run; `unlimited` leaves it to the scheduler."
                ) { value, provider in
                    if case .duration(let time) = value {
                        provider.blocks.walltime = time
                    } else {
                        provider.blocks.walltime = nil
                    }
                },
                block(
                    "statusPollingInterval", SettingType(.duration(atLeast: .milliseconds(10))),
                    .duration(code.statusPollingInterval), "How often the state of jobs is asked for."
                ) { value, provider in
                    if case .duration(let time) = value { provider.statusPollingInterval = time }
                },
                block(
                    "workerInit", SettingType(words: ["none"], .text("shell text such as `module load gcc`")),
                    .word("none"), "What runs on a block's first node before the manager starts."
                ) { value, provider in
                    if case .text(let text) = value { provider.workerInit = text } else { provider.workerInit = "" }
                },
            ])
    }

    /// What can be set for every scheduler whose client programs are run, with the defaults of this one.
    static func scheduler(of code: some SchedulerProvider) -> SettingGroup {
        SettingGroup(
            "Schedulers", "How the scheduler's own programs are run.",
            settings: [
                processes(
                    "executable", SettingType(words: ["shared", "copied"]), .word("shared"),
                    "Whether nodes start the program's own file, or keep a copy of it on their disks."
                ) { value, processes in
                    processes.executable = value == .word("copied") ? .copied() : .shared
                },
                block(
                    "schedulerOptions",
                    SettingType(words: ["none"], .text("lines such as `#SBATCH --mail-type=END`")),
                    .word("none"), "Lines that are put into the job's script, or its description, as they stand."
                ) { value, provider in
                    guard var scheduler = provider as? any SchedulerProvider else { return }
                    if case .text(let text) = value {
                        scheduler.schedulerOptions = text
                    } else {
                        scheduler.schedulerOptions = ""
                    }
                    provider = scheduler
                },
                block(
                    "commandDirectory", SettingType(words: ["automatic"], .text("a directory")), .word("automatic"),
                    "Where the scheduler's programs are; `automatic` looks on PATH."
                ) { value, provider in
                    guard var scheduler = provider as? any SchedulerProvider else { return }
                    if case .text(let text) = value {
                        scheduler.commandDirectory = text
                    } else {
                        scheduler.commandDirectory = nil
                    }
                    provider = scheduler
                },
                block(
                    "commandTimeout", SettingType(.duration(atLeast: .milliseconds(10))),
                    .duration(code.commandTimeout), "How long one of the scheduler's programs may take."
                ) { value, provider in
                    guard var scheduler = provider as? any SchedulerProvider else { return }
                    if case .duration(let time) = value { scheduler.commandTimeout = time }
                    provider = scheduler
                },
            ])
    }

    /// What can be set for the worker processes of a block's nodes: as on this machine, where that makes sense.
    static let blockProcesses = SettingGroup(
        "Worker processes of blocks", "What runs on the nodes of a block, and how it is reached.",
        settings: [
            processes(
                "workersPerNode", SettingType(words: ["automatic"], .integer(1...4096)), .word("automatic"),
                "Worker processes on each node; `automatic` starts one for each of its processors."
            ) { value, processes in
                if case .integer(let count) = value { processes.workers = count } else { processes.workers = 0 }
            },
            processes(
                "address",
                SettingType(words: ["automatic"], .text("an address of this machine, or `*` (in quotes) for all")),
                .word("automatic"), "Where the interchange listens; `automatic` is every interface."
            ) { value, processes in
                if case .text(let address) = value { processes.address = address } else { processes.address = nil }
            },
            processes(
                "gateways", SettingType(words: ["none"], .items("a list of hosts on which `apus relay` runs")),
                .word("none"), "Hosts by which nodes reach this one that cannot connect to it; needs `workerPort`."
            ) { value, processes in
                if case .list(let hosts) = value { processes.gateways = hosts } else { processes.gateways = [] }
            },
            processes(
                "filling", SettingType(words: ["spread", "packed"]), .word("spread"),
                "Whether the next task goes to the emptiest node, or one node is filled before the next."
            ) { value, processes in
                processes.filling = value == .word("packed") ? .packed : .spread
            },
            processes(
                "drainPeriod", SettingType(words: ["never"], .duration(atLeast: .seconds(1))), .word("never"),
                "Time after its start at which a manager takes no new tasks; a little less than `walltime` is good."
            ) { value, processes in
                if case .duration(let time) = value {
                    processes.drainPeriod = time
                } else {
                    processes.drainPeriod = nil
                }
            },
            processes(
                "drainsBeforeWalltime", SettingType(.boolean),
                .boolean(HighThroughputConfiguration(workers: 1).drainsBeforeWalltime),
                "Whether managers take no new tasks shortly before the walltime, when `drainPeriod` is `never`."
            ) { value, processes in
                if case .boolean(let flag) = value { processes.drainsBeforeWalltime = flag }
            },
            processes(
                "mpiLauncher", SettingType(words: ["none"] + MPILauncher.allCases.map(\.rawValue)), .word("none"),
                "How tasks on several nodes of a block are started, by the one manager of the block; the launcher is "
                    + "`simple` then."
            ) { value, processes in
                if case .word(let word) = value { processes.mpiLauncher = MPILauncher(rawValue: word) }
            },
            processes(
                "strategy", SettingType(words: ScalingStrategy.allCases.map(\.rawValue)), .word("simple"),
                "When blocks are asked for and given back: `none` keeps what `initBlocks` asked for, `simple` gives "
                    + "all back when there is nothing to do, `auto` also single ones."
            ) { value, processes in
                if case .word(let word) = value, let strategy = ScalingStrategy(rawValue: word) {
                    processes.strategy = strategy
                }
            },
            processes(
                "strategyPeriod", SettingType(.duration(atLeast: .milliseconds(10))), .duration(.seconds(5)),
                "How often the strategy looks at tasks, workers and blocks."
            ) { value, processes in
                if case .duration(let time) = value { processes.strategyPeriod = time }
            },
            processes(
                "maxIdleTime", SettingType(.duration(atLeast: .zero)), .duration(.seconds(120)),
                "How long a block, or with `simple` the whole executor, is idle before it is given back."
            ) { value, processes in
                if case .duration(let time) = value { processes.maxIdleTime = time }
            },
            processes(
                "drainLimit", SettingType(words: ["unlimited"], .duration(atLeast: .zero)), .word("unlimited"),
                "How long a block that is given back may go on with the tasks it has."
            ) { value, processes in
                if case .duration(let time) = value { processes.drainLimit = time } else { processes.drainLimit = nil }
            },
            processes(
                "blockErrorHandler", SettingType(words: ["simple", "none"], .counts(["failedStarts", "windowed"])),
                .text("failedStarts 3"),
                "When an executor whose blocks fail is given up: after N starts in a row that came to nothing, when the "
                    + "last N blocks failed (`windowed N`), when all did (`simple`), or never (`none`)."
            ) { value, processes in
                if let handler = BlockErrorHandler(value) { processes.blockErrorHandler = handler }
            },
        ] + local.own.filter { !["workers", "address", "echo", "managerRestarts"].contains($0.name) })

    /// A setting of a provider's blocks.
    static func block(
        _ name: String, _ type: SettingType, _ fallback: SettingValue, _ summary: String, isSecret: Bool = false,
        apply: @escaping @Sendable (SettingValue, inout any BlockProvider) -> Void
    ) -> Setting {
        Setting(name, type, fallback, summary, isSecret: isSecret) { value, configuration in
            guard case .processes(var processes) = configuration.placement,
                var provider = processes.provider as? any BlockProvider
            else { return }
            apply(value, &provider)
            processes.provider = provider
            configuration.executors[0].placement = .processes(processes)
        }
    }

    private static func count(
        _ name: String, _ least: Int, _ summary: String, _ code: BlockParameters,
        _ field: any WritableKeyPath<BlockParameters, Int> & Sendable
    ) -> Setting {
        block(
            name, SettingType(.integer(least...1_000_000)), .integer(code[keyPath: field]), summary
        ) { value, provider in
            if case .integer(let count) = value { provider.blocks[keyPath: field] = count }
        }
    }
}

extension BlockErrorHandler {
    /// The handler that a setting names.
    fileprivate init?(_ value: SettingValue) {
        switch value {
        case .word("simple"): self = .simple
        case .word("none"): self = .none
        case .text(let text):
            let parts = text.split(separator: " ").map(String.init)
            guard parts.count == 2, let count = Int(parts[1]) else { return nil }
            switch parts[0] {
            case "failedStarts": self = .failedStarts(count)
            case "windowed": self = .windowed(count)
            default: return nil
            }
        default: return nil
        }
    }
}

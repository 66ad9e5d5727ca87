import HighThroughput
import Provisioning

/// What every run that reads options can be told about itself.
struct CommonOptions: Sendable, Equatable {
    /// Where calls run.
    enum Place: String, CaseIterable, Sendable {
        case threads
        case local
        case slurm
    }

    var place: Place?
    var workers: Int?
    var nodes: Int?
    var showsProgress: Bool?

    /// One of the options.
    enum Kind: String, CaseIterable, Sendable {
        case place = "--on"
        case workers = "--workers"
        case nodes = "--nodes"
        case noProgress = "--no-progress"

        /// How the option is written, and what it is for.
        var row: (String, String) {
            switch self {
            case .place:
                (
                    "--on threads|local|slurm",
                    "run on threads of this process, workers of this machine, or jobs of Slurm"
                )
            case .workers: ("--workers N", "how many worker processes (of each node, with Slurm) or threads, 1 to 4096")
            case .nodes: ("--nodes N", "how many nodes of Slurm at most, 1 to 10000")
            case .noProgress: ("--no-progress", "show no progress")
            }
        }
    }

    /// The common options that a program has: its own of the same name hide them.
    struct Offer: Sendable {
        let kinds: [Kind]

        init(beside own: [String] = []) { kinds = Kind.allCases.filter { !own.contains($0.rawValue) } }

        var flags: [String] { kinds.map(\.rawValue) }

        func kind(of word: String) -> Kind? { kinds.first { $0.rawValue == word } }
    }

    /// Takes one option, and its value from the words behind it.
    mutating func take(
        _ kind: Kind, _ option: inout OptionWord, _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        switch kind {
        case .place:
            let word = try option.value(&rest, "'threads', 'local' or 'slurm' after it")
            guard let place = Place(rawValue: word) else {
                throw UsageError("--on is '\(word)'; it is 'threads', 'local' or 'slurm'")
            }
            self.place = place
        case .workers:
            let word = try option.value(&rest, "a number after it")
            guard let count = Int(word), (1...4096).contains(count) else {
                throw UsageError("--workers is '\(word)'; it is a whole number from 1 to 4096")
            }
            workers = count
        case .nodes:
            let word = try option.value(&rest, "a number after it")
            guard let count = Int(word), (1...10_000).contains(count) else {
                throw UsageError("--nodes is '\(word)'; it is a whole number from 1 to 10000")
            }
            nodes = count
        case .noProgress: showsProgress = false
        }
    }

    /// Looks at what was given together.
    func check() throws(UsageError) {
        if nodes != nil, place != .slurm { throw UsageError("--nodes is of use with '--on slurm' alone") }
    }

    /// The configuration with what was asked for in place of what the program says.
    func applied(to configuration: WorkflowConfiguration) -> WorkflowConfiguration {
        var result = configuration
        if let showsProgress { result.progress = showsProgress }
        if place == nil, workers == nil { return result }
        switch (place, configuration.placement) {
        case (.threads, .processes(let processes)):
            let count = workers ?? (processes.workers > 0 ? processes.workers : HighThroughputConfiguration.coreCount)
            result.placement = .threads(count, throughCodec: false)
        case (.local, .threads(let count, _)):
            result.placement = .processes(HighThroughputConfiguration(workers: workers ?? count))
        case (.local, .processes(var processes)) where processes.provider != nil:
            processes.provider = nil
            processes.workers =
                workers ?? (processes.workers > 0 ? processes.workers : HighThroughputConfiguration.coreCount)
            result.placement = .processes(processes)
        case (.slurm, .threads): result.placement = .processes(onSlurm(HighThroughputConfiguration(workers: 0)))
        case (.slurm, .processes(let processes)): result.placement = .processes(onSlurm(processes))
        case (_, .threads(let count, let throughCodec)):
            result.placement = .threads(workers ?? count, throughCodec: throughCodec)
        case (_, .processes(var processes)):
            processes.workers = workers ?? processes.workers
            result.placement = .processes(processes)
        }
        return result
    }

    /// The same executor in jobs of Slurm: those that the program describes, or else jobs of one node.
    ///
    /// Partition, account and the like come from Slurm's own variables (`SBATCH_PARTITION`), as with `sbatch` itself.
    private func onSlurm(_ processes: HighThroughputConfiguration) -> HighThroughputConfiguration {
        var processes = processes
        var provider: SlurmProvider
        if let described = processes.provider as? SlurmProvider {
            provider = described
        } else {
            provider = SlurmProvider()
            // The program's number is one for this machine.
            processes.workers = 0
        }
        if let nodes {
            provider.blocks.maxBlocks = max(1, nodes / max(1, provider.blocks.nodesPerBlock))
            provider.blocks.initBlocks = min(provider.blocks.initBlocks, provider.blocks.maxBlocks)
            provider.blocks.minBlocks = min(provider.blocks.minBlocks, provider.blocks.maxBlocks)
        }
        processes.workers = workers ?? processes.workers
        processes.provider = provider
        return processes
    }
}

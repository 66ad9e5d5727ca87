import HighThroughput

/// What every run that reads options can be told about itself.
struct CommonOptions: Sendable, Equatable {
    /// Where calls run.
    enum Place: String, CaseIterable, Sendable {
        case threads
        case local
    }

    var place: Place?
    var workers: Int?
    var showsProgress: Bool?

    /// One of the options.
    enum Kind: String, CaseIterable, Sendable {
        case place = "--on"
        case workers = "--workers"
        case noProgress = "--no-progress"

        /// How the option is written, and what it is for.
        var row: (String, String) {
            switch self {
            case .place: ("--on threads|local", "run on threads of this process, or on workers of this machine")
            case .workers: ("--workers N", "how many worker processes, or threads, 1 to 4096")
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
            let word = try option.value(&rest, "'threads' or 'local' after it")
            guard let place = Place(rawValue: word) else {
                throw UsageError("--on is '\(word)'; it is 'threads' or 'local'")
            }
            self.place = place
        case .workers:
            let word = try option.value(&rest, "a number after it")
            guard let count = Int(word), (1...4096).contains(count) else {
                throw UsageError("--workers is '\(word)'; it is a whole number from 1 to 4096")
            }
            workers = count
        case .noProgress: showsProgress = false
        }
    }

    /// The configuration with what was asked for in place of what the program says.
    func applied(to configuration: WorkflowConfiguration) -> WorkflowConfiguration {
        var result = configuration
        if let showsProgress { result.progress = showsProgress }
        if place == nil, workers == nil { return result }
        switch (place, configuration.placement) {
        case (.threads, .processes(let processes)):
            result.placement = .threads(workers ?? processes.workers, throughCodec: false)
        case (.local, .threads(let count, _)):
            result.placement = .processes(HighThroughputConfiguration(workers: workers ?? count))
        case (_, .threads(let count, let throughCodec)):
            result.placement = .threads(workers ?? count, throughCodec: throughCodec)
        case (_, .processes(var processes)):
            processes.workers = workers ?? processes.workers
            result.placement = .processes(processes)
        }
        return result
    }
}

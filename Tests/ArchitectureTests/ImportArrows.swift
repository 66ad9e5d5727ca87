/// Which target may import which: the table of the architecture, as far as its targets exist.
///
/// The build checks that a target imports only what the manifest gives it; this table checks that the manifest did not
/// give it something the architecture forbids.
enum ImportArrows {
    /// What may come from outside the project.
    static let logging: Set<String> = ["Logging"]
    static let collections: Set<String> = ["DequeModule", "HeapModule"]
    /// The C library and the atomics of the standard library; everybody may use them.
    static let system: Set<String> = ["Swift", "Glibc", "Synchronization"]

    /// Targets of the project, and what each may import besides ``system``.
    static let allowed: [String: Set<String>] = [
        // The system below.
        "CZeroMQ": [],
        "CLinux": [],
        "SystemSupport": ["CLinux"],
        "Commands": ["SystemSupport"],
        "ZeroMQ": ["CZeroMQ", "SystemSupport"],
        // What travels.
        "PickleCoding": [],
        "WorkflowCore": logging,
        "WireProtocol": ["PickleCoding", "WorkflowCore"],
        "Monitoring": ["WireProtocol", "WorkflowCore", "SystemSupport"],
        // The processes.
        "InterchangeRuntime": above(["WireProtocol", "ZeroMQ", "Monitoring", "SystemSupport"]),
        "ManagerRuntime": above(["WireProtocol", "PickleCoding", "ZeroMQ", "Monitoring", "SystemSupport"]),
        "WorkerRuntime": above(["WireProtocol", "PickleCoding", "SystemSupport"]),
        "RelayRuntime": ["SystemSupport"],
        // The submitting program.
        "DataFlow": above(["PickleCoding", "Monitoring", "Commands", "SystemSupport"]),
        "Provisioning": above(["Commands", "SystemSupport"]),
        "HighThroughput": above(["Provisioning", "Commands", "WireProtocol", "ZeroMQ", "Monitoring", "SystemSupport"]),
        "ProgressDisplay": ["SystemSupport"],
        "Launch": above([
            "DataFlow", "HighThroughput", "Provisioning", "InterchangeRuntime", "ManagerRuntime", "WorkerRuntime",
            "Monitoring", "ProgressDisplay", "PickleCoding", "WireProtocol", "SystemSupport",
        ]),
        "HTTPStaging": ["DataFlow", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOSSL"],
        // What Kubernetes is told and says, as values: tested without any connection.
        "KubernetesObjects": ["Provisioning", "Commands", "Yams", "FoundationEssentials"],
        "Kubernetes": [
            "KubernetesObjects", "Provisioning", "SystemSupport", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOSSL",
        ],
        "Apus": ["Launch", "DataFlow", "HighThroughput", "Provisioning", "WorkflowCore", "Commands"],
        // The only importer of Yams; `Apus` never imports it.
        "ConfigurationFiles": ["Launch", "HighThroughput", "Provisioning", "SystemSupport", "Yams"],
        // The command line takes what each command needs.
        "ApusCommandLine": above([
            "Apus", "Launch", "DataFlow", "HighThroughput", "InterchangeRuntime", "ManagerRuntime", "PickleCoding",
            "WireProtocol", "ZeroMQ", "Monitoring", "ProgressDisplay", "RelayRuntime", "SystemSupport",
            "ArgumentParser",
            "ConfigurationFiles", "FoundationEssentials",
        ]),
    ]

    /// Single files that may import more, because they are a bridge to it.
    static let bridges: [String: Set<String>] = [
        // Date, URL, UUID, Decimal and Data as app values, and their form on the wire.
        "DataFlow/AppValue.swift": ["FoundationEssentials"],
        "DataFlow/FileSearch.swift": ["FoundationEssentials"],
        // JSON of arguments and results, for people.
        "DataFlow/JSONText.swift": ["FoundationEssentials"],
        "PickleCoding/FoundationBridge.swift": ["FoundationEssentials", "Foundation"],
    ]

    /// Every target above WorkflowCore may also import it, the log and the collections.
    private static func above(_ targets: Set<String>) -> Set<String> {
        targets.union(["WorkflowCore"]).union(logging).union(collections)
    }

    /// One import that the table forbids, or a target that it does not know.
    struct Violation: Equatable, CustomStringConvertible {
        var file: String
        var text: String

        var description: String { "\(file): \(text)" }
    }

    /// Checks one file of a target.
    static func violations(target: String, file: String, source: String) -> [Violation] {
        guard let targets = allowed[target] else {
            return [Violation(file: file, text: "target '\(target)' is not in the table of ImportArrows.swift")]
        }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let may = targets.union(system).union(bridges["\(target)/\(name)"] ?? [])
        return importedModules(of: source).filter { $0 != target && !may.contains($0) }.map { module in
            Violation(file: file, text: "\(target) may not import \(module)")
        }
    }

    /// The modules that a source file imports, in order; comments and other lines are passed over.
    static func importedModules(of source: String) -> [String] {
        // Every second piece between triple quotes is a text, which may hold a whole source file.
        let source = source.split(separator: "\"\"\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map { $0.element }.joined(separator: "\n")
        return source.split(whereSeparator: \.isNewline).compactMap { line in
            var words = line.split(separator: " ")[...]
            while let word = words.first, word.hasPrefix("@") || accessLevels.contains(String(word)) {
                words.removeFirst()
            }
            guard words.first == "import" else { return nil }
            words.removeFirst()
            if let word = words.first, kinds.contains(String(word)) { words.removeFirst() }
            // `import struct DataFlow.App` depends on DataFlow.
            return words.first?.split(separator: ".").first.map(String.init)
        }
    }

    private static let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let kinds: Set<String> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
    ]
}

// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors where the project itself is built, not on a stranger's newer compiler.
let isCI = Context.environment["CI"] != nil

/// Settings of every target.
let shared: [SwiftSetting] =
    [
        // `any P` is spelled out: https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // A member is visible only where its module is imported: …/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // An import leaks into the API only when it says so: …/0409-access-level-on-imports.md
        .enableUpcomingFeature("InternalImportsByDefault"),
        // Async functions stay on their caller's executor: …/0461-async-function-isolation.md
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (isCI ? [.treatAllWarnings(as: .error)] : [])

/// Settings of the targets that touch raw memory: every unsafe use is marked, and spans may be returned.
let confined: [SwiftSetting] = shared + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]

let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
/// What products with a connection over HTTP need: fetched and built for programs that ask for their trait.
func web(for trait: String) -> [Target.Dependency] {
    [
        ("AsyncHTTPClient", "async-http-client"), ("NIOCore", "swift-nio"), ("NIOHTTP1", "swift-nio"),
        ("NIOSSL", "swift-nio-ssl"),
    ].map { .product(name: $0, package: $1, condition: .when(traits: [trait])) }
}
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func example(_ name: String, _ more: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name, dependencies: ["Apus"] + more, path: "Examples/\(name)", exclude: ["README.md"],
        swiftSettings: shared)
}

func unitTests(_ target: String, _ more: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.target(name: target), "TestSupport"] + more, swiftSettings: shared)
}

let package = Package(
    name: "apus",
    products: [
        .library(name: "Apus", targets: ["Apus"]),
        .library(name: "PickleCoding", targets: ["PickleCoding"]),
        .library(name: "ConfigurationFiles", targets: ["ConfigurationFiles"]),
        .library(name: "HTTPStaging", targets: ["HTTPStaging"]),
        .library(name: "Kubernetes", targets: ["Kubernetes"]),
        .executable(name: "apus", targets: ["ApusCommandLine"]),
    ],
    traits: [
        .trait(name: "HTTPStaging", description: "The product HTTPStaging, on AsyncHTTPClient and SwiftNIO."),
        .trait(name: "Kubernetes", description: "The product Kubernetes, on AsyncHTTPClient and SwiftNIO."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        // Built for programs that import ConfigurationFiles, and for `apus`, alone.
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
        // For programs that ask for the trait HTTPStaging or Kubernetes alone.
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.30.0"),
    ],
    targets: [
        // MARK: The system below
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"]), .brew(["zeromq"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "SystemSupport", dependencies: ["CLinux"], swiftSettings: shared),
        .target(name: "Commands", dependencies: ["SystemSupport"], swiftSettings: shared),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ", "SystemSupport"], swiftSettings: confined),

        // MARK: What travels
        .target(name: "PickleCoding", swiftSettings: confined),
        .target(name: "WorkflowCore", swiftSettings: shared),
        .target(name: "WireProtocol", dependencies: ["PickleCoding", "WorkflowCore"], swiftSettings: shared),
        .target(
            name: "Monitoring", dependencies: ["WorkflowCore", "SystemSupport"], swiftSettings: shared),

        // MARK: The processes
        .target(
            name: "InterchangeRuntime",
            dependencies: ["WireProtocol", "ZeroMQ", "WorkflowCore", "SystemSupport", heap],
            swiftSettings: shared),
        .target(
            name: "ManagerRuntime",
            dependencies: ["WireProtocol", "ZeroMQ", "WorkflowCore", "SystemSupport", deque],
            swiftSettings: shared),
        .target(
            name: "WorkerRuntime",
            dependencies: ["PickleCoding", "WireProtocol", "WorkflowCore", "SystemSupport"], swiftSettings: shared),

        .target(name: "RelayRuntime", dependencies: ["SystemSupport"], swiftSettings: shared),

        // MARK: The submitting program
        .target(
            name: "DataFlow",
            dependencies: ["PickleCoding", "WorkflowCore", "Commands", "SystemSupport", deque],
            swiftSettings: shared),
        .target(
            name: "Provisioning", dependencies: ["WorkflowCore", "Commands", "SystemSupport"], swiftSettings: shared),
        .target(
            name: "HighThroughput",
            dependencies: [
                "Provisioning", "Commands", "WireProtocol", "ZeroMQ", "WorkflowCore", "SystemSupport", deque,
            ],
            swiftSettings: shared),
        .target(name: "ProgressDisplay", dependencies: ["SystemSupport"], swiftSettings: shared),
        .target(
            name: "Launch",
            dependencies: [
                "DataFlow", "HighThroughput", "Provisioning", "InterchangeRuntime", "ManagerRuntime", "WorkerRuntime",
                "Monitoring", "ProgressDisplay", "PickleCoding", "WireProtocol", "WorkflowCore", "SystemSupport",
            ],
            swiftSettings: shared),
        .target(
            name: "Apus",
            dependencies: ["Launch", "DataFlow", "HighThroughput", "Provisioning", "WorkflowCore", "Commands"],
            swiftSettings: shared),
        .target(
            name: "ConfigurationFiles",
            dependencies: ["Launch", "HighThroughput", "Provisioning", "SystemSupport", yams],
            swiftSettings: shared),

        .target(name: "HTTPStaging", dependencies: ["DataFlow"] + web(for: "HTTPStaging"), swiftSettings: shared),
        .target(name: "KubernetesObjects", dependencies: ["Provisioning", "Commands", yams], swiftSettings: shared),
        .target(
            name: "Kubernetes",
            dependencies: ["KubernetesObjects", "Provisioning", "SystemSupport"] + web(for: "Kubernetes"),
            swiftSettings: shared),

        // MARK: The command line
        .executableTarget(
            name: "ApusCommandLine",
            dependencies: [
                "Apus", "Launch", "DataFlow", "HighThroughput", "InterchangeRuntime", "ManagerRuntime", "PickleCoding",
                "ProgressDisplay", "RelayRuntime", "WireProtocol", "WorkflowCore", "SystemSupport",
                "ConfigurationFiles",
                arguments,
            ],
            swiftSettings: shared),

        // MARK: Examples
        example("Hello"), example("MonteCarloPi"), example("Mandelbrot"),
        // Its workers can be pods: swift build --traits Kubernetes --product WordCount.
        example("WordCount", [.target(name: "Kubernetes", condition: .when(traits: ["Kubernetes"]))]),
        example("BashPipeline"), example("Sweep"), example("Diamond"), example("DivideAndConquer"),
        example("ZipPipeline"),

        // MARK: Tests
        unitTests("SystemSupport"),
        unitTests("ZeroMQ", ["SystemSupport"]),
        unitTests("Commands", ["SystemSupport"]),
        unitTests("PickleCoding", ["SystemSupport", "PickleProbe"]),
        .target(name: "AllocationCounter", path: "Tests/Support/AllocationCounter"),
        .executableTarget(
            name: "PickleProbe", dependencies: ["AllocationCounter", "PickleCoding", "WireProtocol"],
            path: "Tests/Support/PickleProbe", swiftSettings: shared),
        unitTests("WireProtocol", ["PickleCoding", "WorkflowCore"]),
        unitTests("DataFlow", ["PickleCoding", "WorkflowCore", "Commands", "SystemSupport", "ResumeProgram"]),
        .executableTarget(
            name: "ResumeProgram", dependencies: ["Apus"], path: "Tests/Support/ResumeProgram", swiftSettings: shared),
        unitTests("RelayRuntime", ["SystemSupport", "ZeroMQ"]),
        unitTests("Provisioning", ["WorkflowCore", "SystemSupport"]),
        unitTests("KubernetesObjects", ["Provisioning", "WorkflowCore", "SystemSupport"]),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "TestSupport", "SystemSupport", "ClusterProgram", "ConfiguredProgram", "WordCount", "ApusCommandLine",
            ],
            swiftSettings: shared),
        .executableTarget(
            name: "ClusterProgram", dependencies: ["Apus"], path: "Tests/Support/ClusterProgram", swiftSettings: shared),
        unitTests("HighThroughput", ["Provisioning", "WireProtocol", "WorkflowCore", "SystemSupport"]),
        unitTests("InterchangeRuntime", ["WireProtocol", "WorkflowCore", "ZeroMQ", "SystemSupport"]),
        unitTests(
            "ManagerRuntime",
            ["WireProtocol", "ZeroMQ", "SystemSupport", "WorkflowCore", "PickleCoding", "WorkerProbe", deque]),
        unitTests(
            "WorkerRuntime", ["WireProtocol", "SystemSupport", "WorkflowCore", "PickleCoding", "WorkerProbe"]),
        .executableTarget(
            name: "WorkerProbe",
            dependencies: [
                "WorkerRuntime", "ManagerRuntime", "WireProtocol", "WorkflowCore", "SystemSupport", "PickleCoding",
                "ZeroMQ",
            ],
            path: "Tests/Support/WorkerProbe", swiftSettings: shared),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "TestSupport", "InterchangeRuntime", "ManagerRuntime", "HighThroughput", "WireProtocol",
                "SystemSupport", "FleetModel", heap,
            ],
            swiftSettings: shared),
        .target(
            name: "FleetModel", dependencies: ["InterchangeRuntime", "WireProtocol", "SystemSupport"],
            path: "Tests/Support/FleetModel", swiftSettings: shared),
        .executableTarget(
            name: "ScaleBenchmark",
            dependencies: [
                "FleetModel", "InterchangeRuntime", "ManagerRuntime", "WorkerRuntime", "WireProtocol", "WorkflowCore",
                "ZeroMQ", "SystemSupport",
            ],
            path: "Tests/Benchmarks/Scale", swiftSettings: shared),
        .testTarget(
            name: "ProcessTests",
            dependencies: [
                "TestSupport", "SystemSupport", "ProbeProgram", "SpreadProgram", "FilesProgram", "StopProgram",
                "ElasticProgram",
                "ApusCommandLine",
            ],
            swiftSettings: shared),
        .executableTarget(
            name: "AskedProgram", dependencies: ["Apus"], path: "Tests/Support/AskedProgram", swiftSettings: shared),
        .testTarget(
            name: "OperatorTests", dependencies: ["TestSupport", "SystemSupport", "AskedProgram", "ApusCommandLine"],
            swiftSettings: shared),
        .executableTarget(
            name: "FilesProgram", dependencies: ["Apus"], path: "Tests/Support/FilesProgram", swiftSettings: shared),
        .executableTarget(
            name: "StopProgram", dependencies: ["Apus", "DataFlow", "HighThroughput", "WorkflowCore", "SystemSupport"],
            path: "Tests/Support/StopProgram", swiftSettings: shared),
        .executableTarget(
            name: "ElasticProgram", dependencies: ["Apus"], path: "Tests/Support/ElasticProgram",
            swiftSettings: shared),
        .executableTarget(
            name: "SpreadProgram", dependencies: ["Apus"], path: "Tests/Support/SpreadProgram", swiftSettings: shared),
        unitTests(
            "Launch",
            [
                "DataFlow", "HighThroughput", "Provisioning", "ProgressDisplay", "SystemSupport", "WorkflowCore",
                "ProgressProgram",
            ]),
        .executableTarget(
            name: "ProgressProgram", dependencies: ["Apus"], path: "Tests/Support/ProgressProgram",
            swiftSettings: shared),
        .executableTarget(
            name: "ProbeProgram", dependencies: ["Apus"], path: "Tests/Support/ProbeProgram", swiftSettings: shared),
        .testTarget(
            name: "ExampleTests",
            dependencies: [
                "TestSupport", "SystemSupport", "Hello", "MonteCarloPi", "WordCount", "Mandelbrot", "BashPipeline",
                "Sweep", "Diamond",
                "DivideAndConquer",
                "ZipPipeline",
            ],
            swiftSettings: shared),
        .testTarget(
            name: "ScriptTests", dependencies: ["TestSupport", "SystemSupport", "ApusCommandLine"],
            swiftSettings: shared),
        // What tests of several targets need: programs, threads, tags.
        .target(
            name: "TestSupport", dependencies: ["SystemSupport"], path: "Tests/Support/TestSupport",
            swiftSettings: shared),
        unitTests(
            "ConfigurationFiles",
            [
                "Launch", "DataFlow", "HighThroughput", "Provisioning", "WorkflowCore", "SystemSupport",
                "BashPipeline", "Hello", "WordCount", "ConfiguredProgram", "ApusCommandLine",
            ]),
        .executableTarget(
            name: "ConfiguredProgram", dependencies: ["Apus", "ConfigurationFiles"],
            path: "Tests/Support/ConfiguredProgram", swiftSettings: shared),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: shared),
        .testTarget(
            name: "CompileFailTests", dependencies: ["TestSupport", "Apus", "SystemSupport"], swiftSettings: shared),
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "kernel-benchmark",
    dependencies: [.package(name: "apus", path: "../../..")],
    targets: [
        .executableTarget(
            name: "KernelBenchmark", dependencies: [.product(name: "Apus", package: "apus")],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
        .executableTarget(
            name: "MemoBenchmark", dependencies: [.product(name: "Apus", package: "apus")],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),
    ]
)

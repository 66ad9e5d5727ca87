// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "pickle-benchmark",
    dependencies: [.package(name: "apus", path: "../../..")],
    targets: [
        .executableTarget(
            name: "PickleBenchmark", dependencies: [.product(name: "PickleCoding", package: "apus")],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")])
    ]
)

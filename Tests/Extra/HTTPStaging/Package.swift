// swift-tools-version: 6.2
import PackageDescription

// Apart from the project's own tests, because it builds SwiftNIO with its TLS library: minutes.
let package = Package(
    name: "http-staging-tests",
    dependencies: [.package(name: "apus", path: "../../..", traits: ["HTTPStaging"])],
    targets: [
        .testTarget(
            name: "HTTPStagingTests",
            dependencies: [
                .product(name: "Apus", package: "apus"), .product(name: "HTTPStaging", package: "apus"),
            ],
            exclude: ["server.py"],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")])
    ]
)

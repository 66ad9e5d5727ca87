// swift-tools-version: 6.2
import PackageDescription

// Apart from the project's own tests, because it builds SwiftNIO with its TLS library: minutes. All products that need it
// are tested here, so that it is built once.
let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny")]
let apus: Target.Dependency = .product(name: "Apus", package: "apus")
let kubernetes: Target.Dependency = .product(name: "Kubernetes", package: "apus")

let package = Package(
    name: "networking-tests",
    dependencies: [.package(name: "apus", path: "../../..", traits: ["HTTPStaging", "Kubernetes"])],
    targets: [
        .testTarget(
            name: "HTTPStagingTests", dependencies: [apus, .product(name: "HTTPStaging", package: "apus")],
            exclude: ["server.py"], swiftSettings: settings),
        .testTarget(
            name: "KubernetesTests",
            dependencies: [apus, kubernetes, "PodProgram", "WordCountPods", .product(name: "apus", package: "apus")],
            exclude: ["api.py"], swiftSettings: settings),
        .executableTarget(
            name: "PodProgram", dependencies: [apus, kubernetes], path: "PodProgram", swiftSettings: settings),
        // The example as `swift build --traits Kubernetes` builds it in its own package; built here, it needs SwiftNIO once.
        .executableTarget(
            name: "WordCountPods", dependencies: [apus, kubernetes], path: "WordCount", exclude: ["README.md"],
            swiftSettings: settings + [.define("Kubernetes")]),
    ]
)

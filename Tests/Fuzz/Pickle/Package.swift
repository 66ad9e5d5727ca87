// swift-tools-version: 6.2
import PackageDescription

// libFuzzer drives the codec; `main` comes from the sanitizer's runtime.
let package = Package(
    name: "pickle-fuzz",
    dependencies: [.package(name: "apus", path: "../../..")],
    targets: [
        .executableTarget(
            name: "PickleFuzz", dependencies: [.product(name: "PickleCoding", package: "apus")],
            swiftSettings: [.unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])])
    ]
)

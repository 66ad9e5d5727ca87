/// The files of a package that `apus init` makes.
struct PackageTemplate {
    /// Where the package has Apus from.
    enum Source {
        /// What this tool was built or installed with.
        case library(ScriptLibrary)
        /// A repository, at its main branch.
        case repository(_ url: String)
    }

    var name: String
    var source: Source

    /// All files, with their paths in the package.
    var files: [(path: String, text: String)] {
        [
            ("Package.swift", manifest), ("Sources/\(name)/main.swift", Self.program), ("README.md", readme),
            (".gitignore", ".build/\nruninfo/\n"),
        ]
    }

    private var manifest: String {
        switch source {
        case .repository(let url):
            // SwiftPM calls a package like the last part of its address.
            dependentManifest(
                ".package(url: \"\(url)\", branch: \"main\")",
                package: url.split(separator: "/").last.map { String($0.hasSuffix(".git") ? $0.dropLast(4) : $0) } ?? ""
            )
        case .library(let library):
            switch library.origin {
            case .checkout(let root):
                dependentManifest(".package(name: \"apus\", path: \(Self.quoted(root)))", package: "apus")
            case .installed:
                installedManifest(library)
            }
        }
    }

    private func dependentManifest(_ dependency: String, package: String) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "\(name)",
            dependencies: [
                \(dependency)
            ],
            targets: [
                .executableTarget(name: "\(name)", dependencies: [.product(name: "Apus", package: "\(package)")])
            ],
            swiftLanguageModes: [.v6]
        )

        """
    }

    /// SwiftPM has no word for an installed Swift library; flags do, in a package that nobody depends on.
    private func installedManifest(_ library: ScriptLibrary) -> String {
        let includes = ([library.modules] + library.headers).map { "\"-I\", \(Self.quoted($0))" }
        var archive = ""
        if case .archive(let path) = library.code { archive = path }
        return """
            // swift-tools-version: 6.2
            import PackageDescription

            // The installed library; the compiler must be the one it was built with.
            let package = Package(
                name: "\(name)",
                targets: [
                    .executableTarget(
                        name: "\(name)",
                        swiftSettings: [
                            .unsafeFlags([
                                \(includes.joined(separator: ",\n                    ")),
                            ])
                        ],
                        linkerSettings: [
                            .unsafeFlags([\(Self.quoted(archive))]),
                            .linkedLibrary("zmq"),
                        ])
                ],
                swiftLanguageModes: [.v6]
            )

            """
    }

    /// The example: short, and yet a fan-out with a reduction, which is what most programs are made of.
    static let program = """
        import Apus

        // An app is a closure with a name. It runs on a worker process, which is this program, started again.
        let countPrimes = app("count primes") { (from: Int, to: Int) -> Int in
            (max(from, 2)..<to).count { n in
                var divisor = 2
                while divisor * divisor <= n {
                    if n % divisor == 0 { return false }
                    divisor += 1
                }
                return true
            }
        }

        // An app that takes an array also takes an array of futures, and waits for all of them.
        let sum = app("sum") { (parts: [Int]) -> Int in parts.reduce(0, +) }

        // `.threads(2)` instead of `.local(workers: 2)` runs the same calls on threads of this process.
        await Workflow.run(configuration: .local(workers: 2)) {
            let parts = stride(from: 0, to: 1_000_000, by: 50_000).map { countPrimes($0, $0 + 50_000) }
            print("there are", try await sum(parts).value, "primes below a million")
        }

        """

    private var readme: String {
        """
        # \(name)

        A workflow of many processes, made with Apus.

        ```sh
        swift run -c release \(name)
        ```

        prints `there are 78498 primes below a million`. It needs Swift 6.2 or later and the Debian package
        `libzmq3-dev`. The folder `runinfo` holds the logs of each run.

        """
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

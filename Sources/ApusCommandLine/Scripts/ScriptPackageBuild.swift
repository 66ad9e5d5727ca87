import FoundationEssentials
import Glibc
import SystemSupport

/// Builds a script that names Swift packages: as a package of its own, kept in the cache.
///
/// Scripts that name the same packages share a folder, so that only the first one fetches and builds them.
struct ScriptPackageBuild {
    var script: Script
    var library: ScriptLibrary
    var compiler: ScriptCompiler
    var cache: ScriptCache
    /// Words for the compiler, beside those for the library.
    var flags: [String]

    /// The library's modules may need these, at the library's own versions.
    private static let shared = ["swift-collections"]

    /// Builds the program and puts it there.
    func build(into program: String) throws(ScriptError) {
        var hash = ContentHash()
        hash.add("apus run packages 1")
        hash.add(compiler.version)
        hash.add(library.fingerprint)
        hash.add(flags.joined(separator: "\n"))
        hash.add(script.header.packages.map { "\($0)" }.joined(separator: "\n"))
        let (folder, lock) = try cache.packageFolder(key: hash.hexadecimal)
        defer { close(lock) }

        StandardStreams.error(
            "apus: '\(script.path)' names Swift packages; fetching and building what is not there yet, which takes a while\n"
        )
        try write(Array(try manifest(folder).utf8), to: folder + "/Package.swift")
        try makeFolder(folder + "/Sources/script")
        try write(script.relocated, to: folder + "/Sources/script/main.swift")
        let configuration = script.header.optimize ? "release" : "debug"
        try pinShared(folder)
        try start(["package", "--package-path", folder, "resolve"])
        try checkShared(folder)
        try start(["build", "--package-path", folder, "-c", configuration, "--product", "script"])
        do {
            try FileManager.default.copyItem(atPath: "\(folder)/.build/\(configuration)/script", toPath: program)
        } catch {
            throw .failure("could not copy the built program to '\(program)': \(error)")
        }
    }

    private func start(_ words: [String]) throws(ScriptError) {
        let status = try compiler.runPackageManager(words)
        guard status.isSuccess else {
            throw .failure(
                "'\(script.path)' could not be built with its packages (\(status)); the first time they need the network"
            )
        }
    }

    private func manifest(_ folder: String) throws(ScriptError) -> String {
        var packages: [String] = []
        var products: [String] = []
        for package in script.header.packages {
            packages.append(".package(url: \"\(package.url)\", \(package.requirement))")
            products += package.products.map { ".product(name: \"\($0)\", package: \"\(package.identity)\")" }
        }
        let includes = ([library.modules] + library.headers).flatMap { ["-I", $0] }
        var code: [String]
        switch library.code {
        case .archive(let path): code = [path]
        case .objects(let lines):
            let list = folder + "/objects.list"
            try write(Array(lines.joined(separator: "\n").utf8), to: list)
            code = ["@" + list]
        }
        // What the library and a package both hold is there once only, at one version: see `checkShared`.
        code += ["-Xlinker", "-z", "-Xlinker", "muldefs"]
        let words = { (words: [String]) in words.map(Self.quoted).joined(separator: ", ") }
        return """
            // swift-tools-version: 6.0
            import PackageDescription

            // Made by `apus run` for a script, whose own lines are in main.swift.
            let package = Package(
                name: "script",
                dependencies: [
                    \(packages.joined(separator: ",\n        "))
                ],
                targets: [
                    .executableTarget(
                        name: "script",
                        dependencies: [\(products.joined(separator: ", "))],
                        swiftSettings: [.unsafeFlags([\(words(flags + includes))])],
                        linkerSettings: [
                            .unsafeFlags([\(words(code + flags.filter { $0.hasPrefix("-l") || $0.hasPrefix("-L") }))]),
                            .linkedLibrary("zmq"),
                        ])
                ],
                swiftLanguageModes: [.v6]
            )

            """
    }

    // MARK: What the library and the packages share

    /// Proposes the library's versions to the package manager, where it has made no choice yet.
    private func pinShared(_ folder: String) throws(ScriptError) {
        let path = folder + "/Package.resolved"
        guard access(path, F_OK) != 0, let pins = library.pins else { return }
        let kept = pins.pins.filter { Self.shared.contains($0.identity) }
        guard !kept.isEmpty, let text = try? JSONEncoder().encode(PinnedPackages(pins: kept, version: 3)) else {
            return
        }
        try write(Array(text), to: path)
    }

    /// Two versions of one module in one program would be a puzzle without a solution.
    private func checkShared(_ folder: String) throws(ScriptError) {
        guard let own = library.pins, let chosen = PinnedPackages(file: folder + "/Package.resolved"),
            let (pin, other) = Self.conflict(own, chosen)
        else { return }
        throw .failure(
            "the packages of '\(script.path)' take \(pin.identity) \(other.state.text), and the library of `apus` was built "
                + "with \(pin.state.text): ask for versions that can do with that one, or make a package with 'apus init'"
        )
    }

    /// A package that the library and a script both hold, at different versions.
    static func conflict(
        _ own: PinnedPackages, _ chosen: PinnedPackages
    ) -> (own: PinnedPackages.Pin, chosen: PinnedPackages.Pin)? {
        for pin in own.pins where shared.contains(pin.identity) {
            if let other = chosen.pins.first(where: { $0.identity == pin.identity }),
                other.state.revision != pin.state.revision
            {
                return (pin, other)
            }
        }
        return nil
    }

    private func write(_ bytes: [UInt8], to path: String) throws(ScriptError) {
        // A file that stays as it is need not be built again.
        if let present = try? SmallFile.read(path, limit: 16 << 20), present == bytes { return }
        do throws(SystemError) {
            try SmallFile.write(bytes, to: path, mode: 0o600)
        } catch {
            throw .failure(error.description)
        }
    }

    private func makeFolder(_ path: String) throws(ScriptError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .failure("could not make the folder '\(path)': \(error)")
        }
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

/// Versions of packages, as the package manager writes them down.
struct PinnedPackages: Codable {
    /// One package.
    struct Pin: Codable {
        var identity: String
        var kind: String
        var location: String
        var state: State
    }

    /// Its version.
    struct State: Codable {
        var revision: String
        var version: String?
        var branch: String?

        var text: String { version ?? branch ?? String(revision.prefix(12)) }
    }

    var pins: [Pin]
    var version: Int
}

extension PinnedPackages {
    /// Reads a file; `nil` when there is none that makes sense.
    init?(file path: String) {
        guard let bytes = try? SmallFile.read(path, limit: 1 << 20),
            let read = try? JSONDecoder().decode(Self.self, from: Data(bytes))
        else { return nil }
        self = read
    }
}

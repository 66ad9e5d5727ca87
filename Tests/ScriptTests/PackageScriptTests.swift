import SystemSupport
import TestSupport
import Testing

/// Scripts whose header names packages, or a file with settings.
@Suite("Scripts with packages and settings", .tags(.realProcess), .blocking, .serialized)
struct PackageScriptTests {
    /// Makes a repository with one library in it.
    private func makePackage(_ folder: TestFolder) throws {
        let commands = """
            set -eu
            mkdir -p words/Sources/Words && cd words
            cat >Package.swift <<'END'
            // swift-tools-version: 6.0
            import PackageDescription
            let package = Package(
                name: "words", products: [.library(name: "Words", targets: ["Words"])], targets: [.target(name: "Words")])
            END
            echo 'public func shout(_ text: String) -> String { text.uppercased() + "!" }' >Sources/Words/Words.swift
            git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -q -m x && git tag 1.2.0
            """
        let made = try folder.execute("/bin/bash", ["-c", commands])
        try #require(made.code == 0, "\(made.errors)")
    }

    private func script(_ folder: TestFolder, from version: String, product: String = "Words") -> String {
        """
        // apus: optimize = false
        // apus: packages = [
        // apus:   { url = "file://\(folder.path)/words", from = "\(version)", products = ["\(product)"] },
        // apus: ]
        import Apus
        import Words

        let loud = app("loud") { (text: String) -> String in shout(text) }
        await Workflow.run(configuration: .threads(1)) { print(try await loud("swift").value) }

        """
    }

    @Test("a package is built once, its apps run, and the script's own mistakes are shown where they are")
    func package() throws {
        let folder = try TestFolder()
        try makePackage(folder)
        try folder.write("a.swift", script(folder, from: "1.0.0"))
        let first = try folder.apus("run", "a.swift")
        #expect(first.output == "SWIFT!\n", "\(first.errors)")
        #expect(first.errors.contains("apus: 'a.swift' names Swift packages; "))
        let second = try folder.apus("run", "a.swift")
        #expect(second.output == "SWIFT!\n" && second.errors.isEmpty, "\(second.errors)")

        try folder.write("b.swift", script(folder, from: "1.0.0") + "let n: Int = \"three\"\n")
        let wrong = try folder.apus("run", "b.swift")
        #expect(wrong.code == 1)
        #expect(wrong.errors.contains("b.swift:10:14: error: cannot convert value of type 'String'"), "\(wrong.errors)")
        #expect(wrong.errors.contains("apus: 'b.swift' could not be built with its packages"))
        // Both scripts name the same packages.
        #expect(try folder.execute("/bin/ls", ["cache/packages"]).output.split(separator: "\n").count == 1)
    }

    @Test("a version that is not there is an error of the package manager's, and ours")
    func version() throws {
        let folder = try TestFolder()
        try makePackage(folder)
        try folder.write("a.swift", script(folder, from: "2.0.0"))
        let finished = try folder.apus("run", "a.swift")
        #expect(finished.code == 1)
        #expect(finished.errors.contains("could not be built with its packages"), "\(finished.errors)")
    }

    @Test("a header may name a file with settings, beside the script")
    func settings() throws {
        let folder = try TestFolder()
        #expect(try folder.execute("/bin/mkdir", ["site"]).code == 0)
        try folder.write("site/apus.yaml", "summary: always\nexecutors:\n  here:\n    kind: threads\n    threads: 3\n")
        try folder.write(
            "site/a.swift",
            """
            // apus: optimize = false
            // apus: config = "apus.yaml"
            import Apus
            let one = app("one") { 1 }
            await Workflow.run(configuration: .local(workers: 1)) { _ = try await one().value }

            """)
        let finished = try folder.apus("run", "site/a.swift")
        #expect(finished.errors.contains("1 tasks (0 failed) on 3 threads"), "\(finished.errors)")

        try folder.write("site/apus.yaml", "sumary: always\n")
        let refused = try folder.apus("run", "site/a.swift")
        #expect(refused.code == 1)
        #expect(refused.errors.contains("site/apus.yaml:1:1: error: there is no key 'sumary'"), "\(refused.errors)")
    }
}

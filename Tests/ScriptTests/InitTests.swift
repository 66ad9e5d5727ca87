import SystemSupport
import TestSupport
import Testing

/// `apus init`: the package that it makes is one.
@Suite("New packages", .tags(.realProcess), .blocking)
struct InitTests {
    @Test("the package parses, and its program runs on worker processes")
    func package() throws {
        let folder = try TestFolder()
        let made = try folder.execute(Built.apus, ["init", "primes"])
        #expect(made.code == 0, "\(made.errors)")
        #expect(made.output.contains("swift run -c release primes"))

        let parsed = try folder.execute(
            "swift", ["package", "--package-path", "primes", "dump-package"],
            environment: ["TMPDIR": folder.path])
        #expect(parsed.code == 0, "\(parsed.errors)")
        #expect(parsed.output.contains("\"fileSystem\""))
        #expect(try SmallFile.readText(folder.path + "/primes/.gitignore").contains(".build/"))
        #expect(try SmallFile.readText(folder.path + "/primes/README.md").hasPrefix("# primes\n"))

        let ran = try folder.apus("run", "primes/Sources/primes/main.swift")
        #expect(ran.code == 0, "\(ran.errors)")
        #expect(ran.output == "there are 78498 primes below a million\n")
    }

    @Test("a repository may be named instead")
    func repository() throws {
        let folder = try TestFolder()
        let made = try folder.execute(Built.apus, ["init", "far", "--url", "https://example.org/birds/swifts.git"])
        #expect(made.code == 0, "\(made.errors)")
        let manifest = try SmallFile.readText(folder.path + "/far/Package.swift")
        #expect(manifest.contains(".package(url: \"https://example.org/birds/swifts.git\", branch: \"main\")"))
        #expect(manifest.contains("package: \"swifts\""))
    }

    @Test("what is there already stays as it is")
    func existing() throws {
        let folder = try TestFolder()
        try folder.write("taken", "mine")
        let refused = try folder.execute(Built.apus, ["init", "taken"])
        #expect(refused.code == 2)
        #expect(refused.errors.contains("'taken' is there already"))
        #expect(try SmallFile.readText(folder.path + "/taken") == "mine")
    }

    @Test(
        "a name that no package can have is refused",
        arguments: ["", "a/b", "..", "9lives", "with space", "Apus", "naïve", "a\"b"])
    func names(name: String) throws {
        let folder = try TestFolder()
        let refused = try folder.execute(Built.apus, ["init", name])
        #expect(refused.code == 2)
        #expect(refused.errors.contains("choose another name") || refused.errors.contains("no name for a package"))
    }
}

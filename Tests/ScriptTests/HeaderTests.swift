import SystemSupport
import TestSupport
import Testing

@testable import ApusCommandLine

/// The lines `// apus:` at the top of a script.
@Suite("Script headers", .paced)
struct HeaderTests {
    @Test("all keys are read, among other comments")
    func keys() throws {
        let text = """
            #!/usr/bin/env -S apus run
            // Draws a fractal.

            // apus: name = "fractal"   # in ps
            //apus: optimize=false
            // apus: flags = ["-DBIG", "-I", "a \\"b\\" \\\\",]
            // apus: config = 'site.yaml'
            // apus: packages = [    # two
            //   apus: { url = "https://example.org/a/swift-a.git", from = "1.6.0", products = ["A", "B"] },
            // apus:
            // apus:   { url = "file:///b", branch = "main", products = ["C"],
            // apus:   },
            // apus: ]
            import Apus
            // apus: the genus of the swifts
            """
        let header = try ScriptHeader(script: text, path: "x.swift")
        #expect(header.name == "fractal")
        #expect(!header.optimize)
        #expect(header.flags == ["-DBIG", "-I", "a \"b\" \\"])
        #expect(header.config == "site.yaml")
        #expect(header.packages.map(\.identity) == ["swift-a", "b"])
        #expect(header.packages.map(\.requirement) == ["from: \"1.6.0\"", "branch: \"main\""])
        #expect(header.packages.map(\.products) == [["A", "B"], ["C"]])
    }

    @Test("a script without a header is optimised", arguments: ["", "print(1)", "#!/bin/x\r\n\r\nprint(1)\r\n"])
    func absent(text: String) throws {
        let header = try ScriptHeader(script: text, path: "x.swift")
        #expect(header.optimize && header.name == nil && header.flags.isEmpty)
    }

    @Test(
        "what is wrong is said, with the line",
        arguments: [
            ("// apus: optmize = true", "there is no key 'optmize'; did you mean 'optimize'?"),
            (
                "// apus: colour = true",
                "there is no key 'colour'; the keys are name, optimize, flags, packages, config"
            ),
            ("// apus: dependencies = []", "there is no key 'dependencies'; did you mean 'packages'?"),
            ("// apus: packages = [\"a\"]", "'packages' takes tables"),
            ("// apus: packages = {}", "takes an array of tables"),
            ("// apus: packages = [{ url = \"u\", products = [\"A\"] }]", "needs one of from, exact, branch, revision"),
            ("// apus: packages = [{ url = \"u\", from = \"1\", products = [\"A\"] }]", "it takes a version such as"),
            ("// apus: packages = [{ url = \"u\", from = \"1.0.0\" }]", "needs 'url' and 'products'"),
            ("// apus: packages = [{ uri = \"u\" }]", "a package has no key 'uri'; did you mean 'url'?"),
            ("// apus: packages = [{ url = 'a\"', from = \"1.0.0\", products = [\"A\"] }]", "may hold no quotes"),
            ("// apus: packages = [{ url = \"u\", url = \"v\" }]", "'url' stands in a table for the second time"),
            ("// apus: packages = [\n// apus: { url = \"u\",", "the table has no closing '}'"),
            ("// apus: config = \"\"", "'config' takes the path of a file"),
            ("// apus: optimize", "'optimize' is not 'key = value'"),
            ("// apus: optimize = \"yes\"", "'optimize' takes true or false"),
            ("// apus: optimize = yes", "'yes' is no value"),
            ("// apus: optimize = true false", "there is more behind the value"),
            ("// apus: name = true", "'name' takes a string"),
            ("// apus: name = \"a/b\"", "may hold letters"),
            ("// apus: name = \"..\"", "may hold letters"),
            ("// apus: name = \"a", "no closing"),
            ("// apus: name = \"a\\q\"", "none of the escapes"),
            ("// apus: flags = \"-O\"", "'flags' takes an array"),
            ("// apus: flags = [-O]", "'-O]' is no value"),
            ("// apus: flags = [\"-O\" \"-g\"]", "',' or ']' is missing"),
            ("// apus: name = \"a\"\n// apus: name = \"b\"", "for the second time"),
            ("print(1)\n// apus: optimize = false", "below the first line of code"),
        ])
    func mistakes(text: String, message: String) throws {
        let error = try #require(throws: ScriptError.self) {
            try ScriptHeader(script: text, path: "x.swift")
        }
        #expect(error.description.contains(message), "\(error)")
        #expect(error.description.hasPrefix("x.swift:\(text.split(separator: "\n").count): error: "))
        #expect(error.status == 2)
    }
}

/// What names a compiled script.
@Suite("The cache of scripts", .paced)
struct CacheTests {
    @Test(
        "the hash is SHA-256",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        ])
    func hash(text: String, expected: String) {
        #expect(ContentHash.hexadecimal(of: Array(text.utf8)) == expected)
    }

    @Test("the same letters in other fields are another key")
    func fields() {
        var first = ContentHash()
        first.add("ab")
        first.add("c")
        var second = ContentHash()
        second.add("a")
        second.add("bc")
        #expect(first.hexadecimal != second.hexadecimal)
    }

    @Test("the environment names the folder")
    func folder() throws {
        #expect(try ScriptCache(environment: ["APUS_CACHE": "/a", "HOME": "/h"]).root == "/a")
        #expect(try ScriptCache(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]).root == "/x/apus")
        #expect(try ScriptCache(environment: ["XDG_CACHE_HOME": "x", "HOME": "/h"]).root == "/h/.cache/apus")
        #expect(throws: ScriptError.self) { try ScriptCache(environment: ["HOME": ""]) }
    }

    @Test("the nearest name is found", arguments: [("optimise", "optimize"), ("Flag", "flags"), ("nmae", "name")])
    func nearest(word: String, expected: String) {
        #expect(NearestName.find(word, among: ["name", "optimize", "flags"]) == expected)
        #expect(NearestName.find("something", among: ["name", "optimize", "flags"]) == nil)
    }
}

/// Packages that the library holds as well.
@Suite("Packages of scripts", .paced)
struct SharedPackageTests {
    private func pins(_ versions: [String: String]) -> PinnedPackages {
        PinnedPackages(
            pins: versions.map { name, version in
                .init(
                    identity: name, kind: "remoteSourceControl", location: "https://example.org/\(name)",
                    state: .init(revision: "revision of \(version)", version: version))
            }, version: 3)
    }

    @Test("only the library's own packages must have its versions")
    func conflict() {
        let own = pins(["swift-collections": "1.6.0", "yams": "6.2.2"])
        let other = ScriptPackageBuild.conflict(own, pins(["swift-collections": "1.1.0"]))
        #expect(other?.own.state.text == "1.6.0" && other?.chosen.state.text == "1.1.0")
        #expect(ScriptPackageBuild.conflict(own, pins(["swift-collections": "1.6.0", "swift-log": "1.0.0"])) == nil)
        #expect(ScriptPackageBuild.conflict(own, pins(["yams": "5.0.0"])) == nil)
    }
}

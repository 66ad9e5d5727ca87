import SystemSupport
import TestSupport
import Testing

/// What a program carries to every node: libzmq, and nothing that only the monitoring pages or other products need.
@Suite("Linkage", .tags(.realProcess), .blocking)
struct LinkageTests {
    @Test(
        "programs link libzmq, and neither SQLite nor, but for the command, the full Foundation",
        arguments: [("Hello", false), ("apus", true)])
    func libraries(program: String, mayReadYAML: Bool) throws {
        let finished = try Example.run(path: "/usr/bin/ldd", [Example.products + "/" + program], in: TemporaryFolder())
        try #require(finished.code == 0, "\(finished.errors)")
        #expect(finished.output.contains("libzmq.so"))
        #expect(!finished.output.contains("sqlite"))
        // Yams needs all of Foundation; only what reads YAML pays for it.
        #expect(
            mayReadYAML || !finished.output.contains("libFoundation.so"),
            "Foundation brings ICU: 40 MB for every worker")
    }

    @Test("programs hold no code of the dashboard's server", arguments: ["Hello", "apus"])
    func symbols(program: String) throws {
        // Swift mangles a module's name into each of its symbols with its length before it.
        let modules = "7NIOCore|11Hummingbird|4GRDB"
        let command = "nm --format=just-symbols \(Example.products)/\(program) | grep -c -E '\(modules)'"
        let finished = try Example.shell(command, in: TemporaryFolder())
        #expect(finished.output == "0\n", "\(finished.errors)")
    }
}

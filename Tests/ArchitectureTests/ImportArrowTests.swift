import Foundation
import TestSupport
import Testing

@Suite("Import arrows", .paced)
struct ImportArrowTests {
    /// The checkout that these tests were built from.
    private static let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources")

    /// All Swift files below `Sources`, as paths relative to it.
    private static func files() throws -> [String] {
        let all = try #require(FileManager.default.enumerator(atPath: sources.path()))
        return all.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted()
    }

    @Test("no file imports what the architecture forbids its target")
    func arrows() throws {
        let files = try Self.files()
        #expect(files.count > 50, "the sources were found")
        for file in files {
            let target = String(try #require(file.split(separator: "/").first))
            let source = try String(contentsOf: Self.sources.appending(path: file), encoding: .utf8)
            let violations = ImportArrows.violations(target: target, file: file, source: source)
            #expect(violations.isEmpty, "\(violations)")
        }
    }

    @Test("every folder of Sources is a target of the table, and every target has a folder")
    func folders() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path())
        #expect(folders.filter { !$0.hasPrefix(".") }.sorted() == ImportArrows.allowed.keys.sorted())
    }

    @Test(
        "a forbidden import is found",
        arguments: [
            ("InterchangeRuntime", "import ManagerRuntime"),
            ("ManagerRuntime", "public import WorkerRuntime"),
            ("HighThroughput", "package import InterchangeRuntime"),
            ("DataFlow", "@preconcurrency import HighThroughput"),
            ("WireProtocol", "    import ZeroMQ"),
            ("WorkerRuntime", "import ZeroMQ"),
            ("InterchangeRuntime", "import CZeroMQ"),
            ("Apus", "@_exported public import struct ManagerRuntime.ManagerConfiguration"),
            ("WorkflowCore", "import Foundation"),
            ("SystemSupport", "import FoundationEssentials"),
            ("PickleCoding", "internal import WorkflowCore"),
        ])
    func forbidden(target: String, line: String) throws {
        let source = "// A file of \(target).\nimport Glibc\n\(line)\nstruct Nothing {}\n"
        let violations = ImportArrows.violations(target: target, file: "\(target)/Made.swift", source: source)
        let module = try #require(ImportArrows.importedModules(of: line).first)
        #expect(violations == [.init(file: "\(target)/Made.swift", text: "\(target) may not import \(module)")])
    }

    @Test("an unknown target is a violation, so that a new one is entered in the table")
    func unknown() {
        #expect(ImportArrows.violations(target: "Made", file: "Made/Up.swift", source: "").count == 1)
    }

    @Test("comments, strings and names that begin alike are not imports")
    func notImports() {
        let source = """
            // import ZeroMQ
            /// import ZeroMQ
            let important = "import ZeroMQ"
            importance()
            let template = \("\"\"\"")
            import ZeroMQ
            \("\"\"\"")
            import Glibc
            """
        #expect(ImportArrows.importedModules(of: source) == ["Glibc"])
    }

    @Test("no arrow of the table points in a circle")
    func acyclic() {
        func reaches(_ target: String, from start: String, _ seen: inout Set<String>) -> Bool {
            for next in ImportArrows.allowed[start] ?? [] where seen.insert(next).inserted {
                if next == target || reaches(target, from: next, &seen) { return true }
            }
            return false
        }
        for target in ImportArrows.allowed.keys {
            var seen: Set<String> = []
            let circle = reaches(target, from: target, &seen)
            #expect(!circle, "\(target) reaches itself")
        }
    }

    @Test("the runtimes of different processes never meet, and nothing but ZeroMQ sees its C library")
    func separation() {
        let runtimes: Set<String> = ["InterchangeRuntime", "ManagerRuntime", "WorkerRuntime"]
        for runtime in runtimes {
            #expect(ImportArrows.allowed[runtime]?.isDisjoint(with: runtimes) == true)
        }
        #expect(ImportArrows.allowed["HighThroughput"]?.isDisjoint(with: runtimes) == true)
        #expect(ImportArrows.allowed.filter { $0.value.contains("CZeroMQ") }.map(\.key) == ["ZeroMQ"])
        #expect(ImportArrows.allowed["WorkerRuntime"]?.contains("ZeroMQ") == false)
        // What needs Yams is a product of its own: programs that import Apus do not build it.
        let yaml = ImportArrows.allowed.filter { $0.value.contains("Yams") }.keys.sorted()
        #expect(yaml == ["ConfigurationFiles", "KubernetesObjects"])
        let pods = ImportArrows.allowed.filter { $0.value.contains("KubernetesObjects") }.keys.sorted()
        #expect(pods == ["Kubernetes"])
        let readers = ImportArrows.allowed.filter { $0.value.contains("ConfigurationFiles") }.map(\.key)
        #expect(readers == ["ApusCommandLine"])
    }
}

import Foundation
import TestSupport
import Testing

/// Prose rots unseen: here whatever it names must exist.
@Suite("Documentation", .paced)
struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every page for people, as a path relative to the root.
    private static let pages: [String] = {
        let folders = ["docs", "Examples"].flatMap { folder -> [String] in
            let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path())
            return all?.compactMap { $0 as? String }.map { folder + "/" + $0 } ?? []
        }
        let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        return top + folders.filter { $0.hasSuffix(".md") }.sorted()
    }()

    private static func text(_ page: String) throws -> String {
        try String(contentsOf: root.appending(path: page), encoding: .utf8)
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path())
    }

    @Test("every link to a file of the project leads to one", arguments: pages)
    func links(page: String) throws {
        let folder = page.split(separator: "/").dropLast().joined(separator: "/")
        for match in try Self.text(page).matches(of: #/\]\(([^)#\s]+)[^)]*\)/#) where !match.output.1.contains("://") {
            let path = URL(filePath: "/" + folder + "/" + match.output.1).standardizedFileURL.path()
            #expect(Self.exists(path), "\(page) links to \(match.output.1)")
        }
    }

    @Test("every path that a page names exists", arguments: pages)
    func paths(page: String) throws {
        for match in try Self.text(page).matches(of: #/`((?:Sources|Tests|Examples|docs)/[A-Za-z0-9_+./-]+)`/#) {
            #expect(Self.exists(String(match.output.1)), "\(page) names \(match.output.1)")
        }
    }

    @Test("every type that the architecture names beside a file is declared in it")
    func types() throws {
        let page = try Self.text("docs/architecture.md")
        let matches = page.matches(of: #/`([A-Z][A-Za-z]+)`,?\s+\(?`(Sources/[A-Za-z0-9_+./-]+)`/#)
        #expect(matches.count >= 30, "the page names \(matches.count) types")
        for match in matches {
            let source = try Self.text(String(match.output.2))
            let declaration = try Regex("(?:class|struct|enum|protocol|actor|extension) \(match.output.1)\\b")
            #expect(source.contains(declaration), "\(match.output.2) does not declare \(match.output.1)")
        }
    }

    @Test("every target has its row in the architecture's table, and every example its line in the README")
    func completeness() throws {
        let page = try Self.text("docs/architecture.md")
        for target in ImportArrows.allowed.keys {
            #expect(page.contains("`\(target)`"), "docs/architecture.md does not mention \(target)")
        }
        let readme = try Self.text("README.md")
        let examples = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Examples").path())
        for example in examples where !example.hasPrefix(".") {
            #expect(readme.contains("](Examples/\(example))"), "README.md does not mention the example \(example)")
            #expect(Self.exists("Examples/\(example)/README.md"))
        }
    }

    @Test("every export is on the page of the public API")
    func exports() throws {
        let page = try Self.text("docs/public-api.md")
        let exports = try Self.text("Sources/Apus/Exports.swift").matches(of: #/public import \w+ \w+\.(\w+)/#)
        #expect(exports.count > 15)
        for export in exports {
            #expect(page.contains("\(export.output.1)"), "docs/public-api.md does not mention \(export.output.1)")
        }
    }
}

import Foundation
import TestSupport
import Testing

/// `make unit` leaves out what the Makefile names in `PROCESS_TESTS`; this list and the tests' tags say the same.
@Suite("Stages of the tests", .paced)
struct StageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The words of the list: targets, suites of a target, functions of a suite.
    private static func listed() throws -> Set<String> {
        let text = try String(contentsOf: root.appending(path: "Makefile"), encoding: .utf8)
        let value = try #require(text.firstMatch(of: #/PROCESS_TESTS :=((?:.*\\\n)*.*)\n/#)).output.1
        return Set(value.split { $0.isWhitespace || $0 == "\\" }.map(String.init))
    }

    /// All suites at the top of a file, each with its attribute.
    private static func suites() throws -> [(name: String, target: String, attribute: Substring, source: String)] {
        let all = try #require(FileManager.default.enumerator(atPath: root.appending(path: "Tests").path()))
        let files = all.compactMap { $0 as? String }.filter { $0.contains(#/^\w+Tests/.*\.swift$/#) }
        return try files.flatMap { file in
            let target = String(file.prefix { $0 != "/" })
            let source = try String(contentsOf: root.appending(path: "Tests/" + file), encoding: .utf8)
            return source.matches(of: #/(?m)^(@Suite\([^@]*?\)) *\n(?:final )?(?:struct|class|enum) (\w+)/#).map {
                ("\(target).\($0.output.2)", target, $0.output.1, source)
            }
        }
    }

    @Test("a suite that starts programs is tagged and in the list, all others are neither")
    func tags() throws {
        let listed = try Self.listed()
        let suites = try Self.suites()
        #expect(suites.count > 130 && listed.count > 30)
        for suite in suites {
            let isTagged = suite.attribute.contains(#/\.tags\(\.(realProcess|python|cluster)\)/#)
            let isListed = listed.contains(suite.target) || listed.contains(suite.name)
            #expect(isTagged == isListed, "\(suite.name): tagged \(isTagged), in the Makefile's list \(isListed)")
        }
    }

    @Test("in every suite a few tests run at a time, on the pool's threads or on the lanes")
    func pace() throws {
        for suite in try Self.suites() {
            #expect(
                suite.attribute.contains(".paced") != suite.attribute.contains(".blocking"),
                "\(suite.name) needs .paced, or .blocking if its tests hold up their thread")
        }
    }

    @Test("every word of the list is a target, a suite, or a tagged test of one")
    func words() throws {
        let suites = try Self.suites()
        for word in try Self.listed() {
            let parts = word.split(separator: "/")
            let suite = suites.first { $0.name == parts[0] || $0.target == word }
            #expect(suite != nil, "\(word) is no target and no suite")
            guard parts.count == 2, let suite else { continue }
            let test = try Regex("\\.tags\\(\\.python\\)[^@]*func \(parts[1])\\(")
            #expect(suite.source.contains(test), "\(word) is no tagged test")
        }
    }
}

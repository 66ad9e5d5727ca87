import TestSupport
import Testing
import WorkflowCore

@testable import WireProtocol

@Suite("numbers and lists in texts", .paced)
struct CountedTests {
    @Test(
        "a list ends with 'and', or with how many more there are",
        arguments: [
            (0, 3, ""), (1, 3, "a0"), (2, 3, "a0 and a1"), (3, 3, "a0, a1 and a2"), (4, 3, "a0, a1, a2 and 1 more"),
            (2, 1, "a0 and 1 more"), (1000, 2, "a0, a1 and 998 more"), (3, Int.max, "a0, a1 and a2"),
        ])
    func list(count: Int, limit: Int, text: String) {
        #expect(Counted.list((0..<count).map { "a\($0)" }, limit: limit) == text)
    }

    @Test("labels of nodes: those of hosts come last, and a few are named")
    func labels() {
        let hosts = Set((10..<30).map { "\(NodeLabels.hostPrefix)n\($0)" })
        let prefix = NodeLabels.hostPrefix
        #expect(NodeCapacity.text(of: []) == "no labels")
        #expect(NodeCapacity.text(of: ["gpu"]) == "the label gpu")
        #expect(NodeCapacity.text(of: ["zoo", "\(prefix)a", "gpu"]) == "the labels gpu, zoo and \(prefix)a")
        let text = NodeCapacity.text(of: hosts.union(["zoo"]))
        #expect(text.hasPrefix("the labels zoo, \(prefix)n10, "), "\(text)")
        #expect(text.hasSuffix(", \(prefix)n20 and 9 more"), "\(text)")
    }
}

import TestSupport
import Testing

@Suite("Hello", .tags(.realProcess), .blocking, .serialized)
struct HelloTests {
    @Test("three greetings arrive in the order of the calls")
    func greetings() throws {
        let finished = try Example.run("Hello", [], in: TemporaryFolder())
        #expect(
            finished.output == """
                Hello, Ada, from a worker process!
                Hello, Grace, from a worker process!
                Hello, Barbara, from a worker process!

                """)
        #expect(finished.code == 0, "\(finished.errors)")
        #expect(finished.errors == "", "a program without a terminal says nothing unasked")
    }

    @Test("the program in the README is the example")
    func readme() throws {
        let root = try #require(RepositoryRoot.path)
        let readme = try RepositoryRoot.text("README.md")
        let program = try RepositoryRoot.text("Examples/Hello/main.swift")
        #expect(readme.contains("```swift\n" + program + "```"), "README.md in \(root) shows another Hello")
    }
}

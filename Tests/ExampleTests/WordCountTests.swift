import Glibc
import TestSupport
import Testing

@Suite("WordCount", .tags(.realProcess), .blocking, .serialized)
struct WordCountTests {
    /// The usual pipeline over the files of the current folder.
    ///
    /// A file's end ends a word, so each gets a newline.
    private static func pipeline(top: Int) -> String {
        """
        for file in *; do if [ -f "$file" ]; then cat "$file"; echo; fi; done | LC_ALL=C tr -cs 'A-Za-z' '\\n' |
            tr A-Z a-z | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k1,1nr -k2,2 | awk 'NF == 2 { print $1, $2 }' |
            sed \(top)q
        """
    }

    /// Files in which everything is that the rule must settle.
    private func awkwardFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("texts/plain.txt", Array("The cat and the dog and THE bird.\n".utf8))
        try folder.write("texts/no newline at the end", Array("cat dog cat".utf8))
        try folder.write("texts/starts-with-a-digit", Array("7 birds, 3cats: don't a-b_c\r\n\tdog".utf8))
        try folder.write("texts/utf8.txt", Array("naïve Straße É über ſ the\n".utf8))
        try folder.write("texts/bytes", (0...255).map { $0 } + [0x80, 0xff, 0x41, 0x00, 0x42])
        try folder.write("texts/empty", [])
        try folder.write("texts/only-separators", Array(" .,;\n\n--".utf8))
        try folder.write("texts/.hidden", Array("hidden hidden hidden hidden hidden".utf8))
        try folder.write("texts/folder/inner.txt", Array("inner inner inner inner inner".utf8))
        symlink("plain.txt", folder.path + "/texts/link.txt")
        return folder
    }

    @Test("awkward files are counted as tr, sort and uniq count them", arguments: placements)
    func awkward(placement: [String]) throws {
        let folder = try awkwardFolder()
        let expected = try Example.shell("cd texts && " + Self.pipeline(top: 1000), in: folder)
        try #require(expected.code == 0, "\(expected.errors)")
        let finished = try Example.run("WordCount", ["texts", "--top", "1000"] + placement, in: folder)
        #expect(finished.code == 0, "\(finished.errors)")
        #expect(finished.output == expected.output)
        #expect(finished.output.contains("7 the\n"))
        #expect(!finished.output.contains("hidden") && !finished.output.contains("inner"))
    }

    private static let licences = "/usr/share/common-licenses"

    @Test(
        "the common licences are counted as tr, sort and uniq count them",
        .enabled(if: access(licences, R_OK) == 0, "needs \(licences), which Debian and Ubuntu have"),
        arguments: [[], ["--top", "500", "--on", "threads"]], [["--workers", "1"], ["--workers", "3"]])
    func commonLicences(options: [String], workers: [String]) throws {
        let top = options.first == "--top" ? 500 : 10
        let folder = try TemporaryFolder()
        let expected = try Example.shell("cd \(Self.licences) && " + Self.pipeline(top: top), in: folder)
        let finished = try Example.run("WordCount", [Self.licences] + options + workers, in: folder)
        #expect(finished.code == 0, "\(finished.errors)")
        #expect(finished.output == expected.output)
        #expect(finished.output.split(separator: "\n").count == top)
    }

    @Test("a file that cannot be read ends the program with code 1 and names the file", arguments: placements)
    func unreadable(placement: [String]) throws {
        let folder = try TemporaryFolder()
        try folder.write("texts/good", Array("word".utf8))
        // A file that even root cannot read: address 0 is never mapped.
        symlink("/proc/self/mem", folder.path + "/texts/secret")
        let finished = try Example.run("WordCount", ["texts"] + placement, in: folder)
        #expect(finished.code == 1)
        #expect(finished.errors.contains("cannot read texts/secret"))
    }
}

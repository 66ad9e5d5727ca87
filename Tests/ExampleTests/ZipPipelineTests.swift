import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite(
    "ZipPipeline", .tags(.realProcess), .blocking, .serialized,
    .enabled(if: access("/usr/bin/zip", X_OK) == 0 && access("/usr/bin/unzip", X_OK) == 0))
struct ZipPipelineTests {
    @Test("members are sorted into another archive, and merged", arguments: placements)
    func pipeline(placement: [String]) throws {
        let folder = try TemporaryFolder()
        try folder.write("one.txt", Array("pear\napple\n".utf8))
        try folder.write("it's two.txt", Array("fig\nbanana\ncherry\n".utf8))
        #expect(shell(folder, "zip -q texts.zip *.txt && rm *.txt && echo made") == "made\n")
        let finished = try Example.run("ZipPipeline", ["texts.zip", "one.txt,it's two.txt"] + placement, in: folder)
        #expect(finished.code == 0 && finished.output == "5 lines in merged.txt\n", "\(finished.errors)")
        #expect(try SmallFile.readText(folder.path + "/merged.txt") == "apple\nbanana\ncherry\nfig\npear\n")
        #expect(shell(folder, "unzip -qq texts.zip-sorted.zip && cat one.txt") == "apple\npear\n")
        #expect(shell(folder, "find runinfo -path '*/files/*'").isEmpty)
    }

    @Test("a member that is not there is named, with those that are", arguments: placements)
    func missing(placement: [String]) throws {
        let folder = try TemporaryFolder()
        try folder.write("one.txt", Array("pear\n".utf8))
        _ = shell(folder, "zip -q texts.zip one.txt")
        let finished = try Example.run("ZipPipeline", ["texts.zip", "two.txt"] + placement, in: folder)
        #expect(finished.code == 1 && finished.errors.contains("it has 'one.txt'"), "\(finished.errors)")
    }

    private func shell(_ folder: TemporaryFolder, _ line: String) -> String {
        let output = folder.path + "/shell.out"
        _ = try? ChildProcess(
            spawning: ChildProcess.Options(
                executable: "/bin/bash", arguments: ["bash", "-c", line], workingDirectory: folder.path,
                standardOutput: .file(output, append: false))
        ).wait()
        return (try? SmallFile.readText(output)) ?? ""
    }
}

import SystemSupport
import TestSupport
import Testing

/// Files that worker processes get and make, with a provider that the program itself declares.
@Suite("Files of apps on real processes", .tags(.realProcess), .blocking, .serialized)
struct FileTests {
    @Test(
        "files are staged in, made, and staged out, the same on threads and on processes",
        arguments: [[], ["in-task"], ["threads"], ["threads", "in-task"]])
    func files(options: [String]) throws {
        let run = try ProbeRun(options, program: "FilesProgram")
        #expect(run.finish() == .exited(0), "\(run.errors)")
        #expect(run.line("lengths: ") == "4 6")
        #expect(run.line("report: ") == "10")
        #expect(run.file("loud-b.txt") == "THREE\n")
        let place = try #require(run.line("place: "))
        #expect(place.hasPrefix(run.directory + "/runinfo/") && place.hasSuffix("/a.txt"))
        #expect(!exists(place))

        let transfers = run.file("transfers").split(separator: "\n").map(String.init).sorted()
        #expect(
            Set(transfers) == [
                "in a.txt", "in b.txt", "in loud-a.txt", "in loud-b.txt", "in such",
                "out loud-a.txt", "out loud-b.txt",
            ])
        if !options.contains("in-task") { #expect(transfers.count == 7) }
    }

    @Test("what goes wrong is named where the workflow sees it", arguments: [[], ["in-task"], ["threads"]])
    func failures(options: [String]) throws {
        let run = try ProbeRun(options, program: "FilesProgram")
        #expect(run.finish() == .exited(0), "\(run.errors)")
        let absent = try #require(run.line("absent: "))
        #expect(absent.contains("copy:/no/such") && absent.contains("(copy)"))
        #expect(absent.contains(options.contains("in-task") ? "StagingError" : "apus.stage-in"))
        let nowhere = try #require(run.line("nowhere: "))
        #expect(
            nowhere.contains("StagingError") && nowhere.contains("shared file system, ") && nowhere.contains(", copy;"))
        let missing = try #require(run.line("missing: "))
        #expect(missing.contains("MissingOutputs") && missing.contains("never.txt"))
    }

    @Test(
        "the apps that move files are not listed among the program's own", arguments: ["tasks", "describe", "--help"])
    func listing(command: String) throws {
        let run = try ProbeRun([command], program: "FilesProgram")
        #expect(run.finish() == .exited(0), "\(run.errors)")
        #expect(!run.output.contains("apus.stage") && run.output.contains("length"), "\(run.output)")
    }

    private func exists(_ path: String) -> Bool { (try? SmallFile.read(path)) != nil }
}

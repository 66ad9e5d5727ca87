// Reads files out of a zip archive, works on them with the tools of the shell, and puts the results into another archive.
// The workflow names files; nothing in it says how they get to the workers.

import Apus
import Glibc

struct PipelineOptions: ProgramOptions {
    var archive = ""
    var members = ""

    static let summary = "Sorts files of a zip archive into another archive, and merges them."
    static let help: [String: OptionHelp] = [
        "archive": .positional("a zip archive of text files"),
        "members": .positional("names of files in it, with commas between them"),
    ]
}

let sort = bashApp("sort") { (text: File, sorted: OutputFile) in "sort \(text) > \(sorted)" }
let merge = bashApp("merge") { (parts: [File], all: OutputFile) in "sort -m \(parts) > \(all)" }
let lines = app("lines") { (text: File) in
    guard let file = fopen(try text.localPath, "r") else { return 0 }
    defer { fclose(file) }
    var count = 0
    while case let letter = getc(file), letter != EOF { if letter == 0x0a { count += 1 } }
    return count
}

await Workflow.run(configuration: .local(workers: 2)) { (options: PipelineOptions) in
    let sorted = try options.members.split(separator: ",").map { member in
        sort(
            try File(archive: options.archive, member: String(member)),
            OutputFile(try File(archive: options.archive + "-sorted.zip", member: String(member))))
    }
    let all = merge(sorted.map { $0.outputs[0] }, try OutputFile("merged.txt"))
    print(try await lines(all.outputs[0]).value, "lines in merged.txt")
}

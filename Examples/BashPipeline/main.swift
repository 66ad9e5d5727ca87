// Counts the words of a folder of text files with the usual tools: tr, sort, uniq, awk. Each file goes through a
// pipeline of its own, at the same time as the others; one command merges what they found; the last one sorts it.
//
// The steps hand on futures of BashResult, in which stand the files that a command has made.

import Apus

struct PipelineOptions: ProgramOptions {
    var folder = ""
    var output = "word-counts.txt"
    var top = 10

    static let summary = "Counts the words of a folder of text files with tr, sort, uniq and awk."
    static let help: [String: OptionHelp] = [
        "folder": .positional("a folder of text files, such as /usr/share/common-licenses"),
        "output": OptionHelp("where the result goes", placeholder: "FILE"),
        "top": OptionHelp("how many words are printed", in: 1...1_000_000),
    ]

    func validate() throws { _ = try TextFiles.paths(in: folder) }
}

/// The words of one file and how often each occurs.
let words = bashApp("words", stdout: .autoNamed, stderr: .autoNamed, walltime: .seconds(600)) { (file: String) in
    "set -o pipefail; LC_ALL=C tr -cs A-Za-z '\\n' < \(file) | tr A-Z a-z | LC_ALL=C sort | uniq -c"
}

/// The sums of several counts.
let merge = bashApp("merge", stdout: .autoNamed, stderr: .autoNamed) { (parts: [BashResult]) in
    "awk 'NF == 2 { n[$2] += $1 } END { for (word in n) print n[word], word }' \(parts.compactMap(\.stdout))"
}

/// The most frequent words; words of equal count are in alphabetical order.
let mostFrequent = bashApp("most-frequent", stderr: .autoNamed) { (counts: BashResult, limit: Int) in
    "set -o pipefail; LC_ALL=C sort -k1,1nr -k2,2 \(counts.stdout ?? "") | sed -n 1,\(limit)p"
}

await Workflow.run(configuration: .local(workers: 2)) { (options: PipelineOptions) in
    let counts = merge(try TextFiles.paths(in: options.folder).map { words($0) })
    let last = mostFrequent.with(stdout: .file(options.output, append: false), outputs: [options.output])
    let result = try await last(counts, options.top).value
    print("wrote", result.outputs.joined(separator: " "))
}

// Counts the words of a folder of text files: one task a file (map), then tasks that merge the counts of a few
// others (reduce) until one is left. Futures are the arguments of the merging tasks, so that nothing waits here.

import Apus

struct WordCountOptions: ProgramOptions {
    var folder = ""
    var top = 10

    static let summary = "Counts the words of a folder of text files."
    static let help: [String: OptionHelp] = [
        "folder": .positional("a folder of text files, such as /usr/share/common-licenses"),
        "top": OptionHelp("how many words are printed", in: 1...1_000_000),
    ]

    func validate() throws { _ = try TextFiles.paths(in: folder) }
}

/// The words of one file and how often each occurs.
let countFile = app("count-file", throwing: [FileError.self]) { (path: String) throws -> [String: Int] in
    Words.counts(of: try TextFiles.bytes(of: path))
}

/// The sums of several counts.
let merge = app("merge") { (counts: [[String: Int]]) -> [String: Int] in
    counts.reduce(into: [:]) { total, part in total.merge(part, uniquingKeysWith: +) }
}

/// The most frequent words; words of equal count are in alphabetical order.
let mostFrequent = app("most-frequent") { (counts: [String: Int], limit: Int) -> [WordCount] in
    let all = counts.map { WordCount(word: $0.key, count: $0.value) }
    return Array(all.sorted().prefix(limit))
}

await Workflow.run(configuration: .local(workers: 2).knowing(otherProviders)) { (options: WordCountOptions) in
    var counts = try TextFiles.paths(in: options.folder).map { countFile($0) }
    while counts.count > 1 {
        counts = stride(from: 0, to: counts.count, by: 8).map { start in
            merge(Array(counts[start..<min(start + 8, counts.count)]))
        }
    }
    for word in try await mostFrequent(counts[0], options.top).value {
        print(word.count, word.word)
    }
}

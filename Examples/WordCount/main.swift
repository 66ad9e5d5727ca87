// Counts the words of a folder of text files: one task a file (map), then tasks that merge the counts of a few
// others (reduce) until one is left. Futures are the arguments of the merging tasks, so that nothing waits here.

import Apus

let options = WordCountOptions.fromCommandLine()

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

// The one line that decides where calls run.
let configuration: WorkflowConfiguration =
    options.useThreads ? .threads(options.workers) : .local(workers: options.workers)

await Workflow.run(configuration: configuration) {
    var counts = options.files.map { countFile($0) }
    while counts.count > 1 {
        counts = stride(from: 0, to: counts.count, by: 8).map { start in
            merge(Array(counts[start..<min(start + 8, counts.count)]))
        }
    }
    for word in try await mostFrequent(counts[0], options.limit).value {
        print(word.count, word.word)
    }
}

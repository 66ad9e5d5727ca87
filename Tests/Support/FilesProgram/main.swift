// A workflow with files, on worker processes: a provider of the program's own brings them in and takes them out. The
// tests run it as a user would, and read what it prints.

import Apus
import Glibc

/// `copy:/path` is a copy of a file, in and out; each transfer leaves a line in `transfers` of the working directory.
struct CopyStaging: StagingProvider {
    var mode: StagingMode

    var name: String { "copy" }

    func mode(for file: File, _ direction: StagingDirection) -> StagingMode? { file.scheme == "copy" ? mode : nil }

    func stageIn(_ file: File, to path: String) async throws {
        append("in \(file.filename)\n", to: "transfers")
        append(try read(file.path), to: path)
    }

    func stageOut(_ path: String, to file: File) async throws {
        append("out \(file.filename)\n", to: "transfers")
        append(try read(path), to: file.path)
    }
}

struct Unreadable: Error, Codable { var path: String }

func read(_ path: String) throws -> String {
    guard let file = fopen(path, "r") else { throw Unreadable(path: path) }
    defer { fclose(file) }
    var text = ""
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), file) != nil {
        text += String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return text
}

func append(_ text: String, to path: String) {
    guard let file = fopen(path, "a") else { return }
    fputs(text, file)
    fclose(file)
}

let length = app("length", throwing: [Unreadable.self]) { (file: File) in try read(file.localPath).utf8.count }
let place = app("place") { (file: File) in try file.localPath }
let upper = bashApp("upper") { (file: File, result: OutputFile) in "tr a-z A-Z < \(file) > \(result)" }
let total = app("total") { (files: [File], report: OutputFile) in
    append("\(try files.map { try read($0.localPath).utf8.count }.reduce(0, +))\n", to: try report.localPath)
}
let lazy = app("lazy") { (_: OutputFile) in }

let options = Set(CommandLine.arguments.dropFirst())
var configuration =
    options.contains("threads") ? WorkflowConfiguration.threads(2, throughCodec: true) : .local(workers: 2)
configuration.progress = false
configuration.files.providers.append(CopyStaging(mode: options.contains("in-task") ? .inTask : .separateTask))

await Workflow.run(configuration: configuration) {
    for (name, text) in [("a.txt", "one\n"), ("b.txt", "three\n")] { append(text, to: name) }
    let here = try File(path: ".").path.dropLast(2)
    let sources = try ["a.txt", "b.txt"].map { try File("copy:\(here)/\($0)") }
    print("lengths:", try await length(sources[0]).value, try await length(sources[1]).value)
    print("place:", try await place(sources[0]).value)

    let loud = try sources.map { upper($0, try OutputFile("copy:\(here)/loud-\($0.filename)")) }
    let report = total(loud.map { $0.outputs[0] }, try OutputFile("report.txt"))
    print("report:", try read(try await report.outputs[0].value.localPath))

    for (name, future) in [("absent", length(try File("copy:/no/such"))), ("nowhere", length(try File("s3://b/k")))] {
        if case .failure(let error) = await future.result { print("\(name): \(type(of: error)): \(error)") }
    }
    if case .failure(let error) = await lazy(try OutputFile("never.txt")).result {
        print("missing: \(type(of: error)): \(error)")
    }
}

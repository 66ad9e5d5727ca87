import Commands
import Glibc
import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

private struct Job: AppValue {
    var title: String
    var inputs: [String: File] = [:]
    var output: OutputFile?
}

private let contents = app("file.contents") { (file: File) in try SmallFile.readText(try file.localPath) }
private let place = app("file.place") { (file: File) in try file.localPath }
private let joined = app("file.joined") { (files: [File], more: [String: File]) in
    let paths = try files.map { try $0.localPath } + more.values.map { try $0.localPath }
    return try paths.map { try SmallFile.readText($0) }.joined(separator: "+")
}
private let ofJob = app("file.ofJob") { (job: Job) in
    let text = try job.inputs.sorted { $0.key < $1.key }.map { try SmallFile.readText(try $0.value.localPath) }
    if let output = job.output {
        try SmallFile.write(Array(text.joined().utf8), to: try output.localPath, mode: 0o600)
    }
    return job.title + text.joined()
}
private let write = app("file.write") { (text: String, output: OutputFile) in
    if !text.isEmpty { try SmallFile.write(Array(text.utf8), to: try output.localPath, mode: 0o600) }
}
private let named = app("file.named") { (path: String) in try File(path) }
private let failing = app("file.failing") { (output: OutputFile) -> Int in throw FileError(.badPath, "x", "on purpose")
}
private let upper = bashApp("file.upper") { (file: File, result: OutputFile) in "tr a-z A-Z < \(file) > \(result)" }
private let say = bashApp("file.say") { (text: String) in "echo \(text)" }

extension AppTests {
    @Suite("Files of apps on threads", .serialized)
    struct FileStagingTests {
        private let directory = FileDirectory()

        @discardableResult
        private func workflow<Value>(
            _ mode: StagingMode = .separateTask, throughCodec: Bool = true, retries: Int = 0,
            cleaning: FileStaging.Cleaning = .atEnd, _ body: (DataFlowKernel) async throws -> Value
        ) async throws -> Value {
            let apps =
                [contents, place, joined, ofJob, write, named, failing, upper, say] as [any RegisteredApp]
            for app in apps { _ = app.name }
            let executor = ThreadPoolExecutor(threads: 2, throughCodec: throughCodec)
            let context = ExecutorContext(
                runID: RunID("test"), runDirectory: directory.file("run"), table: try AppRegistry.sealedTable())
            try await executor.start(context)
            let files = FileStaging(
                providers: [SharedFileStaging(), CopyStaging(mode: mode, log: directory.file("log"))],
                workingDirectory: directory.file("work"), cleaning: cleaning)
            let kernel = DataFlowKernel(
                context: context, executors: [executor], retries: retries, lostRetries: 0, files: files)
            do {
                let value = try await kernel.asCurrent { try await body(kernel) }
                await kernel.waitForAll()
                await kernel.shutdown()
                return value
            } catch {
                await kernel.shutdown()
                throw error
            }
        }

        @Test("a file of the shared file system stays where it is", arguments: [true, false])
        func shared(throughCodec: Bool) async throws {
            let path = try directory.make("a.txt", "hello")
            try await workflow(throughCodec: throughCodec) { _ in
                let file = try File(path)
                #expect(try await contents(file).value == "hello")
                #expect(try await place(file).value == path)
            }
            #expect(!LocalPath.exists(directory.file("work")))
        }

        @Test("an absent file is an error that names it, and the body does not run", arguments: [true, false])
        func absent(throughCodec: Bool) async throws {
            try await workflow(throughCodec: throughCodec) { _ in
                let call = contents(try File("/no/such/file"))
                let error = try #require(await #expect(throws: StagingError.self) { try await call.value })
                #expect(error.code == .notFound && error.file == "file:///no/such/file")
                #expect(error.description.contains("same path"))
            }
        }

        @Test(
            "files are staged in alone, in collections, in structures, and out of futures",
            arguments: [StagingMode.separateTask, .inTask], [true, false])
        func stagedIn(mode: StagingMode, throughCodec: Bool) async throws {
            let one = try directory.make("one", "1")
            let two = try directory.make("two", "2")
            try await workflow(mode, throughCodec: throughCodec) { _ in
                let first = try File("copy:" + one)
                let second = try File("copy:" + two)
                #expect(try await contents(first).value == "1")
                let path = try await place(first).value
                #expect(path.hasPrefix(directory.file("work") + "/test/in/") && path.hasSuffix("/one"))
                #expect(try await joined([first, second], ["x": second]).value == "1+2+2")
                #expect(try await ofJob(Job(title: "t", inputs: ["a": second, "b": first])).value == "t21")
                #expect(try await contents(named("copy:" + two)).value == "2")
                #expect(try await joined([named("copy:" + one)], ["x": second]).value == "1+2")
            }
            // Both once, for all the calls.
            #expect(try directory.lines("log").sorted() == ["in \(one)", "in \(two)"])
            #expect(!LocalPath.exists(directory.file("work/test")))
        }

        @Test("what a separate task brings is fetched once for many calls, and shown as a task")
        func sharedFetch() async throws {
            let one = try directory.make("one", "1")
            try await workflow { kernel in
                let calls = try (0..<20).map { _ in contents(try File("copy:" + one)) }
                for call in calls { #expect(try await call.value == "1") }
                await kernel.waitForAll()
                #expect(kernel.progress.succeeded == 21)
            }
            #expect(try directory.lines("log") == ["in \(one)"])
        }

        @Test("staging that fails is an error of the call, with the route to it", arguments: [true, false])
        func failedStaging(isSeparate: Bool) async throws {
            try await workflow(isSeparate ? .separateTask : .inTask, retries: 1) { kernel in
                let call = contents(try File("copy:/no/such"))
                if isSeparate {
                    let error = try #require(await #expect(throws: DependencyError.self) { try await call.value })
                    #expect(error.route.map(\.app) == ["file.contents", "apus.stage-in"])
                    #expect((error.rootCause as? StagingError)?.code == .notFound)
                } else {
                    let error = try #require(await #expect(throws: StagingError.self) { try await call.value })
                    #expect(error.code == .notFound)
                }
                #expect(kernel.unseenFailures.isEmpty)
            }
            #expect(try directory.lines("log") == ["in /no/such", "in /no/such"])
        }

        @Test("a file that no provider knows is refused, with those there are")
        func unknown() async throws {
            try await workflow(retries: 3) { _ in
                for call in [contents(try File("s3://b/k")), contents(named("s3://b/k"))] {
                    let error = try #require(await #expect(throws: StagingError.self) { try await call.value })
                    #expect(error.code == .noProvider && error.description.contains("shared file system, copy"))
                }
                let output = write("x", try OutputFile("s3://b/k"))
                await #expect(throws: StagingError.self) { try await output.value }
                await #expect(throws: StagingError.self) { try await output.outputs[0].value }
            }
        }

        @Test("a checksum is compared after staging", arguments: ["copy:", ""], [StagingMode.separateTask, .inTask])
        func checksum(prefix: String, mode: StagingMode) async throws {
            let path = try directory.make("one", "abc")
            let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            let wrong = String(repeating: "0", count: 64)
            try await workflow(mode) { _ in
                let file = try File(prefix + path, checksum: right)
                #expect(try await contents(file).value == "abc")
                let result = await contents(try File(prefix + path, checksum: wrong)).result
                guard case .failure(let error) = result else { throw FileError(.badPath, path, "not refused") }
                let cause = (error as? DependencyError)?.rootCause ?? error
                let damaged = try #require(cause as? StagingError)
                #expect(damaged.code == .damaged && damaged.description.contains(right))
            }
        }

        @Test(
            "an output is a data future, for the app and for further calls",
            arguments: [StagingMode.separateTask, .inTask], [true, false])
        func outputs(mode: StagingMode, throughCodec: Bool) async throws {
            let target = directory.file("result.txt")
            let upperTarget = directory.file("upper.txt")
            try await workflow(mode, throughCodec: throughCodec) { kernel in
                let call = write("abc", try OutputFile("copy:" + target))
                #expect(call.outputs.count == 1)
                let next = upper(call.outputs[0], try OutputFile(upperTarget))
                #expect(try await contents(next.outputs[0]).value == "ABC")
                #expect(try await call.outputs[0].value == File("copy:" + target))
                #expect(call.outputs[0].isDone && kernel.unseenFailures.isEmpty)
            }
            #expect(try SmallFile.readText(target) == "abc")
            #expect(try directory.lines("log") == ["out \(target)", "in \(target)"])
        }

        @Test("outputs are found in structures, in collections and beside futures")
        func declared() async throws {
            let one = try directory.make("one", "1")
            let target = directory.file("target")
            try await workflow { _ in
                let output = try OutputFile("copy:" + target)
                let call = ofJob(Job(title: "", inputs: ["a": try File("copy:" + one)], output: output))
                #expect(try await call.outputs[0].value.path == target)
                let second = write(contents(named(one)), try OutputFile(target + "2"))
                #expect(try await second.outputs[0].value.path == target + "2")
                #expect(contents(named(one)).outputs.isEmpty)
            }
            #expect(try SmallFile.readText(target) == "1")
        }

        @Test("a file that was made again is staged in again")
        func generations() async throws {
            let target = directory.file("target")
            try await workflow { _ in
                for text in ["first", "second"] {
                    let made = write(text, try OutputFile("copy:" + target))
                    #expect(try await contents(made.outputs[0]).value == text)
                }
            }
        }

        @Test(
            "an output that is missing is a typed error, of the call and of the data future",
            arguments: ["copy:", ""], [true, false])
        func missing(prefix: String, throughCodec: Bool) async throws {
            try await workflow(throughCodec: throughCodec) { kernel in
                let call = write("", try OutputFile(prefix + directory.file("none")))
                let error = try #require(await #expect(throws: MissingOutputs.self) { try await call.value })
                #expect(error.app == "file.write" && error.paths.count == 1 && error.paths[0].hasSuffix("/none"))
                await #expect(throws: MissingOutputs.self) { try await call.outputs[0].value }
                let next = contents(call.outputs[0])
                let dependent = try #require(await #expect(throws: DependencyError.self) { try await next.value })
                #expect(dependent.rootCause is MissingOutputs)
                #expect(kernel.unseenFailures.isEmpty)
            }
        }

        @Test("who looks at the data future alone has seen the failure; who looks at nothing has not")
        func seen() async throws {
            try await workflow { kernel in
                let call = failing(try OutputFile("copy:" + directory.file("x")))
                await #expect(throws: FileError.self) { try await call.outputs[0].value }
                await kernel.waitForAll()
                #expect(kernel.unseenFailures.isEmpty)
                _ = failing(try OutputFile("copy:" + directory.file("y")))
                await kernel.waitForAll()
                #expect(kernel.unseenFailures.map(\.app) == ["file.failing"])
            }
        }

        @Test("a stage-out that fails is an error of the data future, and is told when nobody looks")
        func failedStageOut() async throws {
            try await workflow { kernel in
                let call = write("x", try OutputFile("copy:/no/such/folder/x"))
                _ = try await call.value
                await #expect(throws: StagingError.self) { try await call.outputs[0].value }
                _ = write("x", try OutputFile("copy:/no/such/folder/x"))
                await kernel.waitForAll()
                #expect(kernel.unseenFailures.map(\.app) == ["apus.stage-out"])
            }
        }

        @Test("the outputs that a bash app promises are data futures, and so is its standard output")
        func bash() async throws {
            let streamed = directory.file("streamed")
            try await workflow { _ in
                let promised = say.with(outputs: ["out"], directory: directory.path)("x")
                _ = await promised.result
                await #expect(throws: MissingOutputs.self) { try await promised.outputs[0].value }
                let stream = say.with(stdout: .output(try OutputFile("copy:" + streamed)))("hello")
                #expect(try await contents(stream.outputs[0]).value == "hello\n")
                let both = say.with(stdout: .file("out"), outputs: ["out"], directory: directory.path)("y")
                #expect(try await contents(both.outputs[0]).value == "y\n")
            }
            #expect(try SmallFile.readText(streamed) == "hello\n")
        }

        @Test(
            "staged files are removed by rule",
            arguments: [FileStaging.Cleaning.atEnd, .afterTask, .never], [StagingMode.separateTask, .inTask])
        func cleaning(rule: FileStaging.Cleaning, mode: StagingMode) async throws {
            let one = try directory.make("one", "1")
            let path = try await workflow(mode, cleaning: rule) { _ in
                let path = try await place(try File("copy:" + one)).value
                #expect(LocalPath.exists(path) == !(rule == .afterTask && mode == .inTask))
                return path
            }
            #expect(LocalPath.exists(path) == (rule == .never))
            #expect(LocalPath.exists(one))
        }
    }
}

/// A directory that is removed with its test.
private final class FileDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp/apus-test-none"
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func make(_ name: String, _ text: String) throws -> String {
        try SmallFile.write(Array(text.utf8), to: file(name), mode: 0o600)
        return file(name)
    }

    func lines(_ name: String) throws -> [String] {
        try SmallFile.readText(file(name)).split(separator: "\n").map(String.init)
    }

    deinit { LocalPath.removeTree(path) }
}

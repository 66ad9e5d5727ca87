import Commands
import Glibc
import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

private struct BadColumn: Error, Codable, Equatable { var number: Int }

private let run = bashApp("bash.run") { (line: String) in ShellCommand(line) }
private let write = bashApp("bash.write") { (text: String, path: String) in "printf %s \(text) > \(path)" }
private let copy = bashApp("bash.copy") { (from: BashResult, to: String) in "cat \(from.outputs[0]) > \(to)" }
private let join = bashApp("bash.join") { (parts: [BashResult], to: String) in
    "cat \(parts.map { $0.outputs[0] }) > \(to)"
}
private let repeated = bashApp("bash.repeated") { (count: Int, word: String?) async in
    await Task.yield()
    return "for i in {1..\(count)}; do echo \(word ?? "none"); done"
}
private let refuse = bashApp("bash.refuse", throwing: [BadColumn.self]) { (column: Int) throws -> ShellCommand in
    throw BadColumn(number: column)
}
private let declared = bashApp(
    "bash.declared", options: AppOptions(version: 2), walltime: .milliseconds(2500), outputs: ["out"],
    environment: ["APUS_TEST_ONE": "1", "APUS_TEST_TWO": "2"]
) { (line: String) in ShellCommand(line) }
private let nothing = bashApp("bash.nothing") { "true" }

/// Runs a workflow of bash apps on threads of the test's process, in a run directory of its own.
@discardableResult
private func workflow<Value>(
    _ directory: ScratchDirectory, throughCodec: Bool = true, retries: Int = 0,
    _ body: (DataFlowKernel) async throws -> Value
) async throws -> Value {
    for app in [run, write, copy, join, repeated, refuse, declared, nothing] as [any RegisteredApp] { _ = app.name }
    let executor = ThreadPoolExecutor(threads: 2, throughCodec: throughCodec)
    let context = ExecutorContext(
        runID: RunID("1f2e3d4c-test"), runDirectory: directory.file("run"), table: try AppRegistry.sealedTable())
    try await executor.start(context)
    let kernel = DataFlowKernel(context: context, executors: [executor], retries: retries, lostRetries: 0)
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

extension AppTests {
    // Inside the other suite, and so one after the other: a running workflow is that of the whole process.
    @Suite("Bash apps on threads", .serialized)
    struct BashAppTests {
        private let directory = ScratchDirectory()

        @Test("a command runs, and its result says where everything is", arguments: [true, false])
        func runs(throughCodec: Bool) async throws {
            let out = directory.file("out.txt")
            try await workflow(directory, throughCodec: throughCodec) { _ in
                let result = try await run.with(stdout: .file(out), outputs: [out])("echo hello").value
                #expect(result.exitCode == 0)
                #expect(result.stdout == out && result.stderr == nil)
                #expect(result.outputs == [out])
                #expect(result.elapsed > 0 && result.elapsed < 60)
                #expect(try directory.text("out.txt") == "hello\n")
                #expect(try await nothing().value.exitCode == 0)
            }
        }

        @Test("futures carry files from step to step")
        func pipeline() async throws {
            try await workflow(directory) { _ in
                let parts = ["a", "b", "c"].map { name -> AppFuture<BashResult> in
                    let first = directory.file("\(name) 1")
                    let second = directory.file("\(name) 2")
                    return copy.with(outputs: [second])(write.with(outputs: [first])(name + "$", first), second)
                }
                _ = try await join(parts, directory.file("all of it")).value
            }
            #expect(try directory.text("all of it") == "a$b$c$")
        }

        @Test("numbers, optionals and async closures make command lines")
        func arguments() async throws {
            let out = directory.file("out")
            try await workflow(directory) { _ in
                _ = try await repeated.with(stdout: .file(out))(2, Optional("it's")).value
                _ = try await repeated.with(stdout: .file(out))(1, nil).value
            }
            #expect(try directory.text("out") == "it's\nit's\nnone\n")
        }

        @Test("an exit code is an error with code, command and the end of stderr", arguments: [true, false])
        func exitCode(throughCodec: Bool) async throws {
            let err = directory.file("err")
            try await workflow(directory, throughCodec: throughCodec) { _ in
                let line = "echo first >&2; echo last >&2; exit 3"
                let call = run.with(stderr: .file(err))(line)
                let error = try #require(await #expect(throws: BashExitFailure.self) { try await call.value })
                #expect(error.app == "bash.run" && error.command == line)
                #expect(error.exitCode == 3 && error.signal == nil)
                #expect(error.stderrTail == ["first", "last"] && error.stderr == err)
                for text in ["'bash.run'", "exit code 3", line, "  | last", err] {
                    #expect(error.description.contains(text), "\(error)")
                }
            }
        }

        @Test(
            "signals and the shell's own codes are explained",
            arguments: [
                ("kill -9 $$", nil, 9, "signal 9 (SIGKILL)"), ("no-such-program-here", 127, nil, "was not found"),
                ("/etc/passwd", 126, nil, "cannot be executed"),
                ("bash -c 'kill -11 $$'; exit $?", 139, nil, "signal 11 (SIGSEGV)"),
            ] as [(String, Int?, Int?, String)])
        func explained(line: String, code: Int?, signal: Int?, text: String) async throws {
            try await workflow(directory) { _ in
                let call = run.with(stderr: .autoNamed)(line)
                let error = try #require(await #expect(throws: BashExitFailure.self) { try await call.value })
                #expect(error.exitCode == code && error.signal == signal)
                #expect(error.description.contains(text), "\(error)")
            }
        }

        @Test("what the declaration says holds: walltime, outputs, environment, version")
        func declaration() async throws {
            let place = directory.path
            try await workflow(directory) { _ in
                let here = declared.with(directory: place, environment: ["APUS_TEST_TWO": "two"])
                _ = try await here("echo $APUS_TEST_ONE $APUS_TEST_TWO > out").value
                #expect(try directory.text("out") == "1 two\n")
                let timeout = try #require(await #expect(throws: AppTimeout.self) { try await here("sleep 300").value })
                #expect(timeout.app == "bash.declared" && timeout.limit == 2.5)
                #expect(timeout.elapsed >= 2.5 && timeout.elapsed < 60)
                #expect(timeout.description.contains("its walltime is 2.5 s"))
                let missing = try #require(
                    await #expect(throws: MissingOutputs.self) {
                        try await here.with(outputs: ["out", "b"])("true").value
                    })
                #expect(missing.paths == ["b"] && missing.directory == place)
                #expect(missing.description.contains("did not make 'b'"))
                #expect(declared.app.definition.version == 2)
            }
        }

        @Test("a call that fails does not look for its outputs")
        func failureFirst() async throws {
            try await workflow(directory) { _ in
                await #expect(throws: BashExitFailure.self) { try await run.with(outputs: ["none"])("false").value }
            }
        }

        @Test("a stream that cannot be written, an empty command and a missing directory have errors of their own")
        func refusals() async throws {
            let folder = directory.path
            try await workflow(directory) { _ in
                let stream = await #expect(throws: BadStandardStream.self) {
                    try await run.with(stdout: .file(folder))("true").value
                }
                #expect(stream?.path == folder && stream?.reason == "Is a directory")
                let empty = await #expect(throws: BashAppNoCommand.self) { try await run("  ").value }
                #expect(empty?.description.contains("return ':'") == true)
                let place = await #expect(throws: BashNotStarted.self) {
                    try await run.with(directory: "/no/such/place")("true").value
                }
                #expect(place?.reason.contains("/no/such/place") == true)
                await #expect(throws: BadColumn(number: 7)) { try await refuse(7).value }
            }
        }

        @Test("a failed step fails the next one, with the route")
        func dependency() async throws {
            try await workflow(directory) { _ in
                let call = copy(run("exit 9"), "never")
                let error = await #expect(throws: DependencyError.self) { try await call.value }
                #expect((error?.rootCause as? BashExitFailure)?.exitCode == 9)
            }
        }

        @Test("automatic names are new for each call, and kept through its retries")
        func autoNamed() async throws {
            let marker = directory.file("marker")
            try await workflow(directory, retries: 1) { _ in
                let logged = run.with(stdout: .autoNamed, stderr: .autoNamed)
                let first = try await logged("echo one").value
                let again = "echo try; [ -e \(marker) ] || { touch \(marker); exit 1; }"
                let second = try await logged(again).value
                let path = try #require(first.stdout)
                #expect(path.hasPrefix(directory.file("run/task_logs/0000/call_")), "\(path)")
                #expect(path.hasSuffix("_bash.run_1f2e3d4c.stdout"), "\(path)")
                #expect(first.stderr == path.replacing(".stdout", with: ".stderr"))
                #expect(try SmallFile.readText(path) == "one\n")
                #expect(second.stdout != path)
                #expect(try SmallFile.readText(#require(second.stdout)) == "try\ntry\n")
            }
        }

        @Test("a cached command with automatic names runs once; its settings and arguments tell calls apart")
        func cachedAutomatic() async throws {
            try await workflow(directory) { kernel async throws in
                let app = run.with(stdout: .autoNamed, cache: true)
                let first = try await app("echo cached").value
                #expect(try await app("echo cached").value == first)
                #expect(kernel.progress.fromCache == 1)
                _ = try await app("echo other").value
                _ = try await app.with(environment: ["A": "1"])("echo cached").value
                _ = try await app.with(stdout: .inherit)("echo cached").value
                #expect(kernel.progress.fromCache == 1)
                let path = directory.file("made")
                let ignoring = write.with(cache: true, ignoreForCache: [0])
                _ = try await ignoring("one", path).value
                _ = try await ignoring("two", path).value
                #expect(kernel.progress.fromCache == 2)
                #expect(try directory.text("made") == "one")
            }
        }

        @Test(
            "the files of a call are known at once, its label stands in their names, options and settings go together")
        func labels() async throws {
            try await workflow(directory) { _ async throws in
                let call = run.with(stdout: .autoNamed, retries: 1, label: "large file")("echo x; exit $((RANDOM % 1))")
                let path = try #require(call.stdoutPath)
                #expect(path.contains("bash.run_large_file_1f2e3d4c"))
                #expect(call.stderrPath == nil && nothing().stdoutPath == nil)
                #expect(try await call.stdout.value == path)
                #expect(try await call.exitCode.value == 0)
                let limited = run.with(walltime: .milliseconds(200), priority: 4)
                #expect(limited.app.options.walltime == .milliseconds(200) && limited.app.options.priority == 4)
                await #expect(throws: AppTimeout.self) { try await limited("sleep 60").value }
            }
        }

        @Test("ten thousand calls share a directory of logs, and odd names stay in it")
        func logNames() {
            let context = ExecutorContext(runID: RunID("12345678-9"), runDirectory: "/runs/000", table: TaskTable())
            #expect(
                BashSettings.stem(app: "a/../b c", number: 9_999, context: context)
                    == "/runs/000/task_logs/0000/call_009999_a_.._b_c_12345678")
            #expect(
                BashSettings.stem(app: "wc", number: 10_000, context: context)
                    == "/runs/000/task_logs/0001/call_010000_wc_12345678")
            let outside = BashSettings.stem(app: "wc", number: 1, context: nil)
            #expect(outside.hasSuffix("/runinfo/task_logs/0000/call_000001_wc"))
        }

        @Test("a cancelled task stops its command")
        func cancelled() async throws {
            let marker = directory.file("started")
            let plan = BashPlan(outputs: [], environment: [:])
            let running = Task.detached {
                try await BashRunner(app: "test", plan: plan).run("touch \(marker); sleep 300; true")
            }
            while access(marker, F_OK) != 0 { await Task.yield() }
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
        }
    }
}

/// A directory of its own for one test, removed at its end.
private final class ScratchDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func text(_ name: String) throws -> String { try SmallFile.readText(file(name)) }

    deinit {
        guard path != "/tmp" else { return }
        _ = try? ChildProcess(spawning: ChildProcess.Options(executable: "/bin/rm", arguments: ["rm", "-rf", path]))
            .wait()
    }
}

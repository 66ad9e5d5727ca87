import Glibc
package import SystemSupport

/// What a program left when it had ended.
package struct Finished: Sendable {
    /// Its exit code, or 128 plus the signal that ended it.
    package var code: Int32
    /// What it printed.
    package var output: String
    /// What it printed on standard error.
    package var errors: String
}

/// The programs built beside these tests.
package enum Built {
    /// The folder with the built products: the test program itself lies in it, or the bundle that it was given.
    package static let products: String = {
        for path in CommandLine.arguments.filter({ $0.contains(".xctest") }) + [CurrentProcess.executablePath] {
            var folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            while folder.count > 1 {
                let candidate = folder.joined(separator: "/")
                if access(candidate + "/apus", X_OK) == 0 { return candidate }
                folder = folder.dropLast()
            }
        }
        return CurrentProcess.executablePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    /// The command line.
    package static let apus = products + "/apus"
}

/// The checkout that these tests were built from.
package enum Checkout {
    /// Its path.
    package static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
}

/// A folder for programs that a test runs: files, a cache of scripts of its own, removed at the end of the test.
package final class TestFolder: Sendable {
    /// Its path.
    package let path: String

    /// Makes a folder below `/tmp`.
    package init() throws {
        var template = Array("/tmp/apus-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemError.last("make a folder for a test") }
        path = String(cString: made)
        mkdir(path + "/cache", 0o700)
        // The C library's module takes a second to compile, once: that is not what is tested here.
        let modules = Built.products + "/ScriptTests.modules"
        mkdir(modules, 0o755)
        symlink(modules, path + "/cache/modules")
    }

    /// Writes a file.
    package func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws {
        if mode & 0o100 != 0 { return try Script.write(text, to: path + "/" + name) }
        try SmallFile.write(Array(text.utf8), to: path + "/" + name, mode: mode)
    }

    /// Writes a file.
    package func write(_ name: String, bytes: [UInt8]) throws {
        try SmallFile.write(bytes, to: path + "/" + name, mode: 0o644)
    }

    /// Runs `apus` with these words, and these variables beside the usual ones.
    package func apus(_ words: String..., environment: [String: String] = [:]) throws -> Finished {
        try execute(Built.apus, words, environment: environment)
    }

    /// Starts a program in the folder and waits at most five minutes for its end.
    package func execute(
        _ program: String, _ words: [String], environment: [String: String] = [:]
    ) throws -> Finished {
        try finish(start(program, words, environment: environment))
    }

    /// A program that runs, and where its output goes.
    package struct Running: Sendable {
        /// Its process.
        package var child: ChildProcess
        /// The file with what it prints; that with `.errors` behind it has the rest.
        package var output: String

        /// What it has printed so far.
        package var text: String { (try? SmallFile.readText(output, limit: 1 << 24)) ?? "" }
        /// What it has printed on standard error so far.
        package var errors: String { (try? SmallFile.readText(output + ".errors", limit: 1 << 24)) ?? "" }
    }

    /// Starts a program in the folder.
    package func start(
        _ program: String, _ words: [String], environment: [String: String] = [:]
    ) throws -> Running {
        var all = EnvironmentVariables.all
        all["APUS_CACHE"] = path + "/cache"
        all.merge(environment) { $1 }
        let output = "\(path)/.output-\(Monotonic.nanoseconds)"
        let options = ChildProcess.Options(
            executable: program, arguments: [program] + words, environment: all, workingDirectory: path,
            standardOutput: .file(output, append: false), standardError: .file(output + ".errors", append: false),
            endsGroupWithLeader: true)
        return Running(child: try ChildProcess(spawning: options), output: output)
    }

    /// Waits at most five minutes for a program's end; some compile.
    package func finish(_ running: Running) throws -> Finished {
        let status = running.child.wait(deadlineNanoseconds: Monotonic.deadline(after: .seconds(300)))
        guard let status else { throw StillRunning(errors: running.errors) }
        return Finished(code: status.shellCode, output: running.text, errors: running.errors)
    }

    /// A program that a test waited for in vain.
    package struct StillRunning: Error, CustomStringConvertible {
        /// What it had said.
        package var errors: String
        /// In words.
        package var description: String { "it still ran after five minutes; it said: \(errors)" }
    }

    deinit {
        let options = ChildProcess.Options(executable: "rm", arguments: ["rm", "-rf", path])
        _ = try? ChildProcess(spawning: options).wait()
    }
}

/// Looks again and again until `condition` holds; false when it does not in time.
package func eventually(within seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
    while Monotonic.nanoseconds < deadline {
        if try condition() { return true }
        _ = poll(nil, 0, 20)
    }
    return try condition()
}

import Glibc
import SystemSupport
import Testing

/// What a program left when it had ended.
struct Finished {
    /// Its exit code, or 128 plus the signal that ended it.
    var code: Int32
    var output: String
    var errors: String
}

/// The programs built beside these tests.
enum Built {
    /// The folder with the built products: the test program itself lies in it.
    static let products: String = {
        let path = CurrentProcess.executablePath
        return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    static let apus = products + "/apus"
}

/// A folder with files, scripts and a cache of its own, removed at the end of the test.
final class SettingsFolder: Sendable {
    let path: String

    /// The checkout that these tests were built from.
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// All Swift files of the library and the command.
    static func sources() throws -> [String] {
        let folder = try SettingsFolder()
        let found = try folder.execute("/usr/bin/find", [root + "/Sources", "-name", "*.swift"])
        return found.output.split(separator: "\n").map(String.init)
    }

    init() throws {
        var template = Array("/tmp/apus-settings-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) }, "no folder can be made in /tmp")
        mkdir(path + "/cache", 0o700)
        // The C library's module takes a second to compile, once: that is not what is tested here.
        let modules = Built.products + "/ScriptTests.modules"
        mkdir(modules, 0o755)
        symlink(modules, path + "/cache/modules")
    }

    func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws {
        try SmallFile.write(Array(text.utf8), to: path + "/" + name, mode: mode)
    }

    func write(_ name: String, bytes: [UInt8]) throws {
        try SmallFile.write(bytes, to: path + "/" + name, mode: 0o644)
    }

    /// Runs `apus` with these words, and these variables beside the usual ones.
    func apus(_ words: String..., environment: [String: String] = [:]) throws -> Finished {
        try execute(Built.apus, words, environment: environment)
    }

    /// Starts a program in the folder and waits at most a minute for its end.
    func execute(_ program: String, _ words: [String], environment: [String: String] = [:]) throws -> Finished {
        try finish(start(program, words, environment: environment))
    }

    /// A program that runs, and where its output goes.
    struct Running {
        var child: ChildProcess
        var output: String
    }

    func start(_ program: String, _ words: [String], environment: [String: String] = [:]) throws -> Running {
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

    func finish(_ running: Running) throws -> Finished {
        let status = running.child.wait(deadlineNanoseconds: Monotonic.deadline(after: .seconds(60)))
        let errors = try SmallFile.readText(running.output + ".errors", limit: 1 << 24)
        let ended = try #require(status, "it still ran after a minute; it said: \(errors)")
        return Finished(
            code: ended.shellCode, output: try SmallFile.readText(running.output, limit: 1 << 24), errors: errors)
    }

    deinit {
        let options = ChildProcess.Options(executable: "rm", arguments: ["rm", "-rf", path])
        _ = try? ChildProcess(spawning: options).wait()
    }
}

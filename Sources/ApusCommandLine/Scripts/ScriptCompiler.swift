import Glibc
import SystemSupport

/// The `swiftc` on PATH.
struct ScriptCompiler {
    /// Its path as found on PATH: a link's own name decides what the program behind it does.
    var path: String
    /// What `swiftc --version` says.
    var version: String

    /// Finds the compiler; asks for its version only when the file is another one than the last time.
    static func find(cache: ScriptCache) throws(ScriptError) -> ScriptCompiler {
        let folders = (EnvironmentVariables.get("PATH") ?? "").split(separator: ":")
        guard let path = folders.map({ String($0) + "/swiftc" }).first(where: { access($0, X_OK) == 0 }) else {
            throw .failure(
                "there is no 'swiftc' on PATH, which a script is compiled with; install Swift from "
                    + "https://www.swift.org/install/linux/, or add the usr/bin of its folder to PATH")
        }
        let program = resolved(path)
        // A launcher such as swiftly's chooses among toolchains at each start: its own file says nothing.
        guard program.split(separator: "/").last.map({ $0.hasPrefix("swift") && $0 != "swiftly" }) == true else {
            return ScriptCompiler(path: path, version: try askVersion(path))
        }
        var key = ContentHash()
        key.add("\(path)\n\(program)\n\(FileStamp(program).text)")
        let version = try cache.text("compilers", key: key.hexadecimal) { () throws(ScriptError) in
            try askVersion(path)
        }
        return ScriptCompiler(path: path, version: version)
    }

    /// Refuses a library of another compiler: modules of one Swift cannot be read by another.
    func check(against library: ScriptLibrary) throws(ScriptError) {
        guard let made = library.compiler, Self.words(made) != Self.words(version) else { return }
        let remedy =
            switch library.origin {
            case .installed(let folder):
                "install the library again with this compiler ('make install', it is in '\(folder)'), or put that "
                    + "compiler first on PATH"
            case .checkout(let root):
                "build again with this compiler ('swift build -c release --product apus' in '\(root)'), or put that "
                    + "compiler first on PATH"
            }
        throw .failure(
            "the library was built with '\(Self.line(made))', and '\(path)' is '\(Self.line(version))'; \(remedy)")
    }

    /// Starts the compiler in the script's own process group, so that Ctrl-C ends it too, and waits for it.
    func run(_ arguments: [String]) throws(ScriptError) -> ExitStatus { try start(path, ["swiftc"] + arguments) }

    /// Starts the package manager that belongs to the compiler, as above.
    func runPackageManager(_ arguments: [String]) throws(ScriptError) -> ExitStatus {
        try start(String(path.dropLast("swiftc".count)) + "swift", ["swift"] + arguments)
    }

    private func start(_ program: String, _ arguments: [String]) throws(ScriptError) -> ExitStatus {
        let options = ChildProcess.Options(
            executable: program, arguments: arguments, standardOutput: .descriptor(2),
            standardError: .inherit, ownProcessGroup: false)
        do throws(SystemError) {
            return try ChildProcess(spawning: options).wait()
        } catch {
            throw .failure(error.description)
        }
    }

    private static func askVersion(_ path: String) throws(ScriptError) -> String {
        do throws(SystemError) {
            let pipe = try MemoryFile()
            defer { pipe.close() }
            let options = ChildProcess.Options(
                executable: path, arguments: ["swiftc", "--version"], standardOutput: .descriptor(pipe.descriptor),
                standardError: .inherit, ownProcessGroup: false)
            let status = try ChildProcess(spawning: options).wait()
            let text = try pipe.text()
            guard status.isSuccess, !text.isEmpty else {
                throw SystemError(
                    code: EINVAL, attempt: "learn the version of '\(path)' (\(status))",
                    remedy: "'swiftc --version' must work")
            }
            return text
        } catch {
            throw .failure(error.description)
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func words(_ text: String) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }

    private static func line(_ text: String) -> Substring {
        text.split(whereSeparator: \.isNewline).first ?? "an unknown compiler"
    }
}

import Glibc
import SystemSupport
import Testing

/// Type-checks small programs against the modules that were built beside these tests.
enum Compiler {
    /// What the compiler said.
    struct Verdict {
        var succeeded: Bool
        var errors: [String]
        var warnings: [String]
    }

    /// The folder with the built products.
    private static let products: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    private static let sources = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Sources"

    /// Checks one program, given as the text of its `main.swift`, as a user's own package would compile it.
    static func check(_ program: String) throws -> Verdict {
        var template = Array("/tmp/apus-compile-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) }, "no folder can be made in /tmp")
        defer {
            for name in ["main.swift", "errors"] { unlink(folder + "/" + name) }
            rmdir(folder)
        }
        try SmallFile.write(Array(program.utf8), to: folder + "/main.swift", mode: 0o600)
        let arguments = [
            "swiftc", "-typecheck", "-swift-version", "6", "-module-name", "Script", "-I", products + "/Modules",
            "-I", sources + "/CZeroMQ", "-I", sources + "/CLinux", folder + "/main.swift",
        ]
        let options = ChildProcess.Options(
            executable: "swiftc", arguments: arguments, standardOutput: .null,
            standardError: .file(folder + "/errors", append: false))
        let status = try ChildProcess(spawning: options).wait()
        let text = try SmallFile.readText(folder + "/errors")
        let lines = text.split(separator: "\n").map(String.init)
        return Verdict(
            succeeded: status == .exited(0), errors: lines.filter { $0.contains("error: ") },
            warnings: lines.filter { $0.contains("warning: ") })
    }
}

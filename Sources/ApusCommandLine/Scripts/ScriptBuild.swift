import Glibc
import SystemSupport

/// One script, one library and one compiler: together they determine a program.
struct ScriptBuild {
    var script: Script
    var library: ScriptLibrary
    var compiler: ScriptCompiler
    var cache: ScriptCache

    /// The path of the compiled program, compiled now if need be.
    func program() throws(ScriptError) -> String {
        let key = key
        if let path = cache.program(key: key, name: script.programName) { return path }
        return try cache.make(key: key, name: script.programName) { folder throws(ScriptError) in
            guard script.header.packages.isEmpty else {
                let build = ScriptPackageBuild(
                    script: script, library: library, compiler: compiler, cache: cache, flags: script.header.flags)
                return try build.build(into: folder + "/" + script.programName)
            }
            let status = try compiler.run(arguments(folder: folder))
            for name in [Self.sourceName, Self.listName] { unlink(folder + "/" + name) }
            guard status.isSuccess else {
                // The compiler has said on standard error what is wrong, and where.
                let how = status == .exited(1) ? "" : " (the compiler ended with \(status))"
                throw .failure("'\(script.path)' could not be compiled\(how)")
            }
        }
    }

    private static let sourceName = "main.swift"
    private static let listName = "objects.list"

    private var key: String {
        var hash = ContentHash()
        hash.add("apus run 1")
        hash.add(compiler.version)
        hash.add(library.fingerprint)
        hash.add(flags.joined(separator: "\n"))
        // Crash messages and #fileID show the file's name.
        hash.add(script.path.split(separator: "/").last.map(String.init) ?? "")
        hash.add(script.namesItsOwnPath ? script.path : "")
        hash.add(script.bytes)
        return hash.hexadecimal
    }

    private var flags: [String] {
        [script.header.optimize ? "-O" : "-Onone", "-swift-version", "6", "-module-name", "script"]
            + script.header.flags
    }

    private func arguments(folder: String) throws(ScriptError) -> [String] {
        var source = script.path
        if !script.hasSwiftSuffix {
            source = folder + "/" + Self.sourceName
            try write(script.relocated, to: source)
        }
        var arguments = flags + ["-module-cache-path", try cache.modules(), source, "-I", library.modules]
        for header in library.headers { arguments += ["-I", header] }
        switch library.code {
        case .archive(let path):
            arguments.append(path)
        case .objects(let lines):
            let list = folder + "/" + Self.listName
            try write(Array(lines.joined(separator: "\n").utf8), to: list)
            arguments.append("@" + list)
        }
        // The library's debugging information makes up two thirds of a program, and names none of the script's lines.
        return arguments + ["-Xlinker", "-S", "-lzmq", "-o", folder + "/" + script.programName]
    }

    private func write(_ bytes: [UInt8], to path: String) throws(ScriptError) {
        do throws(SystemError) {
            try SmallFile.write(bytes, to: path, mode: 0o600)
        } catch {
            throw .failure(error.description)
        }
    }
}

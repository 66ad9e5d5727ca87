import Glibc
import SystemSupport

/// A script as it was given, read once: what is compiled is what was hashed.
struct Script {
    /// The path as it was given; the compiler's messages show it.
    var path: String
    /// All of the file.
    var bytes: [UInt8]
    /// What its first comment lines ask for.
    var header: ScriptHeader
    /// What the compiled program is called in `ps`.
    var programName: String

    /// Reads a script and its header.
    init(path: String) throws(ScriptError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .usage(
                "the script '\(path)' cannot be read: \(String(cString: strerror(errno))); "
                    + "run takes the path of a script or of a compiled program")
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw .usage(
                "'\(path)' is a folder; run takes one file, a script or a compiled program; "
                    + "a package is run with 'swift run'")
        }
        do throws(SystemError) {
            // No person writes 16 MiB of script: it is a mix-up with another file.
            bytes = try SmallFile.read(path, limit: 16 << 20)
        } catch {
            throw .usage("the script '\(path)' cannot be read: \(error.reason)")
        }
        // A path that begins with a dash would be an option of the compiler.
        self.path = path.hasPrefix("-") ? "./" + path : path
        header = try ScriptHeader(script: String(decoding: bytes, as: UTF8.self), path: path)
        programName = header.name ?? Self.baseName(of: path)
    }

    /// The path that a path in the header stands for: relative ones are relative to the script.
    func resolved(_ named: String) -> String {
        guard !named.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return named }
        return path[...slash] + named
    }

    /// Whether the compiler takes the file for Swift by its name.
    var hasSwiftSuffix: Bool { path.hasSuffix(".swift") }

    /// The text for a file of another name: its messages still point into the script.
    ///
    /// The first line is one that only the shell reads or stays where it is, one line further down.
    var relocated: [UInt8] {
        let quoted = path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let newline = UInt8(ascii: "\n")
        if bytes.starts(with: "#!".utf8), let end = bytes.firstIndex(of: newline) {
            return Array("#sourceLocation(file: \"\(quoted)\", line: 2)".utf8) + bytes[end...]
        }
        return Array("#sourceLocation(file: \"\(quoted)\", line: 1)\n".utf8) + bytes
    }

    /// Whether the program depends on where the script lies, through `#filePath` and its like.
    var namesItsOwnPath: Bool {
        String(decoding: bytes, as: UTF8.self).contains("#file")
    }

    /// The file's name without its ending, with nothing in it that a path could trip over.
    private static func baseName(of path: String) -> String {
        var name = path.split(separator: "/").last.map(String.init) ?? "script"
        if name.hasSuffix(".swift") { name.removeLast(6) }
        let allowed = name.unicodeScalars.map { ScriptHeader.isAllowedInName($0) ? Character($0) : "_" }
        return allowed.isEmpty || allowed.first == "." ? "script" : String(allowed)
    }
}

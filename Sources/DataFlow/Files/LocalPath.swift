import Glibc
import SystemSupport

/// What this layer does with paths and folders.
enum LocalPath {
    /// The path from the root; relative ones are relative to the directory of the process.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let raw = getcwd(nil, 0) else { return path }
        defer { free(raw) }
        let directory = String(cString: raw)
        return directory.hasSuffix("/") ? directory + path : directory + "/" + path
    }

    /// The last part of a path that may name a file: never empty, never `.` or `..`.
    static func filename(_ path: String) -> String {
        let last = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard !last.isEmpty, last != ".", last != ".." else { return "file" }
        return last
    }

    /// The folder of a path; empty when it names none.
    static func directory(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes a folder with all that is missing above it.
    static func makeDirectory(_ path: String, mode: UInt32 = 0o777) throws(SystemError) {
        if path.isEmpty || access(path, F_OK) == 0 { return }
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            guard mkdir(prefix, mode) == 0 || errno == EEXIST else { throw .last("make the directory '\(prefix)'") }
            prefix += "/"
        }
    }

    /// Whether something is there.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The size of what is there; `nil` when nothing is.
    static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// A path beside another one that nobody else uses.
    static func temporary(beside path: String) -> String {
        let name = String(UInt64.random(in: .min ... .max), radix: 36)
        return "\(directory(path))/.\(CurrentProcess.pid)-\(name).part"
    }

    /// Puts a complete file where others look for it, in one step.
    static func move(_ path: String, to place: String) throws(SystemError) {
        guard rename(path, place) == 0 else { throw .last("rename '\(path)' to '\(place)'") }
    }

    /// Removes a folder with all that is in it.
    ///
    /// Links are removed, not followed. What cannot be removed stays.
    static func removeTree(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { removeTree(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    private static func names(in directory: String) -> [String] {
        guard let folder = opendir(directory) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

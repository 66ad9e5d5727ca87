import FoundationEssentials
import Glibc
import SystemSupport

/// The folder with compiled scripts: `programs/KEY/NAME`, made elsewhere in it and renamed into place.
struct ScriptCache {
    /// The folder of all that is kept.
    let root: String

    /// How long a program stays that nobody runs.
    private static let keptDays = 30

    /// The cache that the environment names.
    init(environment: [String: String] = EnvironmentVariables.all) throws(ScriptError) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let path = value("APUS_CACHE") {
            root = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        } else if let path = value("XDG_CACHE_HOME"), path.hasPrefix("/") {
            // The XDG base directory specification has relative paths ignored.
            root = path + "/apus"
        } else if let path = value("HOME") {
            root = path + "/.cache/apus"
        } else {
            throw .failure(
                "there is no place for compiled scripts: none of APUS_CACHE, XDG_CACHE_HOME and HOME is set; set one")
        }
    }

    /// The folder of Clang's and Swift's compiled modules; compilers share it among themselves.
    ///
    /// A compiled module holds the path of its folder and is refused under another: so links are followed, and a cache
    /// that was moved gets a new folder.
    func modules() throws(ScriptError) -> String {
        let folder = root + "/modules"
        try createFolder(folder)
        guard let real = realpath(folder, nil) else { throw .system("follow '\(folder)'", remedy: Self.remedy) }
        defer { free(real) }
        let path = String(cString: real)
        return path + "/" + ContentHash.hexadecimal(of: Array(path.utf8)).prefix(8)
    }

    /// The program of a key, when it is there; it counts as used from now.
    func program(key: String, name: String) -> String? {
        let path = folder(key) + "/" + name
        guard access(path, X_OK) == 0 else { return nil }
        utimensat(AT_FDCWD, folder(key), nil, 0)
        return path
    }

    /// Makes a program in a folder of its own and moves it into place.
    ///
    /// Of several processes that want the same program one makes it and the others wait for it.
    func make(
        key: String, name: String, _ build: (_ folder: String) throws(ScriptError) -> Void
    ) throws(ScriptError) -> String {
        let lock = try lock(key)
        defer { close(lock) }
        if let path = program(key: key, name: name) { return path }

        try createFolder(root + "/building")
        var template = Array((root + "/building/XXXXXX").utf8CString)  // why: mkdtemp fills in the Xs
        guard let made = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw .system("make a folder in '\(root)/building'", remedy: Self.remedy)
        }
        defer { remove(made) }
        try build(made)
        try createFolder(root + "/programs")
        // Where a lock has no effect, as on some network file systems, another process may have been faster.
        if rename(made, folder(key)) != 0, program(key: key, name: name) == nil {
            throw .system("move the compiled script to '\(folder(key))'", remedy: Self.remedy)
        }
        removeUnused()
        return folder(key) + "/" + name
    }

    /// A short text that was kept under a key, or what the closure finds out.
    func text(
        _ kind: String, key: String, _ find: () throws(ScriptError) -> String
    ) throws(ScriptError) -> String {
        let path = "\(root)/\(kind)/\(key)"
        if let text = try? SmallFile.readText(path), !text.isEmpty { return text }
        let text = try find()
        try createFolder("\(root)/\(kind)")
        let draft = "\(path).\(CurrentProcess.pid)"
        // Without the note the question is asked again the next time: nothing is lost.
        if (try? SmallFile.write(Array(text.utf8), to: draft, mode: 0o600)) != nil { rename(draft, path) }
        return text
    }

    /// The folder in which scripts with the same packages are built, and a descriptor that locks it, for the caller to close.
    func packageFolder(key: String) throws(ScriptError) -> (path: String, lock: Int32) {
        let path = "\(root)/packages/\(key.prefix(16))"
        try createFolder(path)
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw .system("open '\(path)/lock'", remedy: Self.remedy) }
        while flock(lock, LOCK_EX) != 0, errno == EINTR {}
        utimensat(AT_FDCWD, path, nil, 0)
        return (path, lock)
    }

    private func folder(_ key: String) -> String { "\(root)/programs/\(key)" }

    /// Waits until no other process makes a program whose key begins alike; the caller closes the descriptor.
    private func lock(_ key: String) throws(ScriptError) -> Int32 {
        try createFolder(root + "/locks")
        let path = "\(root)/locks/\(key.prefix(2))"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open '\(path)'", remedy: Self.remedy) }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        return descriptor
    }

    private func createFolder(_ path: String) throws(ScriptError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .failure("could not make the folder '\(path)'; \(Self.remedy)")
        }
    }

    /// Removes what nobody has run for long, and what interrupted compilations left.
    private func removeUnused() {
        for (kind, days) in [("programs", Self.keptDays), ("packages", Self.keptDays), ("building", 1)] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(kind)")) ?? [] {
                var status = stat()
                let path = "\(root)/\(kind)/\(name)"
                if stat(path, &status) == 0, time(nil) - status.st_mtim.tv_sec > days * 86_400 { remove(path) }
            }
        }
    }

    private func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    private static let remedy = "check that it can be written, or set APUS_CACHE to a folder that can"
}

import Glibc
import Launch

/// Looks at the directories and files that settings name, before a workflow would trip over them.
enum SettingPlaces {
    /// What is wrong with the place; nil when it will do.
    ///
    /// Values of other types name no place.
    static func fault(_ value: SettingValue, of type: SettingType) -> String? {
        switch (type.base, value) {
        case (.directory, .text(let path)): return directoryFault(path, needs: R_OK | W_OK | X_OK)
        case (.writableFile, .text(let path)): return writingFault(path)
        case (.readableFiles, .list(let paths)):
            return paths.lazy.compactMap { readingFault($0) }.first
        default: return nil
        }
    }

    private static func directoryFault(_ path: String, needs access: Int32) -> String? {
        switch kind(path) {
        case .directory:
            guard Glibc.access(path, access) == 0 else {
                return "the directory '\(path)' cannot be read and written: \(reason)"
            }
            return nil
        case .missing:
            // It is made, with all above it: the lowest that is there decides.
            let parent = parent(of: path)
            return parent == path ? "the directory '\(path)' is not there" : directoryFault(parent, needs: W_OK | X_OK)
        case .other: return "'\(path)' is no directory"
        case .hidden(let why): return "the directory '\(path)' cannot be reached: \(why)"
        }
    }

    private static func writingFault(_ path: String) -> String? {
        switch kind(path) {
        case .directory: return "'\(path)' is a directory; name a file"
        case .other: return Glibc.access(path, W_OK) == 0 ? nil : "the file '\(path)' cannot be written: \(reason)"
        case .hidden(let why): return "the file '\(path)' cannot be reached: \(why)"
        case .missing:
            let parent = parent(of: path)
            guard case .directory = kind(parent) else { return "the directory '\(parent)' of '\(path)' is not there" }
            return Glibc.access(parent, W_OK | X_OK) == 0
                ? nil : "no file can be made in '\(parent)': \(reason)"
        }
    }

    private static func readingFault(_ path: String) -> String? {
        if case .directory = kind(path) { return "'\(path)' is a directory; name files" }
        return access(path, R_OK) == 0 ? nil : "the file '\(path)' cannot be read: \(reason)"
    }

    private enum Kind {
        case directory
        case other
        case missing
        case hidden(String)
    }

    private static func kind(_ path: String) -> Kind {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT ? .missing : .hidden(reason) }
        return status.st_mode & S_IFMT == S_IFDIR ? .directory : .other
    }

    private static var reason: String { String(cString: strerror(errno)) }

    /// The directory that a path lies in; one without a slash lies in the working directory.
    private static func parent(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return trimmed == "." ? "/" : "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}

import Glibc
import SystemSupport

/// What lives in a process group.
enum ProcessGroup {
    /// Whether a process of the group has not ended yet; one that waits to be reaped has.
    static func isAlive(_ group: Int32) -> Bool {
        guard let folder = opendir("/proc") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            guard let pid = number(entry), let text = try? SmallFile.readText("/proc/\(pid)/stat") else { continue }
            if belongs(text, to: group) { return true }
        }
        return false
    }

    /// Reads "pid (name) state parent group …" of proc(5); the name may hold anything, so the last bracket counts.
    static func belongs(_ stat: String, to group: Int32) -> Bool {
        guard let bracket = stat.lastIndex(of: ")") else { return false }
        let fields = stat[stat.index(after: bracket)...].split(separator: " ")
        guard fields.count > 2, Int32(fields[2]) == group else { return false }
        return !["Z", "X"].contains(fields[0])
    }

    private static func number(_ entry: UnsafeMutablePointer<dirent>) -> Int32? {
        withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { Int32(String(cString: $0)) }
        }
    }
}

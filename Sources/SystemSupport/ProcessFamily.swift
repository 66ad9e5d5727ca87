import Glibc

/// A process and everything it has started, as `/proc` shows it.
///
/// A process whose parent ended before it has left the family.
package enum ProcessFamily {
    /// The numbers of all descendants, the nearest first.
    package static func descendants(of pid: Int32) -> [Int32] {
        var family = [pid]
        var position = 0
        var table: [Int32: [Int32]]?
        while position < family.count {
            let next = family[position]
            position += 1
            if let children = children(of: next) {
                family += children
            } else {
                // A kernel without lists of children: one look at all processes does.
                let all = table ?? parents()
                table = all
                family += all[next] ?? []
            }
        }
        return Array(family.dropFirst())
    }

    /// Bytes of memory that the process and its descendants have in use; 0 when it has ended.
    package static func residentBytes(of pid: Int32) -> UInt64 {
        let own = residentBytes(pid)
        return descendants(of: pid).reduce(own) { $0 + residentBytes($1) }
    }

    private static func residentBytes(_ pid: Int32) -> UInt64 {
        // Sizes in pages: the program, then what of it is in memory.
        guard let text = try? SmallFile.readText("/proc/\(pid)/statm") else { return 0 }
        let words = text.split(separator: " ")
        return words.count > 1 ? (UInt64(words[1]) ?? 0) * UInt64(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    /// The children of a process; `nil` when the kernel does not say.
    private static func children(of pid: Int32) -> [Int32]? {
        var result: [Int32] = []
        for thread in numbers(in: "/proc/\(pid)/task") {
            guard let text = try? SmallFile.readText("/proc/\(pid)/task/\(thread)/children") else {
                // The thread has ended meanwhile, or the kernel has no such file.
                if access("/proc/self/task/\(getpid())/children", R_OK) == 0 { continue }
                return nil
            }
            result += text.split(separator: " ").compactMap { Int32($0) }
        }
        return result
    }

    private static func parents() -> [Int32: [Int32]] {
        var result: [Int32: [Int32]] = [:]
        for pid in numbers(in: "/proc") {
            // "PID (name) state PPID …"; the name may hold anything, so the last parenthesis counts.
            guard let text = try? SmallFile.readText("/proc/\(pid)/stat"),
                let parent = text.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap({
                    Int32($0)
                })
            else { continue }
            result[parent, default: []].append(pid)
        }
        return result
    }

    /// The entries of a folder of `/proc` that are numbers.
    package static func numbers(in folder: String) -> [Int32] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var result: [Int32] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name) { result.append(number) }
        }
        return result
    }
}

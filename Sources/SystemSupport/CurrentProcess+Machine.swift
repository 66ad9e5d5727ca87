internal import CLinux
import Glibc

extension CurrentProcess {
    /// The processors this thread may run on, ascending.
    package static var availableCores: [Int] {
        let wordBits = UInt.bitWidth
        var words = [UInt](repeating: 0, count: 16)  // 1024 processors; doubled while the kernel says it is too small
        while words.count <= 1024 {
            let bytes = clinux_get_affinity(&words, UInt(words.count * wordBits / 8))
            if bytes > 0 {
                return (0..<(Int(bytes) * 8)).filter { words[$0 / wordBits] & (1 << UInt($0 % wordBits)) != 0 }
            }
            guard errno == EINVAL else { break }
            words = [UInt](repeating: 0, count: words.count * 2)
        }
        return Array(0..<max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// Binds the calling thread, and the threads and processes it starts later, to these processors.
    package static func setAvailableCores(_ cores: [Int]) throws(SystemError) {
        let words = mask(cores)
        guard clinux_set_affinity(words, UInt(words.count * UInt.bitWidth / 8)) == 0 else {
            throw .last("bind to the processors \(cores)", remedy: "available here are \(availableCores)")
        }
    }

    /// Binds every thread of this process that is there now, and what they start later, to these processors.
    package static func setAvailableCoresOfAllThreads(_ cores: [Int]) throws(SystemError) {
        try setAvailableCores(cores)
        let words = mask(cores)
        for thread in ProcessFamily.numbers(in: "/proc/self/task") {
            // One that has ended meanwhile is no fault.
            _ = clinux_set_thread_affinity(thread, words, UInt(words.count * UInt.bitWidth / 8))
        }
    }

    private static func mask(_ cores: [Int]) -> [UInt] {
        var words = [UInt](repeating: 0, count: (cores.max() ?? 0) / UInt.bitWidth + 1)
        for core in cores where core >= 0 { words[core / UInt.bitWidth] |= 1 << UInt(core % UInt.bitWidth) }
        return words
    }

    /// The cores of this machine, counting hyper-threads of one core once.
    package static var physicalCoreCount: Int {
        var siblings: Set<String> = []
        for core in 0..<max(1, Int(sysconf(Int32(_SC_NPROCESSORS_CONF)))) {
            let path = "/sys/devices/system/cpu/cpu\(core)/topology/thread_siblings_list"
            if let text = try? SmallFile.readText(path) { siblings.insert(text) }
        }
        return siblings.isEmpty ? availableCores.count : siblings.count
    }

    /// The memory of this machine.
    package static var totalMemoryBytes: UInt64 { field("MemTotal", of: "/proc/meminfo") ?? 0 }

    /// The memory that new work could use without swapping.
    package static var availableMemoryBytes: UInt64 { field("MemAvailable", of: "/proc/meminfo") ?? 0 }

    /// The memory a process has in use, or nil when it has ended.
    package static func residentBytes(_ pid: Int32) -> UInt64? { field("VmRSS", of: "/proc/\(pid)/status") }

    /// The largest memory a process ever had in use, or nil when it has ended.
    package static func peakResidentBytes(_ pid: Int32) -> UInt64? { field("VmHWM", of: "/proc/\(pid)/status") }

    /// Keeps freed memory, up to about `bytes` (less than 2 GiB), for the next large buffer.
    ///
    /// By default glibc maps and unmaps every block above 32 MiB, and the page faults of fresh memory cost more than
    /// moving the bytes: messages of 50 MB pass a chain of processes about twice as fast with this. The price is memory
    /// that stays with the process, so it is for those that move large payloads.
    package static func keepFreedMemory(upTo bytes: Int) {
        _ = clinux_keep_freed_memory(Int32(clamping: bytes))
    }

    /// Reads "Name:   123 kB"; the blanks may be tabs.
    private static func field(_ name: String, of path: String) -> UInt64? {
        guard let text = try? SmallFile.readText(path) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let words = line.dropFirst(name.count + 1).split { $0 == " " || $0 == "\t" }
            return words.first.flatMap { UInt64($0) }.map { $0 * 1024 }
        }
        return nil
    }
}

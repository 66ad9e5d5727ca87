import Glibc
import SystemSupport

/// What the kernel says of a process.
struct ProcessFacts {
    var processorSeconds = 0.0
    var residentBytes = 0
    var peakBytes = 0
    /// Resident bytes, those shared with other processes divided by their number; 0 when the kernel does not say.
    var shareBytes = 0
    var descriptors = 0

    init(_ pid: Int32) {
        let root = "/proc/\(pid)"
        if let text = try? SmallFile.readText(root + "/stat"), let name = text.lastIndex(of: ")") {
            let fields = text[name...].split(separator: " ")
            // Fields 14 and 15 of the line: time in user code and in the kernel, in hundredths.
            if fields.count > 13 {
                processorSeconds = ((Double(fields[12]) ?? 0) + (Double(fields[13]) ?? 0)) / 100
            }
        }
        residentBytes = Self.kilobytes("VmRSS:", root + "/status") << 10
        peakBytes = Self.kilobytes("VmHWM:", root + "/status") << 10
        shareBytes = Self.kilobytes("Pss:", root + "/smaps_rollup") << 10
        descriptors = Self.entries(root + "/fd")
    }

    private static func entries(_ path: String) -> Int {
        guard let directory = opendir(path) else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // The first byte of the name: all but "." and "..".
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }

    private static func kilobytes(_ key: String, _ path: String) -> Int {
        guard let text = try? SmallFile.readText(path) else { return 0 }
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return 0
    }
}

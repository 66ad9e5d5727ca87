import Glibc

/// The memory of this process.
enum Memory {
    private typealias Trim = @convention(c) (Int) -> Int32

    /// glibc's `malloc_trim`, which its Swift module leaves out.
    private static let giveBack: Trim? = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    /// Bytes resident now, after giving back to the system what is free.
    static var resident: Int {
        _ = giveBack?(0)
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) : 0
    }
}

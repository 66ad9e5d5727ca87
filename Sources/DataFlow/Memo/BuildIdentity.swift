import Glibc
package import SystemSupport

/// Which build of a program this is: a digest of its executable file.
///
/// It tells builds apart, it does not guard against forgery: two multiplicative lanes over the words of the file.
package struct BuildIdentity: Hashable, Sendable {
    /// Sixteen bytes.
    package let bytes: [UInt8]

    /// An identity that was read from a file.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// The identity of a program file.
    ///
    /// - Throws: when the file cannot be read.
    package init(ofFile path: String) throws(SystemError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .last("open the program '\(path)'") }
        defer { close(file) }
        var first: UInt64 = 0x9e37_79b9_7f4a_7c15
        var second: UInt64 = 0xd134_2543_de82_ef95
        let capacity = 1 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
        defer { buffer.deallocate() }
        while true {
            let count = read(file, buffer.baseAddress, capacity)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .last("read the program '\(path)'") }
            if count == 0 { break }
            // The rest of the last word counts as zeros, and the count of bytes is mixed in.
            for index in count..<min(capacity, (count + 7) & ~7) { buffer[index] = 0 }
            let words = UnsafeRawBufferPointer(rebasing: buffer[..<((count + 7) & ~7)]).bindMemory(to: UInt64.self)
            for word in words {
                first = (first ^ word) &* 0xff51_afd7_ed55_8ccd
                first ^= first >> 32
                second = (second &+ word) &* 0xc4ce_b9fe_1a85_ec53
                second ^= second >> 29
            }
            first ^= UInt64(count)
        }
        bytes = [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
    }

    /// The identity of the running program.
    package static func current() throws(SystemError) -> Self { try Self(ofFile: CurrentProcess.executablePath) }
}

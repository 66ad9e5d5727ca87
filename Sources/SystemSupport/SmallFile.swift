import Glibc

/// Whole small files: what `/proc` shows, key files, parameters of a child.
package enum SmallFile {
    /// Reads a file, refusing one longer than `limit` bytes.
    package static func read(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open '\(path)'") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = readChunk(descriptor, &chunk)
            if count == 0 { return bytes }
            guard count > 0 else { throw .last("read '\(path)'") }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw SystemError(
                    code: EFBIG, attempt: "read '\(path)'", remedy: "at most \(limit) bytes are expected there")
            }
        }
    }

    /// Reads a file as text.
    package static func readText(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Writes a file with exactly these permissions, replacing an older one.
    ///
    /// The old file is removed first, so that no reader of it can see the new content through a descriptor it has open.
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(SystemError) {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .last("create '\(path)'") }
        defer { close(descriptor) }
        guard fchmod(descriptor, mode) == 0 else { throw .last("set the permissions of '\(path)'") }
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try DescriptorIO.writeFully(descriptor, buffer) } catch { failure = error }
        }
        if let failure { throw SystemError(code: failure.code, attempt: "write '\(path)'") }
    }

    private static func readChunk(_ descriptor: Int32, _ chunk: inout [UInt8]) -> Int {
        let capacity = chunk.count
        var count = Glibc.read(descriptor, &chunk, capacity)
        while count < 0, errno == EINTR { count = Glibc.read(descriptor, &chunk, capacity) }
        return count
    }
}

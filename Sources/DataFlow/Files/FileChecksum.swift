import Glibc

/// The SHA-256 of whole files.
enum FileChecksum {
    static func of(_ path: String) throws(FileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var digest = SHA256Digest()
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count == 0 { return hexadecimal(digest.finish()) }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            digest.update(piece[..<count])
        }
    }

    /// Sixteen digits that differ for different texts.
    static func short(_ text: String) -> String {
        var digest = SHA256Digest()
        digest.update(text.utf8)
        return String(hexadecimal(digest.finish()).prefix(16))
    }

    private static func failure(_ path: String) -> FileError {
        FileError(.unreadable, path, "it cannot be read: \(String(cString: strerror(errno)))")
    }

    private static func hexadecimal(_ words: [UInt32]) -> String {
        words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}

/// What a stored result is found by: a digest of task, version and arguments.
///
/// 128 bits, so that two different calls of all that a program ever makes do not meet by chance.
package struct MemoKey: Hashable, Sendable {
    /// Bytes 0 to 7 of the digest, as a little-endian number.
    package var low: UInt64
    /// Bytes 8 to 15 of the digest, as a little-endian number.
    package var high: UInt64

    /// A key with this value.
    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// The bits are spread evenly already: half of them suffice.
    package func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

extension MemoKey: CustomStringConvertible {
    /// 32 hexadecimal digits, in the order of the digest.
    package var description: String {
        [low, high].map { half in
            let digits = String(half.byteSwapped, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Puts the key of one call together.
///
/// Everything goes in with its length, so that no two different calls feed the same bytes.
struct MemoKeyBuilder {
    private var digest = SHA256Digest()

    init(task: String, version: Int, build: BuildIdentity?) {
        // Changes when the form of the key changes: keys of older files are never found then, instead of wrongly.
        digest.update("apus.memo.1".utf8)
        digest.update(number: task.utf8.count)
        digest.update(task.utf8)
        digest.update(number: version)
        digest.update(number: build?.bytes.count ?? 0)
        if let build { digest.update(build.bytes) }
    }

    /// Adds the canonical pickle of the argument at a position, counted from 0.
    mutating func add(argument: [UInt8], at position: Int) {
        digest.update(number: position)
        digest.update(number: argument.count)
        digest.update(argument)
    }

    consuming func finish() -> MemoKey {
        let words = digest.finish()
        // The digest is big-endian; a key holds its first sixteen bytes as they stand.
        return MemoKey(
            low: (UInt64(words[0]) << 32 | UInt64(words[1])).byteSwapped,
            high: (UInt64(words[2]) << 32 | UInt64(words[3])).byteSwapped)
    }
}

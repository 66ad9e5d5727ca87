/// Texts of up to fifteen bytes, which the standard library keeps inside the `String` value itself.
///
/// Most texts in pickles are that short: keys, names, labels. Making one through the library costs two passes over its bytes
/// and a call, reading it a copy on the stack; here it is two words. How the words look is no promise of the library, so it
/// is tried once for every length, and where it is different the ordinary ways are taken.
@safe
enum SmallText {
    typealias Words = (low: UInt64, high: UInt64)

    /// The most bytes of a small text.
    static let capacity = 15

    /// Whether small texts look as they are known here.
    static let isKnown: Bool = {
        guard MemoryLayout<String>.size == 16, MemoryLayout<Words>.size == 16 else { return false }
        let letters = Array("abcdefghijklmno".utf8)
        for count in 0...capacity {
            let ascii = words(of: String(decoding: letters[..<count], as: UTF8.self))
            guard ascii == pack(letters[..<count], discriminator: 0xE0) else { return false }
            guard count >= 2 else { continue }
            let accent = letters[..<(count - 2)] + [0xC3, 0xA9]
            guard words(of: String(decoding: accent, as: UTF8.self)) == pack(accent, discriminator: 0xA0) else {
                return false
            }
        }
        // A longer text must not look like a small one.
        return count(of: words(of: String(decoding: letters + letters, as: UTF8.self))) == nil
    }()

    private static func pack(_ bytes: ArraySlice<UInt8>, discriminator: UInt64) -> Words {
        var words: Words = (0, (discriminator | UInt64(bytes.count)) << 56)
        for (place, byte) in bytes.enumerated() {
            if place < 8 { words.low |= UInt64(byte) << UInt64(8 * place) }
            if place >= 8 { words.high |= UInt64(byte) << UInt64(8 * (place - 8)) }
        }
        return words
    }

    @inline(__always)
    static func words(of text: String) -> Words { unsafe unsafeBitCast(text, to: Words.self) }

    /// The number of UTF-8 bytes in the words, if they are those of a small text.
    @inline(__always)
    static func count(of words: Words) -> Int? {
        // 0xE and 0xA: ASCII or not; no other kind of text has these four bits.
        guard (words.high >> 60) & 0b1011 == 0b1010 else { return nil }
        return Int(truncatingIfNeeded: (words.high >> 56) & 0xF)
    }

    /// A text of ASCII; nil if there are other bytes in it, or too many, or `isKnown` is not true.
    ///
    /// The caller keeps `isKnown` at hand, since asking for it costs as much as the rest.
    @inline(__always)
    static func make(_ view: ByteView, _ isKnown: Bool) -> String? {
        let count = view.count
        guard count <= capacity, isKnown else { return nil }
        var words: Words = (0, 0)
        // Loads overlap, so that nothing beyond the text is read.
        if count >= 8 {
            words.low = view.load(0, as: UInt64.self)
            words.high = count == 8 ? 0 : view.load(count &- 8, as: UInt64.self) >> UInt64(8 &* (16 &- count))
        } else if count >= 4 {
            let tail = UInt64(view.load(count &- 4, as: UInt32.self)) << UInt64(8 &* (count &- 4))
            words.low = UInt64(view.load(0, as: UInt32.self)) | tail
        } else if count > 0 {
            words.low = UInt64(view[0]) | UInt64(view[count &- 1]) << UInt64(8 &* (count &- 1))
            if count == 3 { words.low |= UInt64(view[1]) << 8 }
        }
        return finish(words, count: count)
    }

    /// A text of ASCII out of the first bytes of sixteen, at most fifteen; nil if there are other bytes among them.
    @inline(__always)
    static func make(_ words: Words, count: Int) -> String? {
        let isLong = count > 8
        let kept = (UInt64(1) &<< UInt64(truncatingIfNeeded: 8 &* count)) &- 1
        let low = count >= 8 ? words.low : words.low & kept
        // Shifts count modulo 64: for nine bytes and more the same mask fits the second word.
        return finish((low, isLong ? words.high & kept : 0), count: count)
    }

    @inline(__always)
    private static func finish(_ words: Words, count: Int) -> String? {
        guard (words.low | words.high) & 0x8080_8080_8080_8080 == 0 else { return nil }
        var words = words
        words.high |= (0xE0 | UInt64(truncatingIfNeeded: count)) << 56
        // Moved out, not copied, which would retain what needs no retaining.
        return unsafe withUnsafeMutablePointer(to: &words) { pointer in
            unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: String.self).move()
        }
    }
}

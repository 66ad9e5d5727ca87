import Apus

/// A word and how often it occurs.
struct WordCount: AppValue, Comparable {
    var word: String
    var count: Int

    /// The more frequent comes first; among equals, the alphabet decides.
    static func < (left: Self, right: Self) -> Bool {
        left.count != right.count ? left.count > right.count : left.word < right.word
    }
}

/// What a word is: a longest run of the letters A to Z and a to z, in lower case.
///
/// Everything else separates words, and so does the end of a file. The same rule as `tr -cs 'A-Za-z' '\n' | tr A-Z a-z` in the C locale.
enum Words {
    static func counts(of text: [UInt8]) -> [String: Int] {
        var counts: [String: Int] = [:]
        var word: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                word.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"):
                word.append(byte | 0x20)
            default:
                end(&word, &counts)
            }
        }
        end(&word, &counts)
        return counts
    }

    private static func end(_ word: inout [UInt8], _ counts: inout [String: Int]) {
        guard !word.isEmpty else { return }
        counts[String(decoding: word, as: UTF8.self), default: 0] += 1
        word.removeAll(keepingCapacity: true)
    }
}

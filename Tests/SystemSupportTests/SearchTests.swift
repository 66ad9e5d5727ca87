import SystemSupport
import TestSupport
import Testing

@Suite("bytes within bytes", .paced)
struct SearchTests {
    @Test(
        "are found wherever they stand, and nowhere else",
        arguments: [
            ("abcdef", "abc", true), ("abcdef", "cd", true), ("abcdef", "def", true), ("abcdef", "abcdef", true),
            ("aaab", "aab", true), ("abab\0abc", "abc", true), ("abcdef", "defg", false), ("abcdef", "ce", false),
            ("ab", "abc", false), ("", "a", false), ("a", "", true), ("", "", true),
        ])
    func found(text: String, wanted: String, isThere: Bool) {
        let found = Array(text.utf8).withUnsafeBytes { $0.contains(bytes: Array(wanted.utf8)) }
        #expect(found == isThere)
    }
}

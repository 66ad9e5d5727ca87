import Commands
import SystemSupport
import TestSupport
import Testing

/// Texts that trip naive quoting.
let nastyTexts = [
    "", "plain", "two words", " leading and trailing ", "it's", "''", "\"double\"", "a\nb", "tab\there", "$(touch x)",
    "`touch x`", "$HOME", "${PATH}", "*", "?[a]", "~", "~root", "back\\slash", "end\\", "-rf", "--", "#comment", "!",
    "!!",
    "a;b", "a|b", "a&b", "a>b", "a<b", "(a)", "{a,b}", "FOO=bar", "ü€😀", "\u{1}\u{7f}", "'$(echo \"'\"`x`)'", "\r\n",
]

@Suite("Shell quoting", .paced)
struct ShellQuoteTests {
    @Test("bash reads back every text as it was", arguments: nastyTexts)
    func roundTrip(text: String) throws {
        let directory = TemporaryDirectory()
        let word = ShellQuote.quote(text)
        var options = CommandOptions("printf %s \(word) ; printf :; printf %s x\(word)x")
        options.directory = directory.path
        options.standardOutput = .file("out", append: false)
        #expect(try Command(options).run().status == .exited(0))
        #expect(try directory.text("out") == "\(text):x\(text)x")
        #expect(directory.names == ["out"], "nothing in the text was run")
    }

    @Test(
        "words that mean themselves stay readable",
        arguments: [
            ("data/part-1_of@2.txt", "data/part-1_of@2.txt"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("", "''"),
            ("~", "'~'"), ("A=b", "'A=b'"),
        ])
    func readable(text: String, quoted: String) {
        #expect(ShellQuote.quote(text) == quoted)
    }

    @Test("a command's inserted values are one word each, unless they are raw")
    func interpolation() {
        let name = "my file"
        let plain: ShellCommand = "sort file"
        let one: ShellCommand = "sort \(name) > \(quoted: name)"
        let many: ShellCommand = "cat \(["a", "b c"]) \(quoted: ["d'"]) | head -n \(5)"
        let raw: ShellCommand = "sort \(raw: "-n -r") \(raw: one)"
        let none: ShellCommand = "cat \([String]())"
        #expect(plain.text == "sort file")
        #expect(one.text == "sort 'my file' > 'my file'")
        #expect(many.text == #"cat a 'b c' 'd'\''' | head -n 5"#)
        #expect(raw.text == "sort -n -r sort 'my file' > 'my file'")
        #expect(none.text == "cat ")
        let text = "a \(name)"
        #expect(ShellCommand(text).text == "a my file", "a String is taken as it stands")
        let nested: ShellCommand = "bash -c \(one)"
        #expect(nested.text == #"bash -c 'sort '\''my file'\'' > '\''my file'\'''"#)
    }
}

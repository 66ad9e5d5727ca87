import SystemSupport

/// What a script says about itself: lines `// apus: key = value` among its first comment lines, in TOML's notation.
///
/// A value in brackets may go on in the next of these lines.
struct ScriptHeader: Equatable {
    /// What the program is called in `ps`; the file's name when it is not given.
    var name: String?
    /// Whether the script is compiled with optimisation.
    var optimize = true
    /// Further words for the compiler.
    var flags: [String] = []
    /// Swift packages that the script imports.
    var packages: [ScriptPackage] = []
    /// A file with settings for the workflow, relative to the script's folder.
    var config: String?

    private static let keys = ["name", "optimize", "flags", "packages", "config"]
    /// Keys of other tools' headers, and what is meant by them here.
    private static let likely = ["package": "packages", "dependencies": "packages", "settings": "config"]

    /// Reads the header of a script.
    init(script: String, path: String) throws(ScriptError) {
        let header = try Self.lines(of: script, path: path)
        var reader = HeaderReader(header.map { String($0.text) }.joined(separator: "\n"))
        var seen: Set<String> = []
        var line = 0
        do throws(HeaderProblem) {
            while true {
                guard let member = try reader.member() else { break }
                line = reader.line
                try reader.endOfLine()
                guard Self.keys.contains(member.key) else { throw Self.unknown(member.key) }
                guard seen.insert(member.key).inserted else {
                    throw HeaderProblem("'\(member.key)' stands here for the second time")
                }
                try take(member)
            }
        } catch {
            let number = header.isEmpty ? 1 : header[min(max(line, reader.line), header.count - 1)].number
            throw .usage("\(path):\(number): error: \(error.text)")
        }
    }

    /// The header's lines, without their marks, and their numbers in the script.
    private static func lines(of script: String, path: String) throws(ScriptError) -> [(number: Int, text: Substring)] {
        var found: [(number: Int, text: Substring)] = []
        var inHeader = true
        let lines = script.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            guard let setting = setting(in: line) else {
                let text = line.trimmingSpaces()
                if !text.isEmpty, !text.hasPrefix("//"), !text.hasPrefix("#!") { inHeader = false }
                continue
            }
            if inHeader {
                found.append((index + 1, setting))
                continue
            }
            // Further down only what was surely meant as a setting is one; other comments may begin like it.
            let key = setting.prefix { $0 != "=" }
            guard key.count < setting.count, keys.contains(String(key.trimmingSpaces())) else { continue }
            throw .usage(
                "\(path):\(index + 1): error: a setting below the first line of code has no effect; move it to the top")
        }
        return found
    }

    /// What follows `// apus:` in a line that begins so.
    private static func setting(in line: Substring) -> Substring? {
        let text = line.trimmingSpaces()
        guard text.hasPrefix("//") else { return nil }
        let comment = text.dropFirst(2).trimmingSpaces()
        return comment.hasPrefix("apus:") ? comment.dropFirst(5).trimmingSpaces() : nil
    }

    private mutating func take(_ member: HeaderValue.Member) throws(HeaderProblem) {
        switch (member.key, member.value) {
        case ("name", .string(let text)):
            guard text.unicodeScalars.allSatisfy(Self.isAllowedInName), !text.isEmpty, !text.hasPrefix(".") else {
                throw HeaderProblem("the name \"\(text)\" may hold letters, digits, '-', '_' and '.' alone")
            }
            name = text
        case ("optimize", .boolean(let flag)): optimize = flag
        case ("config", .string(let path)) where !path.isEmpty: config = path
        case ("packages", .array(let tables)):
            for table in tables { packages.append(try ScriptPackage(table)) }
        case ("name", _): throw HeaderProblem("'name' takes a string: name = \"fractal\"")
        case ("optimize", _): throw HeaderProblem("'optimize' takes true or false")
        case ("config", _): throw HeaderProblem("'config' takes the path of a file: config = \"apus.yaml\"")
        case ("packages", _):
            throw HeaderProblem(
                "'packages' takes an array of tables: packages = [{ url = \"…\", from = \"1.0.0\", … }]")
        default:
            guard let words = member.value.strings else {
                throw HeaderProblem("'flags' takes an array of strings: flags = [\"-DFAST\"]")
            }
            flags = words
        }
    }

    private static func unknown(_ key: String) -> HeaderProblem {
        let nearest = likely[key] ?? NearestName.find(key, among: keys)
        return HeaderProblem(
            "there is no key '\(key)'; "
                + (nearest.map { "did you mean '\($0)'?" } ?? "the keys are \(keys.joined(separator: ", "))"))
    }

    /// Whether a program's name may hold this: it becomes the name of a file.
    static func isAllowedInName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-_.".unicodeScalars.contains(scalar)
    }
}
/// What is wrong with one line of a header.
struct HeaderProblem: Error {
    var text: String

    init(_ text: String) { self.text = text }
}

extension StringProtocol {
    /// Without spaces, tabs and carriage returns at both ends.
    func trimmingSpaces() -> SubSequence {
        let isSpace = { (character: Character) in character == " " || character == "\t" || character.isNewline }
        guard let start = firstIndex(where: { !isSpace($0) }), let end = lastIndex(where: { !isSpace($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[start...end]
    }
}

import SystemSupport

/// What a script says about itself: lines `// apus: key = value` among its first comment lines.
///
/// The values are those of TOML: strings in double quotes, `true` and `false`, arrays of strings on one line.
struct ScriptHeader: Equatable {
    /// What the program is called in `ps`; the file's name when it is not given.
    var name: String?
    /// Whether the script is compiled with optimisation.
    var optimize = true
    /// Further words for the compiler.
    var flags: [String] = []

    private static let keys = ["name", "optimize", "flags"]
    /// Keys that a reader may expect to name Swift packages.
    private static let packageKeys = ["packages", "package", "dependencies"]

    /// Reads the header of a script.
    init(script: String, path: String) throws(ScriptError) {
        var seen: Set<String> = []
        var inHeader = true
        let lines = script.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            guard let setting = Self.setting(in: line) else {
                let text = line.trimmingSpaces()
                if !text.isEmpty, !text.hasPrefix("//"), !text.hasPrefix("#!") { inHeader = false }
                continue
            }
            let place = "\(path):\(index + 1): error: "
            guard inHeader else {
                // Further down only what was surely meant as a setting is one; other comments may begin like it.
                let key = setting.prefix { $0 != "=" }
                guard key.count < setting.count, Self.keys.contains(String(key.trimmingSpaces())) else { continue }
                throw .usage(place + "a setting below the first line of code has no effect; move it to the top")
            }
            do throws(HeaderProblem) {
                try read(setting, &seen)
            } catch {
                throw .usage(place + error.text)
            }
        }
    }

    /// What follows `// apus:` in a line that begins so.
    private static func setting(in line: Substring) -> Substring? {
        let text = line.trimmingSpaces()
        guard text.hasPrefix("//") else { return nil }
        let comment = text.dropFirst(2).trimmingSpaces()
        return comment.hasPrefix("apus:") ? comment.dropFirst(5).trimmingSpaces() : nil
    }

    private mutating func read(_ line: Substring, _ seen: inout Set<String>) throws(HeaderProblem) {
        guard let equals = line.firstIndex(of: "=") else {
            throw HeaderProblem("'\(line)' is not 'key = value'; the keys are \(Self.keys.joined(separator: ", "))")
        }
        let key = String(line[..<equals].trimmingSpaces())
        guard Self.keys.contains(key) else { throw Self.unknown(key) }
        guard seen.insert(key).inserted else { throw HeaderProblem("'\(key)' stands here for the second time") }
        let value = try HeaderValue(line[line.index(after: equals)...].trimmingSpaces())
        switch (key, value) {
        case ("name", .string(let text)):
            guard text.unicodeScalars.allSatisfy(Self.isAllowedInName), !text.isEmpty, !text.hasPrefix(".") else {
                throw HeaderProblem("the name \"\(text)\" may hold letters, digits, '-', '_' and '.' alone")
            }
            name = text
        case ("optimize", .boolean(let flag)): optimize = flag
        case ("flags", .strings(let words)): flags = words
        case ("name", _): throw HeaderProblem("'name' takes a string: name = \"fractal\"")
        case ("optimize", _): throw HeaderProblem("'optimize' takes true or false")
        default: throw HeaderProblem("'flags' takes an array of strings: flags = [\"-DFAST\"]")
        }
    }

    private static func unknown(_ key: String) -> HeaderProblem {
        if packageKeys.contains(key) {
            return HeaderProblem(
                "'\(key)': a script cannot name Swift packages; make a package with 'apus init NAME' and name them there"
            )
        }
        let nearest = NearestName.find(key, among: keys)
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

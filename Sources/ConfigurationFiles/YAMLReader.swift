import Launch
import Yams

/// YAML, without what settings have no use for and attackers have: anchors, tags, several documents.
enum YAMLReader {
    /// Reads one document.
    static func read(_ text: String) throws(SettingsSyntaxError) -> SettingsNode {
        try refuseTabs(text)
        try refuseAliases(text)
        do {
            // Scalars are read by what their setting expects, so `no` and `007` stay what they are.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else { throw SettingsSyntaxError.empty }
            return try node(root)
        } catch let error as SettingsSyntaxError {
            throw error
        } catch let error as YamlError {
            throw syntaxError(error, text)
        } catch {
            throw SettingsSyntaxError(message: "\(error)")
        }
    }

    private static func node(_ yaml: Node) throws(SettingsSyntaxError) -> SettingsNode {
        let position = position(yaml.mark)
        switch yaml {
        case .scalar(let scalar):
            try refuse(scalar.tag, position)
            let isPlain = scalar.style == .plain || scalar.style == .any
            if isPlain, ["", "~", "null"].contains(scalar.string) {
                return .init(position: position, content: .nothing)
            }
            return .init(position: position, content: .scalar(scalar.string, isQuoted: !isPlain))
        case .sequence(let sequence):
            try refuse(sequence.tag, position)
            var nodes: [SettingsNode] = []
            for element in sequence { nodes.append(try node(element)) }
            return .init(position: position, content: .sequence(nodes))
        case .mapping(let mapping):
            try refuse(mapping.tag, position)
            var members: [SettingsNode.Member] = []
            for (key, value) in mapping {
                let place = Self.position(key.mark)
                guard case .scalar(let scalar) = key else {
                    throw SettingsSyntaxError(position: place, message: "a key is a list or a mapping; keys are words")
                }
                members.append(.init(key: scalar.string, position: place, value: try node(value)))
            }
            return .init(position: position, content: .mapping(members))
        case .alias:
            throw SettingsSyntaxError(position: position, message: "settings files have no aliases")
        }
    }

    private static func refuse(_ tag: Tag, _ position: SettingsNode.Position) throws(SettingsSyntaxError) {
        let plain: [Tag.Name] = [.implicit, .str, .seq, .map]
        guard plain.contains(where: { $0.rawValue == tag.rawValue }) else {
            throw SettingsSyntaxError(
                position: position, message: "settings files have no tags, and here is '\(tag.rawValue)'; leave it out")
        }
    }

    /// YAML indents with spaces; its own message about tabs is a riddle.
    private static func refuseTabs(_ text: String) throws(SettingsSyntaxError) {
        for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            let indent = line.prefix { $0 == 0x20 || $0 == 0x09 }
            guard let tab = indent.firstIndex(of: 0x09), indent.endIndex < line.endIndex else { continue }
            let column = line.distance(from: line.startIndex, to: tab) + 1
            throw SettingsSyntaxError(
                position: .init(line: index + 1, column: column),
                message: "a tab indents this line; YAML indents with spaces")
        }
    }

    /// Refuses what a small file could expand to a huge one with, before anything is expanded.
    ///
    /// A name that stands after `&` and also after `*` is taken for an anchor and its alias, even in a comment: that
    /// errs on the safe side, and needs no understanding of quotes.
    private static func refuseAliases(_ text: String) throws(SettingsSyntaxError) {
        let bytes = Array(text.utf8)
        var anchors: Set<ArraySlice<UInt8>> = []
        var aliases: [(name: ArraySlice<UInt8>, offset: Int)] = []
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") {
            let name = bytes[(offset + 1)...].prefix(while: isNameByte)
            guard !name.isEmpty else { continue }
            if byte == UInt8(ascii: "&") { anchors.insert(name) } else { aliases.append((name, offset)) }
        }
        guard let alias = aliases.first(where: { anchors.contains($0.name) }) else { return }
        let name = String(decoding: alias.name, as: UTF8.self)
        throw SettingsSyntaxError(
            position: position(of: alias.offset, in: bytes),
            message: "settings files have no anchors and aliases, and here are '&\(name)' and '*\(name)'; "
                + "write the value out")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func position(of offset: Int, in bytes: [UInt8]) -> SettingsNode.Position {
        let before = bytes[..<offset]
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return .init(
            line: before.count { $0 == 0x0A } + 1, column: String(decoding: before[start...], as: UTF8.self).count + 1)
    }

    private static func position(_ mark: Mark?) -> SettingsNode.Position {
        .init(line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private static func syntaxError(_ error: YamlError, _ text: String) -> SettingsSyntaxError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let begin = context.map { "\($0.text): " } ?? ""
            return .init(position: position(mark), message: "this is no YAML: \(begin)\(problem)")
        case .composer(let context, let problem, let mark, _):
            let begin = context.map { "\($0.text), " } ?? ""
            return .init(position: position(mark), message: "this cannot be used: \(begin)\(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\(SettingText.short($0))'" }.joined(separator: ", ")
            return .init(
                position: position(context.mark), message: "\(names) is there more than once; a key has one value")
        case .reader(let problem, let offset, _, _):
            let before = text.prefix(offset ?? 0)
            let line = before.count { $0.isNewline } + 1
            return .init(
                position: .init(line: line, column: (before.split(separator: "\n").last?.count ?? 0) + 1),
                message: "this is no YAML: \(problem)")
        default:
            return .init(message: "this is no YAML: \(error)")
        }
    }
}

extension SettingsSyntaxError {
    /// A file without settings is a mix-up more often than a wish.
    static let empty = SettingsSyntaxError(
        message: "there is nothing in this file; write a setting such as `retries: 2`, or leave the file out")
}

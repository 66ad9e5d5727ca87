import Launch

/// A value of a file, with its place.
struct SettingsNode: Equatable {
    /// A place in a file, counted from 1; columns are characters of Unicode.
    struct Position: Equatable, Comparable {
        var line: Int
        var column: Int

        static func < (left: Self, right: Self) -> Bool { (left.line, left.column) < (right.line, right.column) }
    }

    /// A key, its place and its value.
    struct Member: Equatable {
        var key: String
        var position: Position
        var value: SettingsNode
    }

    enum Content: Equatable {
        case nothing
        case scalar(String, isQuoted: Bool)
        case sequence([SettingsNode])
        case mapping([Member])
    }

    var position: Position
    var content: Content

    /// What a setting's type reads.
    var input: SettingInput {
        switch content {
        case .nothing: return .nothing
        case .scalar(let text, let isQuoted): return .text(text, isQuoted: isQuoted)
        case .mapping: return .mapping
        case .sequence(let nodes):
            var items: [String] = []
            for node in nodes {
                // A list within a list, or of nothing, fits no setting; an empty text is refused by all.
                guard case .scalar(let text, _) = node.content else { return .list(nodes.map { _ in "" }) }
                items.append(text)
            }
            return .list(items)
        }
    }
}

/// Why a file cannot be read as what its name says.
struct SettingsSyntaxError: Error, Equatable {
    /// Where; nil when it is about the whole file.
    var position: SettingsNode.Position?
    var message: String
}

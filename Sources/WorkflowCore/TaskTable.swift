/// The tasks a program knows, by name.
///
/// Both ends of a run must have the same table.
public struct TaskTable: Sendable {
    private var definitions: [String: TaskDefinition] = [:]

    /// An empty table.
    public init() {}

    /// Adds a definition.
    ///
    /// - Throws: ``TaskTableError`` when another task has the name.
    public mutating func add(_ definition: TaskDefinition) throws(TaskTableError) {
        if let present = definitions[definition.name] {
            throw .duplicate(present: present.row, added: definition.row)
        }
        definitions[definition.name] = definition
    }

    /// The task with this name, if there is one.
    public subscript(name: String) -> TaskDefinition? { definitions[name] }

    /// How many tasks there are.
    public var count: Int { definitions.count }

    /// One line for each task, sorted by name.
    public var rows: [String] { definitions.values.map(\.row).sorted() }

    /// Names the content: equal tables have equal fingerprints, in every process and run.
    ///
    /// FNV-1a, 64 bits, over the sorted rows. It guards against mistakes, not against attackers: a peer is
    /// authenticated by its CURVE key.
    public var fingerprint: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for row in rows {
            for byte in row.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ 0x0a) &* 0x0000_0100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A table of tasks that contradicts itself.
public enum TaskTableError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Two apps have the same name.
    case duplicate(present: String, added: String)

    /// What is wrong and how to mend it.
    public var description: String {
        switch self {
        case .duplicate(let present, let added):
            "two apps have one name: '\(present)' and '\(added)'; a worker finds an app by its name, so rename one"
        }
    }
}

/// What a pickle consists of: its opcodes, how often each comes, and how many bytes they take.
public struct PickleStatistics: Sendable, CustomStringConvertible {
    /// One opcode.
    public struct Row: Sendable {
        /// The name.
        public var name: String
        /// How often it comes.
        public var count: Int
        /// The bytes of the opcode and its arguments.
        public var bytes: Int
    }

    /// The opcodes, those with the most bytes first.
    public private(set) var rows: [Row] = []
    /// The size of the pickle up to STOP.
    public private(set) var size = 0
    /// The highest protocol that an opcode needs.
    public private(set) var highestProtocol = 0
    /// The largest single arguments, with their offsets.
    public private(set) var largest: [(offset: Int, name: String, bytes: Int)] = []

    /// Counts the opcodes of a pickle.
    public init(of bytes: [UInt8], limits: PickleLimits = PickleLimits()) throws(PickleError) {
        var table: [String: Row] = [:]
        var largest: [(offset: Int, name: String, bytes: Int)] = []
        var (end, highest) = (0, 0)
        try PickleSource.array(bytes).withView { view throws(PickleError) in
            var scanner = OpcodeScanner(view, limits: limits)
            while let (opcode, _) = try scanner.next() {
                let length = scanner.position - scanner.start
                table[opcode.name, default: Row(name: opcode.name, count: 0, bytes: 0)].count += 1
                table[opcode.name]?.bytes += length
                if length > 32, length > (largest.last?.bytes ?? 0) || largest.count < 5 {
                    largest.append((scanner.start, opcode.name, length))
                    largest.sort { $0.bytes > $1.bytes }
                    if largest.count > 5 { largest.removeLast() }
                }
            }
            (end, highest) = (scanner.position, scanner.highest)
        }
        rows = table.values.sorted { ($0.bytes, $1.name) > ($1.bytes, $0.name) }
        (size, highestProtocol, self.largest) = (end, highest, largest)
    }

    /// A table for people.
    public var description: String {
        var text = "\(size) bytes, highest protocol \(highestProtocol)\n"
        for row in rows {
            let name = row.name + String(repeating: " ", count: max(1, 18 - row.name.utf8.count))
            text += "  \(name)\(row.count) × , \(row.bytes) bytes\n"
        }
        if !largest.isEmpty { text += "largest:\n" }
        for (offset, name, bytes) in largest { text += "  offset \(offset): \(name), \(bytes) bytes\n" }
        return text
    }
}

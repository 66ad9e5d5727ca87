/// Lists of lists of plain values.
///
/// A row has no room made for it beforehand: there may be as many rows as the input has bytes.
extension DirectReader {
    mutating func intRows() -> [[Int]]? {
        rows { reader, row in
            reader.list(inside: true) { reader, opcode, _ in
                reader.int(opcode).map { row.append($0) } != nil
            }
        }
    }

    mutating func doubleRows() -> [[Double]]? {
        rows { reader, row in
            reader.list(inside: true) { reader, opcode, _ in
                reader.double(opcode).map { row.append($0) } != nil
            }
        }
    }

    mutating func stringRows() -> [[String]]? {
        rows { reader, row in
            reader.list(inside: true) { reader, opcode, _ in
                reader.string(opcode).map { row.append($0) } != nil
            }
        }
    }

    @inline(__always)
    private mutating func rows<Element>(_ read: (inout DirectReader, inout [Element]) -> Bool) -> [[Element]]? {
        var result: [[Element]] = []
        let complete = list { reader, opcode, _ in
            guard opcode == PickleOpcode.emptyList.rawValue else { return false }
            reader.putBack()
            var row: [Element] = []
            guard read(&reader, &row) else { return false }
            result.append(row)
            return true
        }
        return complete ? result : nil
    }
}

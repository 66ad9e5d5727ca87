/// The bytes in a text of hex digits; blanks and line ends are for reading only.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    var bytes: [UInt8] = []
    var index = digits.startIndex
    while index < digits.endIndex {
        let next = digits.index(index, offsetBy: 2)
        bytes.append(UInt8(digits[index..<next], radix: 16) ?? 0)
        index = next
    }
    return bytes
}

extension [UInt8] {
    /// Calls a parser on the bytes.
    func parsed<Value>(_ parser: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try withUnsafeBytes { try parser($0) }
    }
}

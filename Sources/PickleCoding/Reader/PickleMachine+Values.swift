extension PickleMachine {
    /// Text in UTF-8 from the source.
    @inline(__always)
    mutating func pushText(length: Int) throws(PickleError) {
        let start = try take(length)
        try push(try textNode(start: start, length: length))
    }

    @inline(__always)
    func textNode(start: Int, length: Int) throws(PickleError) -> PickleNode {
        switch bytes.slice(start, length).checkText() {
        case .ascii: return PickleNode(.string, start: start, length: length, flags: .ascii)
        case .unicode: return PickleNode(.string, start: start, length: length)
        case .surrogates: return PickleNode(.string, start: start, length: length, flags: .surrogates)
        case .invalid: throw failure(.badEncoding, "the text is not UTF-8")
        }
    }

    mutating func pushBytes(_ tag: PickleNode.Tag, length: Int) throws(PickleError) {
        let start = try take(length)
        try push(PickleNode(tag, start: start, length: length, flags: tag == .byteArray ? .unhashable : []))
    }

    /// A long integer from the source.
    mutating func pushLong(length: Int) throws(PickleError) {
        let start = try take(length)
        try push(PickleMachine.integerNode(bytes.slice(start, length), start: start, flags: []))
    }

    /// The node of a two's complement integer: in the node if it fits, else the range of its significant bytes.
    static func integerNode(_ view: ByteView, start: Int, flags: PickleNode.Flags) -> PickleNode {
        var length = view.count
        while length > 1 {
            let (last, next) = (view[length - 1], view[length - 2])
            guard (last == 0 && next < 0x80) || (last == 0xFF && next >= 0x80) else { break }
            length -= 1
        }
        guard length <= 8 else { return PickleNode(.bigInt, start: start, length: length, flags: flags) }
        var value: UInt64 = length > 0 && view[length - 1] >= 0x80 ? .max : 0
        for index in (0..<length).reversed() { value = value << 8 | UInt64(view[index]) }
        return PickleNode(.int, payload: value)
    }

    // MARK: Text forms of protocol 0

    mutating func pushTextInteger(line: Range<Int>) throws(PickleError) {
        var view = bytes.slice(line.lowerBound, line.count)
        // Files that went through a text-mode transfer have a carriage return.
        if view.count > 0, view[view.count - 1] == 0x0D { view = view.slice(0, view.count - 1) }
        if view.count == 2, view[0] == 0x30, view[1] == 0x30 || view[1] == 0x31 {
            return try push(PickleNode(.bool, payload: UInt64(view[1] - 0x30)))
        }
        try pushDecimal(view)
    }

    mutating func pushTextLong(line: Range<Int>) throws(PickleError) {
        var view = bytes.slice(line.lowerBound, line.count)
        if view.count > 0, view[view.count - 1] == 0x0D { view = view.slice(0, view.count - 1) }
        if view.count > 0, view[view.count - 1] == 0x4C { view = view.slice(0, view.count - 1) }
        try pushDecimal(view)
    }

    private mutating func pushDecimal(_ view: ByteView) throws(PickleError) {
        var index = 0
        let negative = view.count > 0 && view[0] == 0x2D
        if negative || (view.count > 0 && view[0] == 0x2B) { index = 1 }
        guard view.count > index else { throw failure(.badLiteral, "an integer without digits") }
        guard view.count - index <= limits.maxTextDigits else {
            throw failure(
                .limitExceeded, "an integer of \(view.count - index) digits, the limit is \(limits.maxTextDigits)")
        }
        var small: UInt64 = 0
        let start = index
        while index < view.count {
            let digit = view[index]
            guard digit >= 0x30, digit <= 0x39 else {
                throw failure(.badLiteral, "the integer has a character that is no digit")
            }
            small = small &* 10 &+ UInt64(digit &- 0x30)
            index += 1
        }
        if view.count - start <= 18 {
            return try push(PickleNode(.int, payload: negative ? 0 &- small : small))
        }
        let magnitude = BigDecimal.magnitude(ofDigits: view.slice(start, view.count - start))
        try pushSideInteger(BigDecimal.twosComplement(magnitude, negative: negative))
    }

    mutating func pushSideInteger(_ encoded: [UInt8]) throws(PickleError) {
        let start = side.count
        let node = PickleSource.array(encoded).withView { PickleMachine.integerNode($0, start: start, flags: .side) }
        if node.tag == .bigInt { side.append(contentsOf: encoded) }
        try push(node)
    }

    mutating func pushTextFloat(line: Range<Int>) throws(PickleError) {
        guard let value = TextLiterals.float(bytes.slice(line.lowerBound, line.count)) else {
            throw failure(.badLiteral, "the text is not a float as Python writes it")
        }
        try push(PickleNode(.float, payload: value.bitPattern))
    }

    mutating func pushQuotedString(line: Range<Int>) throws(PickleError) {
        guard let content = TextLiterals.quoted(bytes.slice(line.lowerBound, line.count)) else {
            throw failure(.badLiteral, "the string is not quoted or has a broken escape")
        }
        let start = side.count
        side.append(contentsOf: content)
        try push(try legacyNode(content: content, start: start, flags: .side))
    }

    /// An 8-bit string of Python 2.
    mutating func pushLegacyString(length: Int) throws(PickleError) {
        let start = try take(length)
        try push(try legacyNode(content: bytes.slice(start, length).array, start: start, flags: []))
    }

    private mutating func legacyNode(
        content: [UInt8], start: Int, flags: PickleNode.Flags
    ) throws(PickleError) -> PickleNode {
        switch options.textEncoding {
        case .bytes: return PickleNode(.bytes, start: start, length: content.count, flags: flags)
        case .ascii:
            guard content.allSatisfy({ $0 < 0x80 }) else {
                throw failure(
                    .badEncoding, "an 8-bit string of Python 2 is not ASCII", expected: "another text encoding")
            }
            return PickleNode(.string, start: start, length: content.count, flags: flags.union(.ascii))
        case .latin1:
            guard content.contains(where: { $0 >= 0x80 }) else {
                return PickleNode(.string, start: start, length: content.count, flags: flags.union(.ascii))
            }
            let place = side.count
            for byte in content { TextLiterals.append(scalar: UInt32(byte), to: &side) }
            return PickleNode(.string, start: place, length: side.count - place, flags: .side)
        case .utf8:
            switch PickleSource.array(content).withView({ $0.checkText() }) {
            case .ascii: return PickleNode(.string, start: start, length: content.count, flags: flags.union(.ascii))
            case .unicode: return PickleNode(.string, start: start, length: content.count, flags: flags)
            case .surrogates, .invalid: throw failure(.badEncoding, "an 8-bit string of Python 2 is not UTF-8")
            }
        }
    }

    mutating func pushEscapedText(line: Range<Int>) throws(PickleError) {
        let view = bytes.slice(line.lowerBound, line.count)
        var plain = true
        for index in 0..<view.count where view[index] >= 0x80 || view[index] == 0x5C {
            plain = false
            break
        }
        if plain {
            return try push(PickleNode(.string, start: line.lowerBound, length: line.count, flags: .ascii))
        }
        let start = side.count
        guard let surrogates = TextLiterals.unescape(view, into: &side) else {
            throw failure(.badLiteral, "the text has a broken \\u escape")
        }
        try push(
            PickleNode(
                .string, start: start, length: side.count - start, flags: surrogates ? [.side, .surrogates] : .side))
    }

    func index(line: Range<Int>) throws(PickleError) -> UInt64 {
        var view = bytes.slice(line.lowerBound, line.count)
        if view.count > 0, view[view.count - 1] == 0x0D { view = view.slice(0, view.count - 1) }
        guard view.count > 0 else { throw failure(.badLiteral, "a memo index without digits") }
        var value: UInt64 = 0
        for position in 0..<view.count {
            let digit = view[position]
            guard digit >= 0x30, digit <= 0x39 else {
                throw failure(.badLiteral, "the memo index is not a number that is not negative")
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit - 0x30))
            guard !overflow, !carry else { throw failure(.limitExceeded, "the memo index is out of range") }
            value = sum
        }
        return value
    }

    // MARK: Buffers

    mutating func pushBuffer() throws(PickleError) {
        guard nextBuffer < options.buffers.count else {
            if options.toleratesMissing { return try push(PickleNode(.byteArray, flags: .unhashable)) }
            throw failure(.missingBuffer, "\(options.buffers.count) buffers were given, one more is asked for")
        }
        try push(PickleNode(.buffer, flags: .unhashable, payload: UInt64(nextBuffer)))
        nextBuffer += 1
    }

    mutating func makeReadOnly() throws(PickleError) {
        let value = try top()
        var node = nodes[Int(value)]
        switch node.tag {
        case .bytes: return
        case .buffer, .byteArray:
            node.flags.insert(.readOnly)
            stack[stack.count - 1] = try add(node)
        default: throw failure(.typeMismatch, "a read-only view of \(describe(value))", expected: "a buffer")
        }
    }
}

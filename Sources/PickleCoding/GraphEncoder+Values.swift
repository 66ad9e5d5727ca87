extension GraphEncoder {
    mutating func visit(_ index: UInt32, into out: inout PickleWriter) throws(PickleError) {
        if let place = memo[index] { return fetch(place, into: &out) }
        let node = storage.nodes[Int(index)]
        switch node.tag {
        case .none: out.none()
        case .bool:
            if version < 2 { out.line(.int, node.payload == 0 ? "00" : "01") } else { out.bool(node.payload != 0) }
        case .int: writeInt(node.int, into: &out)
        case .bigInt: writeLong(node, into: &out)
        case .float: if version == 0 { out.line(.float, PythonText.float(node.float)) } else { out.double(node.float) }
        case .string:
            writeText(node, into: &out)
            memoize(index, into: &out)
        case .bytes:
            writeBytes(node, into: &out)
            memoize(index, into: &out)
        case .byteArray:
            writeByteArray(node, into: &out)
            memoize(index, into: &out)
        case .list, .tuple, .dict, .set, .frozenSet: visitContainer(index, node, into: &out)
        case .global:
            try writeGlobal(node, into: &out)
            memoize(index, into: &out)
        case .reduce, .instance, .known: try visitRecord(index, node, into: &out)
        case .persistentID: try writePersistentID(node, into: &out)
        case .buffer:
            let content = storage.buffers[node.start]
            if node.flags.contains(.readOnly) {
                writeBytes(content, into: &out)
            } else {
                writeByteArray(content, into: &out)
            }
            memoize(index, into: &out)
        }
    }

    func writeInt(_ value: Int, into out: inout PickleWriter) {
        if version >= 2 {
            out.int(value)
        } else if let small = Int32(exactly: value) {
            if version == 0 { out.line(.int, "\(small)") } else { out.int(value) }
        } else {
            out.line(.long, "\(value)L")
        }
    }

    private func writeLong(_ node: PickleNode, into out: inout PickleWriter) {
        storage.withPayload(node) { view in
            if version < 2 {
                out.line(.long, BigDecimal.decimal(ofTwosComplement: view) + "L")
            } else if view.count < 256 {
                out.opcode(.long1)
                out.storage.append(UInt8(view.count))
                unsafe view.withBytes { unsafe out.raw($0) }
            } else {
                out.opcode(.long4)
                out.raw32(UInt32(truncatingIfNeeded: view.count))
                unsafe view.withBytes { unsafe out.raw($0) }
            }
        }
    }

    private func writeText(_ node: PickleNode, into out: inout PickleWriter) {
        storage.withPayload(node) { view in
            writeText(view, into: &out)
        }
    }

    func writeText(_ view: ByteView, into out: inout PickleWriter) {
        switch version {
        case 0:
            out.opcode(.unicode)
            out.raw(PythonText.escaped(view))
            out.storage.append(0x0A)
        case 1...3:
            out.opcode(.binUnicode)
            out.raw32(UInt32(truncatingIfNeeded: view.count))
            unsafe view.withBytes { unsafe out.raw($0) }
        default: unsafe view.withBytes { unsafe out.textBytes($0) }
        }
    }

    private func writeBytes(_ node: PickleNode, into out: inout PickleWriter) {
        if version >= 3 {
            storage.withPayload(node) { view in unsafe view.withBytes { unsafe out.bytes($0) } }
        } else {
            writeBytes(storage.withPayload(node) { $0.array }, into: &out)
        }
    }

    func writeBytes(_ content: [UInt8], into out: inout PickleWriter) {
        guard version < 3 else { return out.bytes(content) }
        guard !content.isEmpty else {
            writeName("builtins", "bytes", into: &out)
            writeEmptyTuple(into: &out)
            return out.reduce()
        }
        writeName("_codecs", "encode", into: &out)
        if version < 2 { out.mark() }
        var text: [UInt8] = []
        for byte in content { TextLiterals.append(scalar: UInt32(byte), to: &text) }
        PickleSource.array(text).withView { writeText($0, into: &out) }
        PickleSource.array(Array("latin1".utf8)).withView { writeText($0, into: &out) }
        out.opcode(version < 2 ? .tuple : .tuple2)
        out.reduce()
    }

    private func writeByteArray(_ node: PickleNode, into out: inout PickleWriter) {
        writeByteArray(storage.withPayload(node) { $0.array }, into: &out)
    }

    func writeByteArray(_ content: [UInt8], into out: inout PickleWriter) {
        if version >= 5 {
            out.opcode(.byteArray8)
            out.storage.reserve(8)
            out.storage.put(integer: UInt64(content.count))
            return out.raw(content)
        }
        writeName("builtins", "bytearray", into: &out)
        if content.isEmpty {
            writeEmptyTuple(into: &out)
        } else {
            if version < 2 { out.mark() }
            writeBytes(content, into: &out)
            out.opcode(version < 2 ? .tuple : .tuple1)
        }
        out.reduce()
    }

    func writeEmptyTuple(into out: inout PickleWriter) {
        if version == 0 {
            out.mark()
            out.tuple()
        } else {
            out.emptyTuple()
        }
    }

    /// Writes a name of ours.
    func writeName(_ module: String, _ name: String, into out: inout PickleWriter) {
        if version >= 4 {
            out.global(module: module, name: name)
        } else {
            out.opcode(.global)
            out.raw([UInt8](module.utf8) + [0x0A] + [UInt8](name.utf8) + [0x0A])
        }
    }

    private func writeGlobal(_ node: PickleNode, into out: inout PickleWriter) throws(PickleError) {
        let (module, name) = (storage.nodes[Int(node.pair.0)], storage.nodes[Int(node.pair.1)])
        if version >= 4 {
            writeText(module, into: &out)
            writeText(name, into: &out)
            return out.opcode(.stackGlobal)
        }
        for part in [module, name] {
            let (newline, ascii) = storage.withPayload(part) { view in
                (view.newline(from: 0, before: view.count) != nil, view.checkText() == .ascii)
            }
            guard !newline, part.length > 0, version == 3 || ascii else {
                throw unsupported("the name \(storage.string(module)).\(storage.string(name))")
            }
        }
        // Before protocol 4 a dotted name is reached attribute by attribute.
        let parts = storage.string(name).split(separator: ".", omittingEmptySubsequences: false)
        for _ in parts.dropFirst() {
            writeName("builtins", "getattr", into: &out)
            if version < 2 { out.mark() }
        }
        out.opcode(.global)
        storage.withPayload(module) { view in unsafe view.withBytes { unsafe out.raw($0) } }
        out.storage.append(0x0A)
        out.raw([UInt8]((parts.first ?? "").utf8) + [0x0A])
        for part in parts.dropFirst() {
            PickleSource.array([UInt8](part.utf8)).withView { writeText($0, into: &out) }
            out.opcode(version < 2 ? .tuple : .tuple2)
            out.reduce()
        }
    }

    private mutating func writePersistentID(_ node: PickleNode, into out: inout PickleWriter) throws(PickleError) {
        let id = UInt32(truncatingIfNeeded: node.payload)
        let idNode = storage.nodes[Int(id)]
        guard version == 0 else {
            steps.append(.emit(.binPersID))
            return try visit(id, into: &out)
        }
        let plain =
            idNode.tag == .string
            && storage.withPayload(idNode) { $0.checkText() == .ascii && $0.newline(from: 0, before: $0.count) == nil }
        guard plain else { throw unsupported("a persistent id that is not a line of ASCII") }
        out.line(.persID, storage.string(idNode))
    }
}

/// Text forms that Python writes.
enum PythonText {
    /// A float as Python's `repr` writes it.
    static func float(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        // Swift prints the same shortest digits, but other exponents: 1e+16 where Python has 1e+16, 1e-05 for 1e-05.
        var text = value.description
        guard let mark = text.firstIndex(of: "e") else {
            return text
        }
        var mantissa = String(text[..<mark])
        var exponent = String(text[text.index(after: mark)...])
        if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
        var sign = "+"
        if exponent.hasPrefix("-") || exponent.hasPrefix("+") { sign = String(exponent.removeFirst()) }
        if exponent.utf8.count < 2 { exponent = "0" + exponent }
        text = mantissa + "e" + sign + exponent
        return text
    }

    /// Text in the raw-unicode-escape form of protocol 0.
    static func escaped(_ view: ByteView) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(view.count)
        var index = 0
        while index < view.count {
            let lead = view[index]
            let size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
            var scalar = UInt32(lead)
            if size > 1 {
                scalar = UInt32(lead) & (0x7F >> UInt32(size))
                for position in (index + 1)..<(index + size) { scalar = scalar << 6 | UInt32(view[position] & 0x3F) }
            }
            index += size
            switch scalar {
            case 0x5C, 0, 0x0A, 0x0D, 0x1A: escape(scalar, digits: 4, into: &result)
            case 0..<0x100: result.append(UInt8(scalar))
            case 0x100..<0x10000: escape(scalar, digits: 4, into: &result)
            default: escape(scalar, digits: 8, into: &result)
            }
        }
        return result
    }

    private static func escape(_ scalar: UInt32, digits: Int, into result: inout [UInt8]) {
        result.append(0x5C)
        result.append(digits == 4 ? 0x75 : 0x55)
        let text = String(scalar, radix: 16)
        for _ in text.utf8.count..<digits { result.append(0x30) }
        result.append(contentsOf: text.utf8)
    }
}

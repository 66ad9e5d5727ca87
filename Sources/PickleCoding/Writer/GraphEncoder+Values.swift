extension GraphEncoder {
    mutating func visit(_ index: UInt32, into out: inout PickleWriter) throws(PickleError) {
        if mode == .cpython, version >= 4 { frames.boundary(at: out.count) }
        if let place = memo[index] { return fetch(place, into: &out) }
        let node = storage.nodes[Int(index)]
        if mode == .canonical {
            guard out.count < 1 << 32 else {
                throw PickleError(.limitExceeded, message: "shared values written out take more than 4 GiB")
            }
            switch node.tag {
            case .list, .tuple, .dict, .set, .frozenSet, .reduce, .instance, .known:
                return try visitCanonical(index, node, into: &out)
            default: break
            }
        }
        switch node.tag {
        case .none: out.none()
        case .bool:
            if version < 2 { out.line(.int, node.payload == 0 ? "00" : "01") } else { out.bool(node.payload != 0) }
        case .int: writeInt(node.int, into: &out)
        case .bigInt: writeLong(node, into: &out)
        case .float: writeFloat(node.float, into: &out)
        case .string:
            let single = mode == .cpython ? storage.singleObject(node) : nil
            if let single, let place = singles[single] { return fetch(place, into: &out) }
            writeText(node, into: &out)
            memoize(index, into: &out)
            if let single { singles[single] = memo[index] }
        case .bytes:
            let single = mode == .cpython ? storage.singleObject(node) : nil
            if let single, let place = singles[single] { return fetch(place, into: &out) }
            writeBytes(node, into: &out)
            memoize(index, into: &out)
            if let single { singles[single] = memo[index] }
        case .byteArray:
            writeByteArray(node, into: &out)
            memoize(index, into: &out)
        case .list, .tuple, .dict, .set, .frozenSet: visitContainer(index, node, into: &out)
        case .global: try visitGlobal(index, node, into: &out)
        case .reduce, .instance, .known: try visitRecord(index, node, into: &out)
        case .persistentID: try writePersistentID(node, into: &out)
        case .buffer:
            // Out of band when it was read, in band when it is written.
            let content = storage.buffers[node.start]
            if node.flags.contains(.readOnly) {
                writeBytes(content, into: &out)
            } else {
                writeByteArray(content, into: &out)
            }
            memoize(index, into: &out)
        }
    }

    private func writeFloat(_ value: Double, into out: inout PickleWriter) {
        // Of all the forms of NaN one stands for equal content.
        let value = mode == .canonical && value.isNaN ? Double.nan : value
        if version == 0 { out.line(.float, PythonText.float(value)) } else { out.double(value) }
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

    private mutating func writeText(_ node: PickleNode, into out: inout PickleWriter) {
        let start = out.count
        storage.withPayload(node) { view in writeText(view, into: &out) }
        if version >= 4, node.length >= FrameCuts.target { frames.bare(from: start, to: out.count) }
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

    private mutating func writeBytes(_ node: PickleNode, into out: inout PickleWriter) {
        if version >= 3 {
            let start = out.count
            storage.withPayload(node) { view in unsafe view.withBytes { unsafe out.bytes($0) } }
            if version >= 4, node.length >= FrameCuts.target { frames.bare(from: start, to: out.count) }
        } else {
            writeBytes(storage.withPayload(node) { $0.array }, into: &out)
        }
    }

    mutating func writeBytes(_ content: [UInt8], into out: inout PickleWriter) {
        guard version < 3 else {
            let start = out.count
            out.bytes(content)
            if version >= 4, content.count >= FrameCuts.target { frames.bare(from: start, to: out.count) }
            return
        }
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
        putAnonymous(into: &out)
        writeKnownText("latin1", into: &out)
        out.opcode(version < 2 ? .tuple : .tuple2)
        putAnonymous(into: &out)
        out.reduce()
    }

    /// Writes a text of ours, which CPython has only once.
    private mutating func writeKnownText(_ text: String, into out: inout PickleWriter) {
        if mode == .cpython, let place = named[text] { return fetch(place, into: &out) }
        PickleSource.array(Array(text.utf8)).withView { writeText($0, into: &out) }
        if mode == .cpython { named[text] = put(into: &out) }
    }

    private mutating func writeByteArray(_ node: PickleNode, into out: inout PickleWriter) {
        writeByteArray(storage.withPayload(node) { $0.array }, into: &out)
    }

    mutating func writeByteArray(_ content: [UInt8], into out: inout PickleWriter) {
        if version >= 5 {
            let start = out.count
            out.opcode(.byteArray8)
            out.storage.reserve(8)
            out.storage.put(integer: UInt64(content.count))
            out.raw(content)
            if content.count >= FrameCuts.target { frames.bare(from: start, to: out.count) }
            return
        }
        writeName("builtins", "bytearray", into: &out)
        if content.isEmpty {
            writeEmptyTuple(into: &out)
        } else {
            if version < 2 { out.mark() }
            if mode == .cpython, version >= 4 { frames.boundary(at: out.count) }
            writeBytes(content, into: &out)
            putAnonymous(into: &out)
            out.opcode(version < 2 ? .tuple : .tuple1)
            putAnonymous(into: &out)
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
    mutating func writeName(_ module: String, _ name: String, into out: inout PickleWriter) {
        guard mode == .cpython else {
            if version >= 4 { return out.global(module: module, name: name) }
            return writeNameLines(module, name, into: &out)
        }
        let key = module + " " + name
        if let place = named[key] { return fetch(place, into: &out) }
        if version >= 4 {
            writeKnownText(module, into: &out)
            out.string(name)
            _ = put(into: &out)
            out.opcode(.stackGlobal)
        } else {
            writeNameLines(module, name, into: &out)
        }
        named[key] = put(into: &out)
    }

    /// Writes GLOBAL; where CPython writes names of Python 2, so does this in its mode.
    private func writeNameLines(_ module: String, _ name: String, into out: inout PickleWriter) {
        var spoken = PickleName(module: module, name: name)
        if mode == .cpython, version < 3 { spoken = LegacyNames.legacy(module: module, name: name) ?? spoken }
        out.opcode(.global)
        out.raw([UInt8](spoken.module.utf8) + [0x0A] + [UInt8](spoken.name.utf8) + [0x0A])
    }

    private func globalKey(_ node: PickleNode) -> String {
        storage.lossyString(node.pair.0) + " " + storage.lossyString(node.pair.1)
    }

    mutating func memoizeGlobal(_ index: UInt32, into out: inout PickleWriter) {
        memoize(index, into: &out)
        if mode == .cpython { named[globalKey(storage.nodes[Int(index)])] = memo[index] }
    }

    private mutating func visitGlobal(
        _ index: UInt32, _ node: PickleNode, into out: inout PickleWriter
    ) throws(PickleError) {
        guard mode == .cpython else {
            try writeGlobal(node, into: &out)
            return memoize(index, into: &out)
        }
        // One class is one object, however often its name was read.
        if let place = named[globalKey(node)] { return fetch(place, into: &out) }
        if version >= 4 {
            steps.append(.finishGlobal(index))
            steps.append(.visit(node.pair.1))
            return try visit(node.pair.0, into: &out)
        }
        let name = storage.lossyString(node.pair.1)
        if name.contains("."), !name.split(separator: ".", omittingEmptySubsequences: false).contains("") {
            try writeGlobal(node, into: &out)
        } else {
            try checkName(node)
            writeNameLines(storage.lossyString(node.pair.0), name, into: &out)
        }
        memoizeGlobal(index, into: &out)
    }

    /// Names are lines of text before protocol 4, and ASCII before protocol 3.
    private func checkName(_ node: PickleNode) throws(PickleError) {
        for part in [storage.nodes[Int(node.pair.0)], storage.nodes[Int(node.pair.1)]] {
            let (newline, ascii) = storage.withPayload(part) { view in
                (view.newline(from: 0, before: view.count) != nil, view.checkText() == .ascii)
            }
            guard !newline, part.length > 0, version == 3 || ascii else {
                throw unsupported("the name \(globalKey(node))")
            }
        }
    }

    private mutating func writeGlobal(_ node: PickleNode, into out: inout PickleWriter) throws(PickleError) {
        let (module, name) = (storage.nodes[Int(node.pair.0)], storage.nodes[Int(node.pair.1)])
        if version >= 4 {
            writeText(module, into: &out)
            writeText(name, into: &out)
            return out.opcode(.stackGlobal)
        }
        try checkName(node)
        // Before protocol 4 a dotted name is reached attribute by attribute.
        var parts = storage.string(name).split(separator: ".", omittingEmptySubsequences: false)
        // No attribute has an empty name; such a name is only kept.
        if parts.contains("") { parts = [storage.string(name)[...]] }
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
        // Swift prints the same shortest digits, but changes to an exponent elsewhere (2⁵⁴ instead of 10¹⁶).
        var digits: [UInt8] = []
        var point = 0
        var exponent = 0
        var seenPoint = false
        var text = Substring(value.magnitude.description)
        if let mark = text.firstIndex(of: "e") {
            exponent = Int(text[text.index(after: mark)...]) ?? 0
            text = text[..<mark]
        }
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                seenPoint = true
            } else {
                digits.append(byte)
                if !seenPoint { point += 1 }
            }
        }
        point += exponent
        while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        if zeros < digits.count {
            digits.removeFirst(zeros)
            point -= zeros
        }
        return (value.sign == .minus ? "-" : "") + layout(digits, point: value == 0 ? 1 : point)
    }

    /// Digits and the place of the point, by the rule of `repr`: an exponent below 10⁻⁴ and from 10¹⁶ on.
    private static func layout(_ digits: [UInt8], point: Int) -> String {
        let text = String(decoding: digits, as: UTF8.self)
        if point > -4, point <= 16 {
            if point <= 0 { return "0." + String(repeating: "0", count: -point) + text }
            if point >= digits.count { return text + String(repeating: "0", count: point - digits.count) + ".0" }
            return text.prefix(point) + "." + text.dropFirst(point)
        }
        let power = point - 1
        let mantissa = digits.count == 1 ? text : text.prefix(1) + "." + text.dropFirst(1)
        return mantissa + "e" + (power < 0 ? "-" : "+") + PackedTime.padded(abs(power), 2)
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

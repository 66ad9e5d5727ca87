/// The forms of plain values in canonical JSON.
enum JSONText {
    static func put(_ text: String, into out: inout ByteStorage) {
        var text = text
        text.withUTF8 { unsafe out.put(UnsafeRawBufferPointer($0)) }
    }

    /// An int: a number up to 2⁵³ − 1, decimal text up to 4096 bits, hexadecimal beyond.
    static func integer(_ node: PickleNode, _ storage: PickleStorage, into out: inout ByteStorage) {
        guard node.tag == .bigInt else { return integer(node.int, into: &out) }
        storage.withPayload(node) { integer($0, into: &out) }
    }

    static func integer(_ view: ByteView, into out: inout ByteStorage) {
        // Decimal conversion is quadratic, so the length is looked at first.
        let long = view.count > 520 || BigDecimal.bitCount(ofTwosComplement: view) > 4_096
        let text = long ? BigDecimal.hexadecimal(ofTwosComplement: view) : BigDecimal.decimal(ofTwosComplement: view)
        put("{\"int\":\"" + text + "\"}", into: &out)
    }

    static func integer(_ value: Int, into out: inout ByteStorage) {
        if value.magnitude < 1 << 53 { put("\(value)", into: &out) } else { put("{\"int\":\"\(value)\"}", into: &out) }
    }

    static func float(_ value: Double, into out: inout ByteStorage) {
        if value.isFinite {
            put(PythonText.float(value), into: &out)
        } else {
            put("{\"float\":\"" + PythonText.float(value) + "\"}", into: &out)
        }
    }

    /// A str; one with lone surrogates is given as bytes.
    static func string(_ node: PickleNode, _ storage: PickleStorage, into out: inout ByteStorage) {
        storage.withPayload(node) { view in string(view, surrogates: node.flags.contains(.surrogates), into: &out) }
    }

    static func string(_ bytes: [UInt8], into out: inout ByteStorage) {
        PickleSource.array(bytes).withView { view in
            string(view, surrogates: view.checkText() == .surrogates, into: &out)
        }
    }

    static func string(_ view: ByteView, surrogates: Bool, into out: inout ByteStorage) {
        if surrogates {
            put("{\"str\":\"", into: &out)
            base64(view.array, into: &out)
            return put("\"}", into: &out)
        }
        out.append(0x22)
        for index in 0..<view.count {
            let byte = view[index]
            switch byte {
            case 0x22, 0x5C:
                out.append(0x5C)
                out.append(byte)
            case 0..<0x20: put("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16), into: &out)
            default: out.append(byte)
            }
        }
        out.append(0x22)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func base64(_ bytes: [UInt8], into out: inout ByteStorage) {
        out.reserve((bytes.count + 2) / 3 * 4)
        var index = 0
        while index + 2 < bytes.count {
            let word = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
            for shift in [18, 12, 6, 0] { out.put(alphabet[word >> shift & 63]) }
            index += 3
        }
        guard index < bytes.count else { return }
        let word = Int(bytes[index]) << 16 | (index + 1 < bytes.count ? Int(bytes[index + 1]) << 8 : 0)
        out.put(alphabet[word >> 18 & 63])
        out.put(alphabet[word >> 12 & 63])
        out.put(index + 1 < bytes.count ? alphabet[word >> 6 & 63] : 0x3D)
        out.put(0x3D)
    }
}

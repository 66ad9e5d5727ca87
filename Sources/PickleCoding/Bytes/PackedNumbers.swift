/// A run of numbers of one type in a block of bytes: a tagged block, an `array.array` or a NumPy array.
struct PackedNumbers {
    enum Value {
        case int(Int)
        case double(Double)
    }

    let storage: PickleStorage
    /// The node of the bytes.
    let block: UInt32
    /// `i`, `u`, `f` or `b` (bool) and the size in bytes.
    let family: UInt8
    let size: Int
    let isBigEndian: Bool
    let count: Int

    /// The type code of Python's array module as family and size.
    static func element(typeCode: String) -> (family: UInt8, size: Int)? {
        switch typeCode {
        case "b": (UInt8(ascii: "i"), 1)
        case "B": (UInt8(ascii: "u"), 1)
        case "h": (UInt8(ascii: "i"), 2)
        case "H": (UInt8(ascii: "u"), 2)
        case "i": (UInt8(ascii: "i"), 4)
        case "I": (UInt8(ascii: "u"), 4)
        case "l", "q": (UInt8(ascii: "i"), 8)
        case "L", "Q": (UInt8(ascii: "u"), 8)
        case "f": (UInt8(ascii: "f"), 4)
        case "d": (UInt8(ascii: "f"), 8)
        default: nil
        }
    }

    private func withBlock<R>(_ body: (ByteView) -> R) -> R {
        let value = PickleValue(storage, block)
        let result = unsafe value.withBytes { bytes in body(unsafe ByteView(bytes)) }
        return result ?? body(.empty)
    }

    /// Whether the elements lie in memory as a Swift type has them.
    private func matches<Element: PackedElement>(_ type: Element.Type) -> Bool {
        guard let (family, size) = Self.element(typeCode: Element.typeCode) else { return false }
        return family == self.family && size == self.size && (!isBigEndian || size == 1)
    }

    /// The elements as a Swift type; nil if one does not fit.
    func elements<Element: PackedElement>(
        as type: Element.Type, _ integer: (Int) -> Element?, _ double: (Double) -> Element?
    ) -> [Element]? {
        if matches(type) {
            return withBlock { view in
                unsafe [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
                    if let start = UnsafeMutableRawPointer(buffer.baseAddress) {
                        unsafe HugePageAdvice.give(start, count * size)
                    }
                    unsafe view.withBytes { source in
                        unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
                    }
                    initialized = count
                }
            }
        }
        var result: [Element] = []
        result.reserveCapacity(count)
        var fits = true
        let complete = forEach { value in
            let element: Element? =
                switch value {
                case .int(let value): integer(value)
                case .double(let value): double(value)
                }
            if let element { result.append(element) } else { fits = false }
        }
        return complete && fits ? result : nil
    }

    /// Runs a closure for every element; false if one is an integer above `Int.max`.
    func forEach(_ body: (Value) -> Void) -> Bool {
        withBlock { view in
            for position in 0..<count {
                guard let value = value(view, at: position * size) else { return false }
                body(value)
            }
            return true
        }
    }

    private func value(_ view: ByteView, at offset: Int) -> Value? {
        var bits: UInt64 = 0
        for index in 0..<size {
            let byte = view[offset + (isBigEndian ? index : size - 1 - index)]
            bits = bits << 8 | UInt64(byte)
        }
        switch family {
        case UInt8(ascii: "f"):
            switch size {
            case 8: return .double(Double(bitPattern: bits))
            case 4: return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
            default: return .double(Self.half(UInt16(truncatingIfNeeded: bits)))
            }
        case UInt8(ascii: "u"), UInt8(ascii: "b"): return Int(exactly: bits).map { .int($0) }
        default:
            let shift = UInt64(64 - size * 8)
            return .int(Int(Int64(bitPattern: bits << shift) >> Int64(shift)))
        }
    }

    /// A number of two bytes (IEEE 754 binary16).
    private static func half(_ bits: UInt16) -> Double {
        let sign: Double = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Double(bits & 0x3FF) / 1_024
        switch exponent {
        case 0: return sign * fraction * 0x1p-14
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * (1 + fraction) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
        }
    }
}

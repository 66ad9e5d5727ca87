/// Values of Python's library as Swift sees them; each is nil if the value is of another kind.
extension PickleValue {
    /// The parts of a complex.
    public var complexValue: (real: Double, imaginary: Double)? {
        guard kind == .complex, let arguments, arguments.count == 2, let real = arguments[0].doubleValue,
            let imaginary = arguments[1].doubleValue
        else { return nil }
        return (real, imaginary)
    }

    /// Start, stop and step of a range whose numbers fit.
    public var rangeValue: (start: Int, stop: Int, step: Int)? {
        guard kind == .range, let arguments else { return nil }
        let numbers = arguments.compactMap(\.intValue)
        guard numbers.count == arguments.count else { return nil }
        switch numbers.count {
        case 1: return (0, numbers[0], 1)
        case 2: return (numbers[0], numbers[1], 1)
        case 3: return (numbers[0], numbers[1], numbers[2])
        default: return nil
        }
    }

    /// Start, stop and step of a slice, which may be any values.
    public var sliceValue: (start: PickleValue, stop: PickleValue, step: PickleValue)? {
        guard kind == .slice, let arguments, arguments.count == 3 else { return nil }
        return (arguments[0], arguments[1], arguments[2])
    }

    /// The text of a Decimal, with its trailing zeros.
    public var decimalText: String? { PythonTypes.decimal(self) }

    /// Numerator and denominator of a Fraction in lowest terms, as text, since they may have any size.
    public var fractionText: (numerator: String, denominator: String)? {
        guard kind == .fraction, let text = try? String(decoding: canonicalJSON(), as: UTF8.self) else { return nil }
        let parts = text.split(separator: "\"").first { $0.contains("/") }?.split(separator: "/") ?? []
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    /// The digits of a UUID, as `uuid.UUID` prints them.
    public var uuidText: String? { PythonTypes.uuid(self) }

    /// The text of a path of `pathlib`, its parts joined.
    public var pathText: String? {
        guard kind == .path, let arguments else { return nil }
        var text = ""
        for part in arguments {
            guard let part = part.stringValue else { return nil }
            if part.hasPrefix("/") { text = "" }
            text += text.isEmpty || text.hasSuffix("/") ? part : "/" + part
        }
        return text.isEmpty ? "." : text
    }

    /// A timedelta as a duration; exact.
    public var duration: Duration? {
        PythonTypes.timeDelta(self).map {
            .seconds($0.days * 86_400 + $0.seconds) + .microseconds($0.microseconds)
        }
    }

    /// The function, the arguments and the keywords of a `functools.partial`.
    public var partialValue: (function: PickleValue, arguments: [PickleValue], keywords: PickleValue)? {
        PythonTypes.partial(self).map { ($0.function, $0.arguments.items ?? [], $0.keywords) }
    }

    /// What a defaultdict calls for a missing key, usually a name; None if it calls nothing.
    public var defaultFactory: PickleValue? {
        guard kind == .defaultDict else { return Optional.none }
        return arguments?.first ?? PickleValue.none
    }

    /// The bound of a deque; nil also if it has none.
    public var maximumLength: Int? {
        guard kind == .deque, let bound = extra?.bound, bound >= 0 else { return nil }
        return bound
    }
}

extension PickleValue: Codable {
    /// Keeps what a pickle holds at this place, whatever it is; only ``PickleDecoder`` can do that.
    public init(from decoder: any Decoder) throws {
        guard let view = decoder as? DecoderView else {
            throw DecodingError.typeMismatch(
                Self.self,
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "a PickleValue is decoded by PickleDecoder only, not by \(type(of: decoder))"))
        }
        self.init(view.state.storage, view.index)
    }

    /// Writes the value as it is; only ``PickleEncoder`` can do that.
    public func encode(to encoder: any Encoder) throws {
        guard let view = encoder as? EncoderView else {
            throw EncodingError.invalidValue(
                self,
                .init(
                    codingPath: encoder.codingPath,
                    debugDescription: "a PickleValue is encoded by PickleEncoder only, not by \(type(of: encoder))"))
        }
        var container = view.singleValueContainer()
        try container.encode(self)
    }
}

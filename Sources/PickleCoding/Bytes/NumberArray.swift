/// A number type whose arrays travel as one block of bytes.
public protocol PackedElement: BitwiseCopyable, Sendable {
    /// The code of Python's array module.
    static var typeCode: String { get }
    /// The number as this type; nil if it does not fit.
    static func element(_ integer: Int) -> Self?
    /// The number as this type; nil if it does not fit. Floats may be rounded, integers not.
    static func element(_ double: Double) -> Self?
}

extension PackedElement where Self: FixedWidthInteger {
    /// The number as this type; nil if it does not fit.
    public static func element(_ integer: Int) -> Self? { Self(exactly: integer) }
    /// The number as this type; nil if it has a fraction or does not fit.
    public static func element(_ double: Double) -> Self? { Self(exactly: double) }
}

extension PackedElement where Self: BinaryFloatingPoint {
    /// The number as this type; nil if it cannot be held exactly.
    public static func element(_ integer: Int) -> Self? { Self(exactly: integer) }
    /// The number as this type, rounded.
    public static func element(_ double: Double) -> Self? { Self(double) }
}

/// Numbers with a shape: a NumPy array of any number of dimensions, a NumPy scalar, an `array.array`, or a list.
///
/// ```swift
/// let matrix = try PickleDecoder().decode(NumberArray<Double>.self, from: bytes)
/// matrix.shape          // [2, 3]
/// matrix[1, 2]
/// ```
///
/// Every element is converted exactly, except that a float may become a shorter one.
public struct NumberArray<Element: PackedElement>: Sendable {
    /// The length of each dimension; none for a scalar.
    public let shape: [Int]
    /// The elements, the last index running fastest, whatever their order was in the pickle.
    public let elements: [Element]

    /// Reads an array; nil if the value is none or an element does not fit.
    public init?(_ value: PickleValue) {
        if let array = PythonTypes.numpyArray(value) {
            let count = array.shape.reduce(1, *)
            guard let numbers = PythonTypes.packed(array.element, array.block, count: count),
                let elements = numbers.elements(as: Element.self, Element.element, Element.element)
            else { return nil }
            shape = array.shape
            self.elements = array.isFortran ? Self.rowMajor(elements, array.shape) : elements
        } else if let numbers = PythonTypes.numbers(value) {
            guard let elements = numbers.elements(as: Element.self, Element.element, Element.element) else {
                return nil
            }
            (shape, self.elements) = ([elements.count], elements)
        } else if let items = value.items ?? PythonTypes.listOfArray(value)?.items {
            let elements = items.compactMap(Self.number)
            guard elements.count == items.count else { return nil }
            (shape, self.elements) = ([elements.count], elements)
        } else {
            guard let element = Self.number(value) else { return nil }
            (shape, elements) = ([], [element])
        }
    }

    /// The element at a position, an index for each dimension.
    public subscript(position: Int...) -> Element {
        precondition(position.count == shape.count, "\(position.count) indices for \(shape.count) dimensions")
        var place = 0
        for (index, length) in zip(position, shape) {
            precondition(index >= 0 && index < length, "index \(index) is outside of a dimension of \(length)")
            place = place * length + index
        }
        return elements[place]
    }

    private static func number(_ value: PickleValue) -> Element? {
        if let int = value.intValue { return Element.element(int) }
        if value.kind == .float, let double = value.doubleValue { return Element.element(double) }
        switch PythonTypes.number(value)?.value {
        case .int(let int): return Element.element(int)
        case .double(let double): return Element.element(double)
        case nil: return nil
        }
    }

    /// The elements in the order of rows, from the order of columns.
    private static func rowMajor(_ elements: [Element], _ shape: [Int]) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(elements.count)
        var steps: [Int] = []
        var step = 1
        for length in shape {
            steps.append(step)
            step *= length
        }
        var position = [Int](repeating: 0, count: shape.count)
        var place = 0
        for _ in elements.indices {
            result.append(elements[place])
            var dimension = shape.count - 1
            while dimension >= 0 {
                position[dimension] += 1
                place += steps[dimension]
                if position[dimension] < shape[dimension] { break }
                place -= steps[dimension] * shape[dimension]
                position[dimension] = 0
                dimension -= 1
            }
        }
        return result
    }
}

extension NumberArray: Equatable where Element: Equatable {}

extension NumberArray: Decodable {
    /// Reads an array from a pickle.
    public init(from decoder: any Decoder) throws {
        let value = try PickleValue(from: decoder)
        guard let array = Self(value) else {
            throw DecodingError.typeMismatch(
                Self.self,
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "expected an array of \(Element.self), found \(value.summary)"))
        }
        self = array
    }
}

/// Prints a document as the canonical JSON of the command line, without recursion and with shared values shown once.
struct CanonicalJSON: ~Copyable {
    enum Step {
        case value(UInt32)
        case text(StaticString)
        case number(Int)
        /// Children separated by commas, then a closing text.
        case items(next: Int, end: Int, first: Bool)
        case pairs(next: Int, end: Int, first: Bool)
        case pair(UInt32, UInt32)
    }

    let storage: PickleStorage
    var out: ByteStorage
    var steps: [Step] = []
    /// How often each value is reached: 0, 1 or 2 for more.
    private var reached: ContiguousArray<UInt8>
    var labels: [UInt32: Int] = [:]
    /// Text and bytes are written at every use; shared ones must not make the output much larger than the input.
    private let outputLimit: Int

    init(_ storage: PickleStorage) {
        self.storage = storage
        out = ByteStorage(reservingCapacity: 1 << 12)
        reached = ContiguousArray(repeating: 0, count: storage.nodes.count)
        outputLimit = 64 * storage.end + (64 << 20)
    }

    /// The JSON of a value, one line without its newline.
    static func text(of value: PickleValue) throws(PickleError) -> [UInt8] {
        var printer = CanonicalJSON(value.storage)
        printer.count(from: value.index)
        try printer.print(value.index)
        return printer.out.finish()
    }

    private func mayBeLabelled(_ index: UInt32) -> Bool {
        let node = storage.nodes[Int(index)]
        switch node.tag {
        case .list, .dict, .set: return true
        case .tuple, .frozenSet: return node.children.count > 0
        case .known: return KnownType(node)?.isCollection == true
        case .reduce, .instance: return !isRecognisedValue(index)
        default: return false
        }
    }

    /// Whether a record is shown as a value that has no identity.
    private func isRecognisedValue(_ index: UInt32) -> Bool {
        guard storage.options.resolvesKnownTypes else { return false }
        let value = PickleValue(storage, index)
        return PythonTypes.uuidParts(value) != nil || PythonTypes.elementType(value) != nil
            || PythonTypes.numpyScalar(value) != nil || PythonTypes.numpyArray(value) != nil
    }

    private mutating func count(from root: UInt32) {
        var work = [root]
        while let index = work.popLast() {
            let seen = reached[Int(index)]
            if seen == 2 { continue }
            reached[Int(index)] = seen + 1
            // What is written at every use shows its parts at every use.
            if seen == 1, mayBeLabelled(index) { continue }
            storage.forEachPart(of: index) { work.append($0) }
        }
    }

    private mutating func print(_ root: UInt32) throws(PickleError) {
        steps.append(.value(root))
        while let step = steps.popLast() {
            switch step {
            case .value(let index): visit(index)
            case .text(let text): write(text)
            case .number(let number): write("\(number)")
            case .items(let next, let end, let first):
                guard next < end else { continue }
                if !first { out.append(UInt8(ascii: ",")) }
                steps.append(.items(next: next + 1, end: end, first: false))
                steps.append(.value(storage.children[next]))
            case .pairs(let next, let end, let first):
                guard next < end else { continue }
                if !first { out.append(UInt8(ascii: ",")) }
                steps.append(.pairs(next: next + 2, end: end, first: false))
                steps.append(.pair(storage.children[next], storage.children[next + 1]))
            case .pair(let key, let value):
                write("[")
                steps.append(.text("]"))
                steps.append(.value(value))
                steps.append(.text(","))
                steps.append(.value(key))
            }
            guard out.count <= outputLimit else {
                throw PickleError(.limitExceeded, message: "the text is longer than \(outputLimit) bytes")
            }
        }
    }

    private mutating func visit(_ index: UInt32) {
        if reached[Int(index)] > 1, mayBeLabelled(index) {
            if let label = labels[index] { return write("{\"ref\":\(label)}") }
            let label = labels.count + 1
            labels[index] = label
            write("{\"def\":\(label),\"value\":")
            steps.append(.text("}"))
        }
        let node = storage.nodes[Int(index)]
        switch node.tag {
        case .none: write("null")
        case .bool: write(node.payload == 0 ? "false" : "true")
        case .int, .bigInt: JSONText.integer(node, storage, into: &out)
        case .float: JSONText.float(node.float, into: &out)
        case .string: JSONText.string(node, storage, into: &out)
        case .bytes: writeBlob("bytes", index)
        case .byteArray: writeBlob("bytearray", index)
        case .list:
            write("[")
            end("]")
            items(node.children)
        case .tuple: tagged("tuple", node.children)
        case .set: tagged("set", node.children)
        case .frozenSet: tagged("frozenset", node.children)
        case .dict:
            write("{\"dict\":[")
            end("]}")
            pairs(node.children)
        case .global:
            write("{\"global\":[")
            end("]}")
            push([.value(node.pair.0), .text(","), .value(node.pair.1)])
        case .persistentID:
            write("{\"persid\":")
            end("}")
            steps.append(.value(UInt32(truncatingIfNeeded: node.payload)))
        case .buffer:
            write("{\"buffer\":\"")
            JSONText.base64(storage.buffers[node.start], into: &out)
            write(node.flags.contains(.readOnly) ? "\",\"readonly\":true}" : "\",\"readonly\":false}")
        case .reduce, .instance: visitRecord(index, node)
        case .known: visitKnown(index, node)
        }
    }

    // MARK: Parts

    mutating func write(_ text: StaticString) { out.put(text, length: text.utf8CodeUnitCount) }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { unsafe out.put(UnsafeRawBufferPointer($0)) }
    }

    mutating func end(_ text: StaticString) { steps.append(.text(text)) }

    /// Puts steps on the list so that the first is taken first.
    mutating func push(_ next: [Step]) { steps.append(contentsOf: next.reversed()) }

    mutating func items(_ range: ChildRange) {
        steps.append(.items(next: range.indices.lowerBound, end: range.indices.upperBound, first: true))
    }

    mutating func pairs(_ range: ChildRange) {
        steps.append(.pairs(next: range.indices.lowerBound, end: range.indices.upperBound, first: true))
    }

    private mutating func tagged(_ tag: StaticString, _ range: ChildRange) {
        write("{\"")
        write(tag)
        write("\":[")
        end("]}")
        items(range)
    }

    mutating func writeBlob(_ tag: StaticString, _ index: UInt32) {
        write("{\"")
        write(tag)
        write("\":\"")
        writeBase64(index)
        write("\"}")
    }

    mutating func writeBase64(_ index: UInt32) {
        JSONText.base64(PickleValue(storage, index).bytesValue ?? [], into: &out)
    }
}

extension PickleValue {
    /// The value as one line of canonical JSON in UTF-8; what JSON cannot say is a tagged object.
    public func canonicalJSON() throws(PickleError) -> [UInt8] { try CanonicalJSON.text(of: self) }
}

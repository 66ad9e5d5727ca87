extension CanonicalJSON {
    mutating func visitRecord(_ index: UInt32, _ node: PickleNode) {
        let value = PickleValue(storage, index)
        if storage.options.resolvesKnownTypes {
            if node.tag == .reduce ? visitRecognisedCall(value) : visitUUID(value) { return }
        }
        let record = storage.records[Int(node.low)]
        var parts: [Step] = [
            .text(node.tag == .instance ? "{\"class\":" : "{\"reduce\":"), .value(record.callee), .text(",\"args\":["),
            run(storage.nodes[Int(record.arguments)].children, pairs: false), .text("]"),
        ]
        if record.keywords != CallRecord.absent, !node.isReconstructed,
            storage.nodes[Int(record.keywords)].children.count > 0
        {
            parts += [
                .text(",\"kwargs\":["), run(storage.nodes[Int(record.keywords)].children, pairs: true), .text("]"),
            ]
        }
        if record.extra != CallRecord.absent {
            let extra = storage.extras[Int(record.extra)]
            if extra.states.count > 0 {
                parts += [
                    .text(",\"states\":["), .value(record.state), .text(","), run(extra.states, pairs: false),
                    .text("]"),
                ]
            }
            if extra.items.count > 0 { parts += [.text(",\"items\":["), run(extra.items, pairs: false), .text("]")] }
            if extra.pairs.count > 0 { parts += [.text(",\"pairs\":["), run(extra.pairs, pairs: true), .text("]")] }
            if extra.adds.count > 0 { parts += [.text(",\"adds\":["), run(extra.adds, pairs: false), .text("]")] }
        }
        if record.state != CallRecord.absent, value.states.count == 1 {
            parts += [.text(",\"state\":"), .value(record.state)]
        }
        push(parts + [.text("}")])
    }

    private func run(_ range: ChildRange, pairs: Bool) -> Step {
        let (start, end) = (range.indices.lowerBound, range.indices.upperBound)
        return pairs ? .pairs(next: start, end: end, first: true) : .items(next: start, end: end, first: true)
    }

    private mutating func visitUUID(_ value: PickleValue) -> Bool {
        guard let (text, safe) = PythonTypes.uuidParts(value) else { return false }
        write("{\"uuid\":\"" + text + "\"")
        end("}")
        if let safe { push([.text(",\"is_safe\":"), .value(safe)]) }
        return true
    }

    private mutating func visitRecognisedCall(_ value: PickleValue) -> Bool {
        if let partial = PythonTypes.partial(value) {
            var parts: [Step] = [
                .text("{\"partial\":"), .value(partial.function.index), .text(",\"args\":["),
                run(partial.arguments.node.children, pairs: false), .text("],\"kwargs\":["),
                run(partial.keywords.node.children, pairs: true), .text("]"),
            ]
            if partial.state.node.tag == .dict, partial.state.count > 0 {
                parts += [.text(",\"state\":"), .value(partial.state.index)]
            }
            push(parts + [.text("}")])
            return true
        }
        if let element = PythonTypes.elementType(value) {
            write("{\"dtype\":\"" + element.text + "\"}")
            return true
        }
        if let (element, data) = PythonTypes.numpyScalar(value) {
            write("{\"npscalar\":{\"dtype\":\"" + element.text + "\",\"data\":\"")
            writeBase64(data.index)
            write("\"}}")
            return true
        }
        guard let array = PythonTypes.numpyArray(value) else { return false }
        let shape = array.shape.map { String($0) }.joined(separator: ",")
        write("{\"ndarray\":{\"dtype\":\"" + array.element.text + "\",\"shape\":[" + shape + "],\"order\":\"")
        write(array.isFortran ? "F\",\"data\":\"" : "C\",\"data\":\"")
        writeBase64(array.block.index)
        write("\"}}")
        return true
    }

    // MARK: Known types

    mutating func visitKnown(_ index: UInt32, _ node: PickleNode) {
        let value = PickleValue(storage, index)
        let arguments = value.arguments ?? []
        switch KnownType(node) {
        case .complex: sequence("complex", arguments)
        case .range: rangeValue(arguments)
        case .slice: sequence("slice", arguments)
        case .orderedDict: mapping("{\"ordereddict\":[", value, "]")
        case .counter: mapping("{\"counter\":[", value, "]")
        case .defaultDict:
            mapping(
                "{\"defaultdict\":[", value, "],\"factory\":",
                [arguments.first.map { .value($0.index) } ?? .text("null")])
        case .deque: deque(value)
        case .dateTime: time("datetime", value, PackedTime.dateTime(PythonTypes.packedBytes(value)))
        case .time: time("time", value, PackedTime.time(PythonTypes.packedBytes(value)))
        case .date: time("date", value, PackedTime.date(PythonTypes.packedBytes(value)))
        case .timeDelta: delta("{\"timedelta\":[", PythonTypes.timeDelta(value))
        case .timeZone:
            delta("{\"timezone\":[", PythonTypes.timeDelta(arguments.first), name: arguments.dropFirst().first)
        case .decimal:
            write("{\"decimal\":")
            push([.value(arguments.first?.index ?? index), .text("}")])
        case .fraction: fraction(arguments)
        case .path: path(value, arguments)
        case nil: write("null")
        }
    }

    private mutating func sequence(_ tag: StaticString, _ parts: [PickleValue]) {
        write("{\"")
        write(tag)
        write("\":[")
        var steps: [Step] = []
        for (position, part) in parts.enumerated() {
            if position > 0 { steps.append(.text(",")) }
            steps.append(.value(part.index))
        }
        push(steps + [.text("]}")])
    }

    private mutating func rangeValue(_ parts: [PickleValue]) {
        write("{\"range\":[")
        let steps: [Step]
        switch parts.count {
        case 1: steps = [.text("0,"), .value(parts[0].index), .text(",1")]
        case 2: steps = [.value(parts[0].index), .text(","), .value(parts[1].index), .text(",1")]
        default:
            steps = [.value(parts[0].index), .text(","), .value(parts[1].index), .text(","), .value(parts[2].index)]
        }
        push(steps + [.text("]}")])
    }

    private mutating func mapping(
        _ opening: StaticString, _ value: PickleValue, _ middle: StaticString, _ last: [Step] = []
    ) {
        write(opening)
        push(
            [run(value.pairRange?.range ?? ChildRange(), pairs: true), .text(middle)] + last + state(of: value) + [
                .text("}")
            ])
    }

    private func state(of value: PickleValue) -> [Step] {
        let states = value.states
        if states.count > 1, let extra = value.extra {
            return [
                .text(",\"states\":["), .value(states[0].index), .text(","), run(extra.states, pairs: false),
                .text("]"),
            ]
        }
        return states.first.map { [.text(",\"state\":"), .value($0.index)] } ?? []
    }

    private mutating func deque(_ value: PickleValue) {
        write("{\"deque\":[")
        let bound = value.extra?.bound ?? -1
        let limit: Step = bound < 0 ? .text("null") : .number(bound)
        push(
            [run(value.itemRange ?? ChildRange(), pairs: false), .text("],\"maxlen\":"), limit] + state(of: value)
                + [.text("}")])
    }

    private mutating func time(_ tag: StaticString, _ value: PickleValue, _ time: PackedTime?) {
        guard let time else { return write("null") }
        write("{\"")
        write(tag)
        write("\":\"")
        switch value.kind {
        case .date: write(time.dateText)
        case .time: write(time.timeText)
        default: write(time.dateText + "T" + time.timeText)
        }
        write(time.fold ? "\",\"fold\":1" : "\"")
        end("}")
        if let zone = value.arguments?.dropFirst().first, !zone.isNone {
            push([.text(",\"tz\":"), .value(zone.index)])
        }
    }

    private mutating func delta(_ opening: StaticString, _ delta: TimeDelta?, name: PickleValue? = nil) {
        guard let delta else { return write("null") }
        write(opening)
        write("\(delta.days),\(delta.seconds),\(delta.microseconds)]")
        end("}")
        if let name { push([.text(",\"name\":"), .value(name.index)]) }
    }

    private mutating func fraction(_ parts: [PickleValue]) {
        let text: String
        if let string = parts.first?.stringValue {
            let found = PickleSource.array(Array(string.utf8)).withView { Numerals.fraction($0, maxDigits: .max) }
            text = found.map { Numerals.lowest(negative: $0.negative, $0.top, $0.bottom) } ?? "0/1"
        } else {
            let numbers = parts.map { magnitude($0) }
            let top = numbers.first ?? (negative: false, limbs: [])
            let bottom = numbers.count > 1 ? numbers[1] : (negative: false, limbs: [1])
            text = Numerals.lowest(negative: top.negative != bottom.negative, top.limbs, bottom.limbs)
        }
        write("{\"fraction\":\"" + text + "\"}")
    }

    private func magnitude(_ value: PickleValue) -> (negative: Bool, limbs: [UInt64]) {
        if let small = value.intValue { return (small < 0, small == 0 ? [] : [UInt64(small.magnitude)]) }
        return storage.withPayload(value.node) { BigDecimal.magnitude(ofTwosComplement: $0) }
    }

    private mutating func path(_ value: PickleValue, _ parts: [PickleValue]) {
        write("{\"path\":[")
        JSONText.string(Array((value.callee?.global?.name ?? "").utf8), into: &out)
        write(",")
        var joined: [UInt8] = []
        for part in parts {
            let bytes = storage.withPayload(part.node) { $0.array }
            if bytes.first == UInt8(ascii: "/") {
                joined = bytes
            } else if !bytes.isEmpty {
                if !joined.isEmpty, joined.last != UInt8(ascii: "/") { joined.append(UInt8(ascii: "/")) }
                joined += bytes
            }
        }
        JSONText.string(joined.isEmpty ? Array(".".utf8) : joined, into: &out)
        write("]}")
    }
}

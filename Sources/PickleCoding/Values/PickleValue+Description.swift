extension PickleValue {
    /// A few words about the value, for messages: `str "fast"`, `list of 3`, `instance of decimal.Decimal`.
    var summary: String {
        switch kind {
        case .none: "None"
        case .bool: boolValue == true ? "True" : "False"
        case .int: node.tag == .int ? "int \(node.int)" : "int of \(node.length * 8) bits"
        case .float: "float \(PythonText.float(node.float))"
        case .string: "string " + Self.quoted(stringValue)
        case .bytes, .byteArray, .buffer: "\(count) bytes"
        case .list: "list of \(count)"
        case .tuple: "tuple of \(count)"
        case .dict: "dict of \(count)"
        case .set, .frozenSet: "set of \(count)"
        case .global: "the name \(global.map { $0.module + "." + $0.name } ?? "")"
        case .reduce: "a call of \(calleeName)"
        case .newObject: "an instance of \(calleeName)"
        case .persistentID: "a persistent id"
        default: "a \(calleeName)"
        }
    }

    private var calleeName: String {
        guard let global = callee?.global else { return "a value" }
        return global.module + "." + global.name
    }

    private static func quoted(_ text: String?) -> String {
        guard let text else { return "with lone surrogates" }
        return text.count <= 40 ? "\"\(text)\"" : "\"\(text.prefix(40))…\""
    }

    /// Where the opcode that made the value lies in the source; found by reading it once more.
    var opcodeOffset: Int? {
        storage.source.withView { view -> Int? in
            guard view.count > 0, storage.end > 0 else { return nil }
            var machine = PickleMachine(view, limits: PickleLimits(), options: storage.options)
            return machine.offset(ofNode: Int(index))
        }
    }
}

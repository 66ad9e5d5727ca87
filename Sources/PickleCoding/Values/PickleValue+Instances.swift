/// Instances of Python classes, as far as a pickle says what they are.
extension PickleValue {
    /// Module and name, if the value is a class or function by name.
    public var name: PickleName? { global.map { PickleName(module: $0.module, name: $0.name) } }

    /// The class of an instance or the function of a call, if it is given by name.
    ///
    /// Also for values of Python's library, such as `datetime.date`. Whether the name is a class or a function nobody can
    /// say without importing it.
    public var typeName: PickleName? { callee?.name }

    /// The class and the value of what may be a member of an enum: a call of a name with one argument and nothing else.
    ///
    /// A pickle does not say that the name is an enum; the caller must know. Members that were pickled by name are names:
    /// see ``name``.
    public var member: (type: PickleName, value: PickleValue)? {
        guard node.tag == .reduce, state == nil, extra == nil, let type = typeName, let arguments, arguments.count == 1
        else { return nil }
        return (type, arguments[0])
    }

    /// The attributes of an instance by name, in the order of the pickle: those in its dictionary, then those in slots.
    ///
    /// Nil if the instance has no attributes. What has only places, a namedtuple or a frozen dataclass with slots, has
    /// ``fields(named:)``.
    public var attributes: [(name: String, value: PickleValue)]? {
        guard let state, node.tag == .instance || node.tag == .reduce || node.tag == .known else { return nil }
        func named(_ dict: PickleValue) -> [(name: String, value: PickleValue)] {
            (dict.pairs ?? []).compactMap { key, value in key.stringValue.map { ($0, value) } }
        }
        if state.kind == .dict { return named(state) }
        // A class with slots: (attributes or None, slots or None).
        guard state.kind == .tuple, state.count == 2, let first = state[0], let second = state[1],
            first.kind == .dict || first.isNone, second.kind == .dict || second.isNone
        else { return nil }
        return named(first) + named(second)
    }

    /// The attributes of an instance, or else what has only places with the names given: the items of a namedtuple, the
    /// arguments of a call, the slots of a frozen dataclass.
    ///
    /// Nil if the names do not fit.
    public func fields(named names: [String]) -> [(name: String, value: PickleValue)]? {
        if let attributes { return attributes }
        let places: [PickleValue]?
        if let state {
            places = state.kind == .list || state.kind == .tuple ? state.items : Optional.none
        } else {
            places = placeRange.map(values)
        }
        guard let places, places.count == names.count else { return nil }
        return zip(names, places).map { ($0, $1) }
    }

    /// The arguments of a call or instance; in protocols 0 and 1 those of a namedtuple are one tuple.
    var placeRange: ChildRange? {
        guard node.tag == .instance || node.tag == .reduce, let record else { return Optional.none }
        let arguments = storage.nodes[Int(record.arguments)].children
        if node.isReconstructed, arguments.count == 1 {
            let first = storage.nodes[Int(storage.children[arguments.indices.lowerBound])]
            if first.tag == .tuple { return first.children }
        }
        return arguments
    }
}

extension PickleWriter {
    /// Pushes a new dict.
    public mutating func emptyDict() { opcode(.emptyDict) }
    /// Pushes a new list.
    public mutating func emptyList() { opcode(.emptyList) }
    /// Pushes the empty tuple.
    public mutating func emptyTuple() { opcode(.emptyTuple) }
    /// Pushes a new set.
    public mutating func emptySet() { opcode(.emptySet) }
    /// Pushes a mark.
    public mutating func mark() { opcode(.mark) }
    /// Sets one pair: dict, key, value.
    public mutating func setItem() { opcode(.setItem) }
    /// Sets the pairs above the mark.
    public mutating func setItems() { opcode(.setItems) }
    /// Appends one item: list, item.
    public mutating func append() { opcode(.append) }
    /// Appends the items above the mark.
    public mutating func appends() { opcode(.appends) }
    /// Adds the items above the mark to a set.
    public mutating func addItems() { opcode(.addItems) }
    /// Makes a tuple of the items above the mark.
    public mutating func tuple() { opcode(.tuple) }
    /// Makes a tuple of one item.
    public mutating func tuple1() { opcode(.tuple1) }
    /// Makes a tuple of two items.
    public mutating func tuple2() { opcode(.tuple2) }
    /// Makes a tuple of three items.
    public mutating func tuple3() { opcode(.tuple3) }
    /// Records a call: callee, tuple of arguments.
    public mutating func reduce() { opcode(.reduce) }
    /// Records a new instance: class, tuple of arguments.
    public mutating func newObject() { opcode(.newObj) }
    /// Records the state of the instance below it.
    public mutating func build() { opcode(.build) }
    /// Ends the pickle.
    public mutating func stop() { opcode(.stop) }

    /// Writes a class or function by name.
    public mutating func global(module: String, name: String) {
        string(module)
        string(name)
        opcode(.stackGlobal)
    }
}

/// Whole collections at once: room is made once, and nothing is dispatched per element.
extension PickleWriter {
    /// Writes a list of items.
    @inline(__always)
    mutating func list<Element>(_ items: [Element], _ write: (inout PickleWriter, Element) -> Void) {
        emptyList()
        guard !items.isEmpty else { return }
        mark()
        for item in items { write(&self, item) }
        appends()
    }

    /// Writes a list of texts.
    mutating func list(_ items: [String]) {
        emptyList()
        guard !items.isEmpty else { return }
        mark()
        // Most texts are short; the room for a long one is made when it comes.
        storage.reserve(items.count * 18 + 16)
        for item in items { string(item) }
        appends()
    }

    /// Writes a list of ints.
    mutating func list<Element: FixedWidthInteger>(integers items: [Element]) {
        emptyList()
        guard !items.isEmpty else { return }
        mark()
        // The longest form takes eleven bytes; in steps, so that not all of it is needed at once.
        let step = 4_096
        var start = 0
        while start < items.count {
            let end = min(start + step, items.count)
            storage.reserve((end - start) * 11)
            for position in start..<end {
                if let value = Int(exactly: items[position]) {
                    putInt(value)
                } else {
                    uint(UInt64(truncatingIfNeeded: items[position]))
                }
            }
            start = end
        }
        appends()
    }

    /// Writes a list of floats.
    @inline(__always)
    mutating func list<Element>(floats items: [Element], _ double: (Element) -> Double) {
        emptyList()
        guard !items.isEmpty else { return }
        mark()
        storage.reserve(items.count * 9)
        for item in items {
            storage.put(PickleOpcode.binFloat.rawValue)
            storage.put(integer: double(item).bitPattern.byteSwapped)
        }
        appends()
    }

    /// Writes a dict with str keys.
    @inline(__always)
    mutating func dict<Value>(_ pairs: [String: Value], _ write: (inout PickleWriter, Value) -> Void) {
        emptyDict()
        guard !pairs.isEmpty else { return }
        mark()
        storage.reserve(pairs.count * 27 + 16)
        for (key, value) in pairs {
            string(key)
            write(&self, value)
        }
        setItems()
    }
}

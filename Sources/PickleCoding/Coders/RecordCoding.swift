/// Records and arrays of records, as the encoder meets them.
protocol RecordEncodable {
    func encodeRecords(into state: EncodingState) throws
}

/// Arrays of records, as the decoder meets them.
protocol RecordDecodable {
    /// Straight from the bytes; nil if anything is unusual.
    static func decodeRecords(_ reader: inout DirectReader, _ decoder: PickleDecoder) -> Self?
    static func decodeRecords(_ index: UInt32, _ state: DecodingState) throws -> Self
}

extension Array: RecordEncodable where Element: PickleRecord {
    func encodeRecords(into state: EncodingState) throws {
        state.writer.emptyList()
        guard !isEmpty else { return }
        state.writer.mark()
        var fields = PickleFieldWriter(state, keys: Element.pickleKeys)
        do {
            for element in self { try fields.record(element) }
        } catch {
            fields.finish()
            throw error
        }
        fields.finish()
        state.writer.appends()
    }
}

extension Array: RecordDecodable where Element: PickleRecord {
    static func decodeRecords(_ reader: inout DirectReader, _ decoder: PickleDecoder) -> [Element]? {
        var taken = DirectReader(.empty)
        swap(&taken, &reader)
        var fields = PickleFieldReader(taken, keys: Element.pickleKeys)
        let result = fields.list(of: Element.self)
        reader = fields.finish()
        return result
    }

    static func decodeRecords(_ index: UInt32, _ state: DecodingState) throws -> [Element] {
        let value = PickleValue(state.storage, index)
        guard let range = value.itemRange else { throw state.mismatch([Element].self, index, "a list") }
        var fields = PickleFieldReader(state, keys: Element.pickleKeys)
        var result: [Element] = []
        result.reserveCapacity(Int(range.count))
        for place in range.indices {
            state.path.append(PickleKey(result.count))
            defer { state.path.removeLast() }
            result.append(
                try fields.record(Element.self, from: PickleValue(state.storage, state.storage.children[place])))
        }
        return result
    }
}

import PickleCoding

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    var options = PickleReadingOptions()
    options.allowsPersistentIDs = count % 2 == 0
    options.textEncoding = count % 3 == 0 ? .latin1 : .ascii
    if let document = try? PickleDocument(decoding: bytes, options: options) {
        check(document.root)
        look(document.root)
    }
    resolve(bytes)
    _ = try? PickleDisassembler.lines(of: bytes)
    if count < 512 { _ = try? PickleDisassembler.listing(of: bytes) }
    agree([Int].self, bytes)
    agree([[Int]].self, bytes)
    agree([[Double]].self, bytes)
    agree([[String]].self, bytes)
    agree([Double].self, bytes)
    agree([String].self, bytes)
    agree([String: Int].self, bytes)
    agree([String: String].self, bytes)
    _ = try? PickleDecoder().decode([String: [Double]].self, from: bytes)
    return 0
}

/// What is written must be read as the same value.
func check(_ value: PickleValue) {
    guard let json = try? value.canonicalJSON() else { return }
    _ = value.description
    _ = try? value.encoded(mode: .canonical)
    // One protocol and mode for each input, chosen by its length; the fuzzer tries all lengths.
    for version in [5, json.count % 6] {
        for mode in [json.count % 5 < 2 ? PickleMode.cpython : .compact] {
            guard let written = try? value.encoded(protocolVersion: version, mode: mode) else { continue }
            var options = PickleReadingOptions()
            options.allowsPersistentIDs = true
            // Below protocol 3 the reader takes `__builtin__` for `builtins`, so that a record may become a value there.
            if version < 3 {
                _ = try? PickleDocument(decoding: written, options: options)
                continue
            }
            guard let again = reread(written, options) else { continue }
            guard version == 5, mode == .compact, let once = try? again.canonicalJSON(), once != json else { continue }
            // Buffers come back as bytes, and records may be understood in other protocols; but then it is stable.
            guard let twice = (try? again.encoded(protocolVersion: 5)).flatMap({ reread($0, options) }) else {
                continue
            }
            precondition((try? twice.canonicalJSON()) == once, "writing is not stable")
        }
    }
}

/// Reads what was written; only a limit may refuse it.
func reread(_ bytes: [UInt8], _ options: PickleReadingOptions) -> PickleValue? {
    do {
        return try PickleDocument(decoding: bytes, options: options).root
    } catch {
        precondition(error.code == .limitExceeded, "what was written is refused: \(error)")
        return nil
    }
}

/// Where the fast way gives a value, the slow way gives the same.
func agree<T: Decodable & Equatable>(_ type: T.Type, _ bytes: [UInt8]) {
    guard let fast = try? PickleDecoder().decode(type, from: bytes) else { return }
    let slow = try? PickleDocument(decoding: bytes).root
    let value = slow.flatMap { try? PickleDecoder().decode(type, from: $0) }
    precondition(value == fast || "\(fast)".contains("nan"), "the fast way differs")
}

/// The views of single values and the decoder that knows classes.
func look(_ root: PickleValue) {
    var decoder = PickleDecoder()
    decoder.maximumValues = 10_000
    for name in ["a", "Color", "ndarray"] {
        decoder.registry.registerEnum(module: "paint", name: name, values: ["RED": PickleValue(1)])
        decoder.registry.register(module: "m", name: name, fields: ["x", "y"])
    }
    for value in [root] + (root.items ?? []).prefix(8) + (root.pairs ?? []).prefix(8).map(\.value) {
        _ = (value.typeName, value.member, value.attributes?.count, value.fields(named: ["x", "y"])?.count)
        _ = (value.complexValue, value.rangeValue, value.sliceValue, value.decimalText, value.fractionText)
        _ = (value.uuidText, value.pathText, value.duration, value.partialValue, value.defaultFactory)
        _ = (PythonDateTime(value)?.sinceEpoch, PythonException(value)?.description)
        _ = (NumberArray<Double>(value)?.elements.count, NumberArray<UInt8>(value)?.shape, value.maximumLength)
        _ = try? decoder.decode([[Double]].self, from: value)
        _ = try? decoder.decode([[[Int8]]].self, from: value)
        _ = try? decoder.decode(Point.self, from: value)
        _ = try? decoder.decode(String.self, from: value)
        _ = try? decoder.decode([Bool].self, from: value)
    }
}

struct Point: Decodable {
    var x: Int?
    var y: String?
}

/// Ids that a resolver answers in every way; the document must be the same when it is read again for an offset.
func resolve(_ bytes: [UInt8]) {
    var options = PickleReadingOptions()
    options.persistentIDs = { id in
        switch id.count % 3 {
        case 0: .value(PickleValue(list: [id, 1]))
        case 1: .inert
        default: id.kind == .tuple ? .value(id) : .refused("no")
        }
    }
    options.extensionNames = { $0 % 2 == 0 ? PickleName(module: "m", name: "n") : nil }
    guard let document = try? PickleDocument(decoding: bytes, options: options) else { return }
    check(document.root)
    _ = try? PickleDecoder().decode(Bool.self, from: document.root)
    _ = try? PickleDocument(decoding: bytes, options: .strict())
}

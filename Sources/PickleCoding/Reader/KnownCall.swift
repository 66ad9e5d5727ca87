/// Functions and classes whose calls are understood.
///
/// A registry entry never calls back and never allocates by what an argument says; arguments of another form leave the
/// record of the call as it is.
enum KnownCall: Sendable {
    case set, frozenSet, bytes, byteArray, encode, getattr
    case reconstructor, newObject, newObjectWithKeywords
    case orderedDict, defaultDict, counter, deque
    /// A value whose arguments only need to be checked.
    case value(KnownType)

    private static let table: [PickleName: KnownCall] = {
        let rows: [(String, String, KnownCall)] = [
            ("builtins", "set", .set), ("builtins", "frozenset", .frozenSet), ("builtins", "bytes", .bytes),
            ("builtins", "bytearray", .byteArray), ("_codecs", "encode", .encode), ("builtins", "getattr", .getattr),
            ("copyreg", "_reconstructor", .reconstructor), ("copyreg", "__newobj__", .newObject),
            ("copyreg", "__newobj_ex__", .newObjectWithKeywords), ("collections", "OrderedDict", .orderedDict),
            ("collections", "defaultdict", .defaultDict), ("collections", "Counter", .counter),
            ("collections", "deque", .deque), ("builtins", "complex", .value(.complex)),
            ("builtins", "range", .value(.range)), ("builtins", "slice", .value(.slice)),
            ("datetime", "datetime", .value(.dateTime)), ("datetime", "date", .value(.date)),
            ("datetime", "time", .value(.time)), ("datetime", "timedelta", .value(.timeDelta)),
            ("datetime", "timezone", .value(.timeZone)), ("decimal", "Decimal", .value(.decimal)),
            ("fractions", "Fraction", .value(.fraction)), ("pathlib", "PurePosixPath", .value(.path)),
            ("pathlib", "PosixPath", .value(.path)), ("pathlib._local", "PurePosixPath", .value(.path)),
            ("pathlib._local", "PosixPath", .value(.path)),
        ]
        return Dictionary(uniqueKeysWithValues: rows.map { (PickleName(module: $0.0, name: $0.1), $0.2) })
    }()

    /// The names in the table.
    static var names: Set<PickleName> { Set(table.keys) }

    static func named(module: String, name: String) -> KnownCall? {
        table[PickleName(module: module, name: name)]
    }
}

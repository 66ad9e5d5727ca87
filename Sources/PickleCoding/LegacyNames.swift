/// Names that moved between Python 2 and Python 3.
enum LegacyNames {
    static func modern(module: String, name: String) -> PickleName? { nil }
}

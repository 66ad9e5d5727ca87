/// Names that moved between Python 2 and Python 3.
enum LegacyNames {
    private static let names = pairs(nameRows)
    private static let modules = plain(moduleRows)
    private static let reverseNames = pairs(reverseNameRows)
    private static let reverseModules = plain(reverseModuleRows)

    private static func pairs(_ rows: String) -> [PickleName: PickleName] {
        var table: [PickleName: PickleName] = [:]
        for row in rows.split(separator: "\n") {
            let sides = row.split(separator: ">").map { side in
                let words = side.split(separator: " ")
                return PickleName(module: String(words[0]), name: String(words[1]))
            }
            table[sides[0]] = sides[1]
        }
        return table
    }

    private static func plain(_ rows: String) -> [String: String] {
        var table: [String: String] = [:]
        for row in rows.split(separator: "\n") {
            let sides = row.split(separator: ">").map { String($0) }
            table[sides[0]] = sides[1]
        }
        return table
    }

    /// The name in Python 3 of a name of Python 2; nil if it is the same.
    static func modern(module: String, name: String) -> PickleName? {
        if let found = names[PickleName(module: module, name: name)] { return found }
        return modules[module].map { PickleName(module: $0, name: name) }
    }

    /// The name in Python 2 of a name of Python 3; nil if it is the same.
    static func legacy(module: String, name: String) -> PickleName? {
        if let found = reverseNames[PickleName(module: module, name: name)] { return found }
        return reverseModules[module].map { PickleName(module: $0, name: name) }
    }
}

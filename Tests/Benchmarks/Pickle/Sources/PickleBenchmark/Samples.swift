import PickleCoding

struct Sample: Codable {
    var id: Int
    var name: String
    var x: Double
    var y: Double
    var ok: Bool
}

struct DirectSample: PickleRecord {
    var id: Int
    var name: String
    var x: Double
    var y: Double
    var ok: Bool

    static let pickleKeys: [StaticString] = ["id", "name", "x", "y", "ok"]

    func write(to fields: inout PickleFieldWriter) {
        fields.write(id)
        fields.write(name)
        fields.write(x)
        fields.write(y)
        fields.write(ok)
    }

    init(from fields: inout PickleFieldReader) throws {
        id = try fields.int()
        name = try fields.string()
        x = try fields.double()
        y = try fields.double()
        ok = try fields.bool()
    }
}

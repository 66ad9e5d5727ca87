import SystemSupport

/// Files of Tests/Fixtures/provisioning, compared byte for byte.
enum Golden {
    static func text(_ name: String) throws -> String {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return try SmallFile.readText("/\(tests)/Fixtures/provisioning/\(name)")
    }
}

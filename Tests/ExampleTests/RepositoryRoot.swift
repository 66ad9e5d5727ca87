import SystemSupport

/// The checkout that these tests were built from.
enum RepositoryRoot {
    /// Three folders above this file.
    static let path: String? = {
        let parts = #filePath.split(separator: "/")
        return parts.count > 3 ? "/" + parts.dropLast(3).joined(separator: "/") : nil
    }()

    /// The text of one of its files.
    static func text(_ name: String) throws -> String {
        try SmallFile.readText((path ?? "") + "/" + name, limit: 1 << 24)
    }
}

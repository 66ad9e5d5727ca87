/// An archive and a name in it, as the path of a `zip:` has them.
struct ZipLocation: Hashable, Sendable {
    /// The path of the archive.
    let archive: String
    /// The name of the member.
    let member: String

    /// Takes `/data/a.zip/inside/b.txt` apart after the first part that ends with `.zip`; `nil` when there is none, or
    /// nothing behind it.
    init?(path: String) {
        var end = path.startIndex
        for part in path.split(separator: "/", omittingEmptySubsequences: true) where part.hasSuffix(".zip") {
            end = part.endIndex
            break
        }
        guard end != path.startIndex else { return nil }
        let member = path[end...].drop { $0 == "/" }
        // A member that leads out of the archive is nobody's good intention.
        guard !member.isEmpty, !member.hasSuffix("/"), !member.split(separator: "/").contains("..") else { return nil }
        archive = String(path[..<end])
        self.member = String(member)
    }
}

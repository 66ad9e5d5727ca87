/// A host that is reached through `ssh`.
///
/// As a text it is `name`, `user@name`, `name:port` or `user@name:port`; an IPv6 address stands in brackets.
public struct SSHHost: Sendable, Hashable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// Its name, its address, or its name in the configuration of `ssh`.
    public var name: String
    /// The user there; `nil` is what `ssh` itself would take.
    public var user: String?
    /// The port; `nil` is what `ssh` itself would take.
    public var port: Int?
    /// Further arguments for `ssh`: `["-i", "/home/me/.ssh/cluster"]`.
    public var options: [String]

    /// A host.
    public init(_ name: String, user: String? = nil, port: Int? = nil, options: [String] = []) {
        self.name = name
        self.user = user
        self.port = port
        self.options = options
    }

    /// A host, from a text.
    public init(stringLiteral text: String) { self.init(parsing: text) }

    /// A host, from a text: `user@name:port`.
    public init(parsing text: String) {
        var rest = text[...]
        var user: String?
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        var port: Int?
        if let colon = rest.lastIndex(of: ":"), let number = Int(rest[rest.index(after: colon)...]) {
            let before = rest[..<colon]
            // Without brackets the last part of an IPv6 address looks like a port.
            if !before.contains(":") || before.hasSuffix("]") {
                port = number
                rest = before
            }
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        self.init(String(rest), user: user, port: port)
    }

    /// The host as a text; options are left out.
    public var description: String {
        let place = name.contains(":") && port != nil ? "[\(name)]" : name
        return (user.map { "\($0)@" } ?? "") + place + (port.map { ":\($0)" } ?? "")
    }

    /// What is wrong with the host; `nil` when it can be there.
    var fault: String? {
        // A name that begins with a hyphen would be an option of ssh.
        for (what, text) in [("name", name), ("user", user ?? "x")]
        where text.isEmpty || text.hasPrefix("-") || text.contains(where: { $0.isWhitespace || $0 == "," }) {
            return "a host's \(what) is '\(text)'; it is a word that begins with no hyphen"
        }
        if let port, !(1...65_535).contains(port) { return "the port of host \(name) is \(port); it is 1 to 65535" }
        return nil
    }
}

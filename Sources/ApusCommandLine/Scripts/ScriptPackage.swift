import SystemSupport

/// A Swift package that a script names in its header.
struct ScriptPackage: Equatable {
    /// The address of its repository.
    var url: String
    /// Which of its versions, in the words of a package's manifest: `from: "1.0.0"`.
    var requirement: String
    /// The libraries of it that the script imports.
    var products: [String]

    private static let requirements = ["from", "exact", "branch", "revision"]
    private static let keys = ["url", "products"] + requirements
    private static let example = "{ url = \"https://…\", from = \"1.0.0\", products = [\"Name\"] }"

    /// Reads one table of `packages`.
    init(_ value: HeaderValue) throws(HeaderProblem) {
        guard case .table(let members) = value else {
            throw HeaderProblem("'packages' takes tables: [\(Self.example)]")
        }
        var texts: [String: String] = [:]
        var products: [String] = []
        for member in members {
            guard Self.keys.contains(member.key) else { throw Self.unknown(member.key) }
            if member.key == "products", let names = member.value.strings {
                products = names
            } else if case .string(let text) = member.value, member.key != "products" {
                texts[member.key] = text
            } else {
                throw HeaderProblem("'\(member.key)' does not take this; a package is \(Self.example)")
            }
        }
        // They become part of a manifest, which is a program.
        guard (Array(texts.values) + products).allSatisfy(Self.isPlain) else {
            throw HeaderProblem("a package's texts may hold no quotes, backslashes and control characters")
        }
        guard let url = texts["url"], !url.isEmpty, !products.isEmpty, !products.contains("") else {
            throw HeaderProblem("a package needs 'url' and 'products': \(Self.example)")
        }
        let given = Self.requirements.filter { texts[$0] != nil }
        guard given.count == 1, let key = given.first, let text = texts[key] else {
            throw HeaderProblem("the package '\(url)' needs one of \(Self.requirements.joined(separator: ", "))")
        }
        guard (key != "from" && key != "exact") || Self.isVersion(text) else {
            throw HeaderProblem("'\(key)' is \"\(text)\"; it takes a version such as \"1.2.0\"")
        }
        self.url = url
        self.products = products
        requirement = "\(key): \"\(text)\""
    }

    /// The package's name in a manifest: the last part of its address.
    var identity: String {
        let last = url.split(separator: "/").last.map(String.init) ?? url
        return last.hasSuffix(".git") ? String(last.dropLast(4)) : last
    }

    private static func unknown(_ key: String) -> HeaderProblem {
        let nearest = NearestName.find(key, among: keys)
        return HeaderProblem(
            "a package has no key '\(key)'; "
                + (nearest.map { "did you mean '\($0)'?" } ?? "its keys are \(keys.joined(separator: ", "))"))
    }

    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 != "\"" && $0 != "\\" && $0.properties.generalCategory != .control }
    }

    private static func isVersion(_ text: String) -> Bool {
        let core = text.prefix { $0 != "-" && $0 != "+" }
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy { Int($0) != nil }
    }
}

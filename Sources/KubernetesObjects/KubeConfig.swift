import Provisioning
import Yams

/// A kubeconfig file cannot be used.
package struct KubeConfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do.
    package var description: String

    init(_ description: String) { self.description = description }
}

/// Reads kubeconfig files: clusters, users and contexts by their names.
package enum KubeConfig {
    /// What one context of a file says.
    ///
    /// - Parameters:
    ///   - text: the file's content, YAML or JSON.
    ///   - path: the file, in whose directory relative names of other files begin.
    ///   - context: the context; `nil` is the file's current one.
    /// - Throws: ``KubeConfigError``.
    package static func access(
        _ text: String, path: String, context wanted: String? = nil
    ) throws(KubeConfigError) -> ClusterAccess {
        let root = try value(of: text, path)
        guard let name = wanted ?? root["current-context"].string, !name.isEmpty else {
            throw KubeConfigError("'\(path)' has no current context; name one: \(names(root["contexts"]))")
        }
        let context = try entry(name, in: root, "contexts", "context", path)
        guard let clusterName = context["cluster"].string else {
            throw KubeConfigError("context '\(name)' of '\(path)' names no cluster")
        }
        let cluster = try entry(clusterName, in: root, "clusters", "cluster", path)
        guard let server = cluster["server"].string, server.hasPrefix("https://") || server.hasPrefix("http://") else {
            throw KubeConfigError("cluster '\(clusterName)' of '\(path)' has no server with https:// or http://")
        }
        for key in ["proxy-url", "tls-server-name"] where cluster[key] != .null {
            throw KubeConfigError("cluster '\(clusterName)' of '\(path)' has \(key), which is not supported")
        }
        var access = ClusterAccess(server: server.hasSuffix("/") ? String(server.dropLast()) : server)
        access.authority = try material(cluster, "certificate-authority", path)
        access.skipsVerification = flag(cluster["insecure-skip-tls-verify"])
        if access.skipsVerification, access.authority != nil {
            throw KubeConfigError(
                "cluster '\(clusterName)' of '\(path)' has an authority and skips verification as well")
        }
        if let namespace = context["namespace"].string, !namespace.isEmpty { access.namespace = namespace }
        if let user = context["user"].string, !user.isEmpty {
            access.credentials = try credentials(try entry(user, in: root, "users", "user", path), user, path)
        }
        return access
    }

    private static func credentials(
        _ user: JSONValue, _ name: String, _ path: String
    ) throws(KubeConfigError) -> ClusterAccess.Credentials {
        // In the order in which kubectl prefers them.
        if let certificate = try material(user, "client-certificate", path) {
            guard let key = try material(user, "client-key", path) else {
                throw KubeConfigError("user '\(name)' of '\(path)' has a client-certificate, and no client-key")
            }
            return .certificate(certificate, key: key)
        }
        if let file = user["tokenFile"].string { return .tokenFile(absolute(file, path)) }
        if let token = user["token"].string { return .token(token) }
        if let word = user["username"].string { return .password(user: word, user["password"].string ?? "") }
        if user["exec"] != .null { return .program(try plugin(user["exec"], name, path)) }
        if user["auth-provider"] != .null {
            throw KubeConfigError(
                "user '\(name)' of '\(path)' has an auth-provider, which Kubernetes itself has given up; use an exec plugin or "
                    + "a token")
        }
        return .anonymous
    }

    private static func plugin(_ exec: JSONValue, _ name: String, _ path: String) throws(KubeConfigError) -> ExecPlugin
    {
        guard let command = exec["command"].string, !command.isEmpty else {
            throw KubeConfigError("user '\(name)' of '\(path)' has an exec without a command")
        }
        var variables: [String: String] = [:]
        for item in exec["env"].elements {
            if let key = item["name"].string { variables[key] = item["value"].string ?? "" }
        }
        // A relative path begins at the file; a bare name is looked up on PATH.
        let program = command.contains("/") ? absolute(command, path) : command
        return ExecPlugin(
            command: [program] + exec["args"].elements.compactMap(\.string), environment: variables,
            apiVersion: exec["apiVersion"].string ?? "client.authentication.k8s.io/v1",
            installHint: exec["installHint"].string)
    }

    /// What stands under `key-data`, in base 64, or in the file under `key`.
    private static func material(
        _ object: JSONValue, _ key: String, _ path: String
    ) throws(KubeConfigError) -> ClusterAccess.Material? {
        if let text = object["\(key)-data"].string, !text.isEmpty {
            guard let bytes = Base64.bytes(text) else {
                throw KubeConfigError("\(key)-data in '\(path)' is not in base 64")
            }
            return .inline(bytes)
        }
        return object[key].string.flatMap { $0.isEmpty ? nil : .file(absolute($0, path)) }
    }

    private static func absolute(_ file: String, _ path: String) -> String {
        guard !file.hasPrefix("/") else { return file }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return "\(folder)/\(file)"
    }

    private static func entry(
        _ name: String, in root: JSONValue, _ list: String, _ member: String, _ path: String
    ) throws(KubeConfigError) -> JSONValue {
        guard let entry = root[list].elements.first(where: { $0["name"].string == name }) else {
            throw KubeConfigError("'\(path)' has no '\(name)' in \(list); there are: \(names(root[list]))")
        }
        return entry[member]
    }

    private static func names(_ list: JSONValue) -> String {
        let names = list.elements.compactMap { $0["name"].string }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    private static func flag(_ value: JSONValue) -> Bool { value.string == "true" || value.bool == true }

    // MARK: YAML

    /// The file's content; every scalar is a text.
    private static func value(of text: String, _ path: String) throws(KubeConfigError) -> JSONValue {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw KubeConfigError("'\(path)' is no YAML: \(error)")
        }
        guard let node, case .mapping = node else {
            throw KubeConfigError("'\(path)' is no kubeconfig file: it is empty")
        }
        return convert(node)
    }

    private static func convert(_ node: Node) -> JSONValue {
        switch node {
        case .mapping(let mapping):
            var members: [String: JSONValue] = [:]
            for (key, value) in mapping { if let name = key.string { members[name] = convert(value) } }
            return .object(members)
        case .sequence(let sequence): return .array(sequence.map(convert))
        case .scalar(let scalar):
            return scalar.style == .plain && ["", "~", "null"].contains(scalar.string) ? .null : .string(scalar.string)
        default: return .null
        }
    }
}

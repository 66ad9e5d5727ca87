/// How a cluster's API is reached, and as whom: what a kubeconfig file or a pod's own account says.
package struct ClusterAccess: Sendable, Equatable {
    /// Bytes that stand in the file itself, or in another one.
    package enum Material: Sendable, Equatable {
        /// The bytes, in the PEM form.
        case inline([UInt8])
        /// A file.
        case file(String)
    }

    /// As whom.
    package enum Credentials: Sendable, Equatable {
        /// Nobody.
        case anonymous
        /// A token.
        case token(String)
        /// A file with a token, read anew for each request, since clusters replace it.
        case tokenFile(String)
        /// A certificate and its key.
        case certificate(Material, key: Material)
        /// A name and a password.
        case password(user: String, String)
        /// A program that prints a token or a certificate.
        case program(ExecPlugin)
    }

    /// The address of the API: `https://10.0.0.1:6443`.
    package var server: String
    /// The authority that the server's certificate must be signed by; `nil` is the system's.
    package var authority: Material?
    /// Whether any certificate is accepted.
    package var skipsVerification: Bool
    /// As whom.
    package var credentials: Credentials
    /// The namespace of the context.
    package var namespace: String

    /// Describes a cluster.
    package init(
        server: String, authority: Material? = nil, skipsVerification: Bool = false,
        credentials: Credentials = .anonymous, namespace: String = "default"
    ) {
        self.server = server
        self.authority = authority
        self.skipsVerification = skipsVerification
        self.credentials = credentials
        self.namespace = namespace
    }

    /// Where a pod finds its own account.
    package static let accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The account of the pod in which this program runs; `nil` when it runs in none.
    ///
    /// - Parameters:
    ///   - environment: the program's variables.
    ///   - read: reads a file; `nil` when it is not there.
    package static func inCluster(_ environment: [String: String], read: (String) -> String?) -> ClusterAccess? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"],
            read(accountDirectory + "/token") != nil
        else { return nil }
        let name = host.contains(":") ? "[\(host)]" : host
        let namespace = read(accountDirectory + "/namespace")?.split(whereSeparator: \.isWhitespace).first
        return ClusterAccess(
            server: "https://\(name):\(port)", authority: .file(accountDirectory + "/ca.crt"),
            credentials: .tokenFile(accountDirectory + "/token"), namespace: namespace.map(String.init) ?? "default")
    }
}

/// A program that a kubeconfig file names to make credentials: those of cloud providers work so.
package struct ExecPlugin: Sendable, Equatable {
    /// The program, and its arguments.
    package var command: [String]
    /// Its variables.
    package var environment: [String: String]
    /// The version of its answer.
    package var apiVersion: String
    /// What to do when it is not there.
    package var installHint: String?

    /// What it prints.
    package struct Answer: Sendable, Equatable {
        /// As whom.
        package var credentials: ClusterAccess.Credentials
    }

    /// Reads what it printed.
    ///
    /// - Throws: ``KubeConfigError``.
    package static func answer(_ output: [UInt8]) throws(KubeConfigError) -> Answer {
        guard let value = JSONValue(parsing: output), value["kind"].string == "ExecCredential" else {
            throw KubeConfigError(
                "the credential program printed no ExecCredential: \(String(decoding: output.prefix(200), as: UTF8.self))"
            )
        }
        let status = value["status"]
        if let token = status["token"].string { return Answer(credentials: .token(token)) }
        if let certificate = status["clientCertificateData"].string, let key = status["clientKeyData"].string {
            return Answer(credentials: .certificate(.inline(Array(certificate.utf8)), key: .inline(Array(key.utf8))))
        }
        throw KubeConfigError("the credential program printed neither a token nor a certificate with its key")
    }
}

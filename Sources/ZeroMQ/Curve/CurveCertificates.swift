internal import Glibc
internal import SystemSupport

/// The key pairs of one run, kept as four files in a private directory, in the format that pyzmq reads and writes.
package struct CurveCertificates: Sendable, Equatable {
    /// The pair of the interchange.
    package let server: CurveKeyPair
    /// The pair that the submitting process and all managers share.
    package let client: CurveKeyPair

    /// Puts two pairs together, in memory.
    package init(server: CurveKeyPair, client: CurveKeyPair) {
        self.server = server
        self.client = client
    }

    /// Makes new pairs, in memory.
    package static func generate() throws(ZeroMQError) -> CurveCertificates {
        CurveCertificates(server: try .generate(), client: try .generate())
    }

    /// The part of the interchange.
    package var serverRole: CurveRole { .server(secret: server.secretKey) }

    /// The part of everybody else.
    package var clientRole: CurveRole { .client(client, serverPublic: server.publicKey) }

    /// Makes new pairs and writes them into a directory, which is made with mode 0700, or given that mode.
    ///
    /// Secret files get mode 0600 before their content.
    @discardableResult
    package static func create(in directory: String) throws(ZeroMQError) -> CurveCertificates {
        let certificates = try generate()
        if unsafe mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw bad("create the certificate directory '\(directory)'", SystemError.last("").reason)
        }
        guard unsafe chmod(directory, 0o700) == 0 else {
            throw bad("make '\(directory)' private", SystemError.last("").reason)
        }
        for (name, pair) in [("server", certificates.server), ("client", certificates.client)] {
            try write(pair.publicText, to: "\(directory)/\(name).key", mode: 0o644)
            try write(pair.secretText, to: "\(directory)/\(name).key_secret", mode: 0o600)
        }
        return certificates
    }

    /// Reads both pairs from a directory whose mode is exactly 0700.
    package static func load(from directory: String) throws(ZeroMQError) -> CurveCertificates {
        try checkPrivate(directory)
        return CurveCertificates(
            server: try pair("server", in: directory), client: try pair("client", in: directory))
    }

    /// Reads what a server needs: its secret key.
    package static func loadServerRole(from directory: String) throws(ZeroMQError) -> CurveRole {
        try checkPrivate(directory)
        return .server(secret: try pair("server", in: directory).secretKey)
    }

    /// Reads what a client needs: its pair and the server's public key.
    package static func loadClientRole(from directory: String) throws(ZeroMQError) -> CurveRole {
        try checkPrivate(directory)
        let server = try keys(of: "\(directory)/server.key").publicKey
        return .client(try pair("client", in: directory), serverPublic: server)
    }

    /// The files that a client needs, by name, to be carried to a host that does not see the directory.
    package static func clientFiles(in directory: String) throws(ZeroMQError) -> [String: String] {
        try checkPrivate(directory)
        var result: [String: String] = [:]
        for name in ["server.key", "client.key", "client.key_secret"] {
            let path = "\(directory)/\(name)"
            do throws(SystemError) {
                result[name] = try SmallFile.readText(path, limit: 64 << 10)
            } catch {
                throw bad("read '\(path)'", error.reason)
            }
        }
        return result
    }

    /// Writes such files into a new directory for this user alone.
    package static func writeClientFiles(_ files: [String: String], in directory: String) throws(ZeroMQError) {
        guard unsafe mkdir(directory, 0o700) == 0 else {
            throw bad("create the certificate directory '\(directory)'", SystemError.last("").reason)
        }
        for name in ["server.key", "client.key", "client.key_secret"] {
            guard let text = files[name] else { throw bad("write '\(name)'", "it did not come with the parameters") }
            try write(text, to: "\(directory)/\(name)", mode: 0o600)
        }
    }

    /// The public keys of all `*.key` files in a directory: those that a server lets in.
    package static func clientKeys(in directory: String) throws(ZeroMQError) -> Set<CurveKey> {
        try checkPrivate(directory)
        guard let stream = unsafe opendir(directory) else {
            throw bad("list the certificate directory '\(directory)'", SystemError.last("").reason)
        }
        defer { unsafe closedir(stream) }
        var result: Set<CurveKey> = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasSuffix(".key") { result.insert(try keys(of: "\(directory)/\(name)").publicKey) }
        }
        return result
    }

    // MARK: Files

    private static func pair(_ name: String, in directory: String) throws(ZeroMQError) -> CurveKeyPair {
        let path = "\(directory)/\(name).key_secret"
        let (publicKey, secretKey) = try keys(of: path)
        guard let secretKey else { throw bad("read '\(path)'", "there is no secret-key in it") }
        return CurveKeyPair(publicKey: publicKey, secretKey: secretKey)
    }

    /// Reads the two `name = "value"` lines that matter.
    private static func keys(of path: String) throws(ZeroMQError) -> (publicKey: CurveKey, secretKey: CurveKey?) {
        let text: String
        do throws(SystemError) {
            text = try SmallFile.readText(path, limit: 64 << 10)
        } catch {
            throw bad("read '\(path)'", error.reason)
        }
        var found: [Substring: CurveKey] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "=", maxSplits: 1)
            guard words.count == 2, !line.drop(while: { $0 == " " || $0 == "\t" }).hasPrefix("#") else { continue }
            let name = words[0].filter { $0 != " " && $0 != "\t" }
            guard name == "public-key" || name == "secret-key" else { continue }
            // The value may hold '=' and '#', but no quote: it stands between two of them.
            let value = words[1].split(separator: words[1].contains("'") && !words[1].contains("\"") ? "'" : "\"")
            guard let quoted = value.dropFirst(value.count > 1 ? 1 : 0).first else { continue }
            found[Substring(name)] = try CurveKey(z85: String(quoted))
        }
        guard let publicKey = found["public-key"] else { throw bad("read '\(path)'", "there is no public-key in it") }
        return (publicKey, found["secret-key"])
    }

    private static func write(_ text: String, to path: String, mode: UInt32) throws(ZeroMQError) {
        do throws(SystemError) {
            try SmallFile.write(Array(text.utf8), to: path, mode: mode)
        } catch {
            throw bad("write '\(path)'", error.reason)
        }
    }

    private static func checkPrivate(_ directory: String) throws(ZeroMQError) {
        var information = stat()
        guard unsafe stat(directory, &information) == 0 else {
            throw bad("open the certificate directory '\(directory)'", SystemError.last("").reason)
        }
        let mode = information.st_mode & 0o7777
        guard mode == 0o700, information.st_mode & S_IFMT == S_IFDIR else {
            throw bad(
                "use the certificate directory '\(directory)'",
                "its mode is \(String(mode, radix: 8)) instead of 700, so others may have read the keys",
                remedy: "make new keys in a directory of mode 700")
        }
    }

    private static func bad(
        _ attempt: String, _ reason: String, remedy: String = "the keys of a run are in certificates/ of its directory"
    ) -> ZeroMQError {
        ZeroMQError(code: .badCertificate, attempt: attempt, reason: reason, remedy: remedy)
    }
}

extension CurveKeyPair {
    fileprivate var publicText: String {
        """
        #   ZeroMQ CURVE certificate: the public key. It may be given to anybody.

        metadata
        curve
            public-key = "\(publicKey.text)"

        """
    }

    fileprivate var secretText: String {
        """
        #   ZeroMQ CURVE certificate with a SECRET key. Never copy it, never pass it on.

        metadata
        curve
            public-key = "\(publicKey.text)"
            secret-key = "\(secretKey.text)"

        """
    }
}

internal import CZeroMQ

/// One CURVE key, public or secret, in its text form of 40 Z85 characters.
package struct CurveKey: Hashable, Sendable, CustomStringConvertible {
    /// Characters in the text form.
    package static let textLength = 40
    /// Bytes in the binary form.
    package static let byteLength = 32

    /// The 40 Z85 characters; not for logs, since the key may be secret.
    package let text: String

    /// Reads the text form.
    package init(z85 text: String) throws(ZeroMQError) {
        var bytes = [UInt8](repeating: 0, count: Self.byteLength)
        guard text.utf8.count == Self.textLength, unsafe zmq_z85_decode(&bytes, text) != nil else {
            throw ZeroMQError(
                code: .badCertificate, attempt: "read a CURVE key of \(text.utf8.count) characters",
                reason: "a key has \(Self.textLength) characters of the Z85 alphabet", remedy: "make the keys again")
        }
        self.text = text
    }

    /// Takes the binary form, as an authenticator receives it; nil when it is not 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteLength else { return nil }
        var characters = [CChar](repeating: 0, count: Self.textLength + 1)
        guard unsafe zmq_z85_encode(&characters, bytes, bytes.count) != nil else { return nil }
        text = String(decoding: characters.prefix(Self.textLength).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Shows the first characters only, since the key may be secret.
    package var description: String { "CURVE key \(text.prefix(4))…" }
}

/// A public key and the secret key that belongs to it.
package struct CurveKeyPair: Hashable, Sendable {
    /// The key others may know.
    package let publicKey: CurveKey
    /// The key nobody else may know.
    package let secretKey: CurveKey

    /// Puts two keys together.
    package init(publicKey: CurveKey, secretKey: CurveKey) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// Makes a new pair.
    package static func generate() throws(ZeroMQError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: CurveKey.textLength + 1)
        var secretText = publicText
        guard unsafe zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw .last("make a CURVE key pair (is libzmq built with CURVE?)")
        }
        func key(_ characters: [CChar]) throws(ZeroMQError) -> CurveKey {
            let bytes = characters.prefix(CurveKey.textLength).map(UInt8.init(bitPattern:))
            return try CurveKey(z85: String(decoding: bytes, as: UTF8.self))
        }
        return CurveKeyPair(publicKey: try key(publicText), secretKey: try key(secretText))
    }
}

/// The part a socket plays in an encrypted connection, whichever side connects.
package struct CurveRole: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case server(secret: CurveKey)
        case client(own: CurveKeyPair, server: CurveKey)
    }

    let kind: Kind

    /// Proves itself by a secret key; who may talk to it is decided by a `KeyAuthenticator`.
    package static func server(secret: CurveKey) -> Self { Self(kind: .server(secret: secret)) }

    /// Knows the server's public key, and shows its own.
    package static func client(public publicKey: CurveKey, secret: CurveKey, serverPublic: CurveKey) -> Self {
        Self(kind: .client(own: CurveKeyPair(publicKey: publicKey, secretKey: secret), server: serverPublic))
    }

    /// Knows the server's public key, and shows its own.
    package static func client(_ own: CurveKeyPair, serverPublic: CurveKey) -> Self {
        Self(kind: .client(own: own, server: serverPublic))
    }
}

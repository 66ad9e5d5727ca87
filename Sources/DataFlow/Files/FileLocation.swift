/// Where a file is, taken apart: scheme, host, path.
struct FileLocation: Hashable, Sendable {
    /// `file`, `http`, `zip`, …; in small letters.
    let scheme: String
    /// The host, with user and port as the address has them; empty when the address names none.
    let host: String
    /// The path, with `%20` and the like read.
    let path: String
    /// The whole address.
    let url: String

    /// A file of this machine, or of a file system that all hosts share.
    ///
    /// A relative path is relative to the directory of the process, now.
    init(path: String) throws(FileError) {
        guard !path.isEmpty else { throw FileError(.badPath, path, "a path has one byte or more") }
        guard !path.utf8.contains(0) else { throw FileError(.badPath, path, "a path holds no byte 0") }
        scheme = "file"
        host = ""
        self.path = LocalPath.absolute(path)
        url = "file://" + Self.escaped(self.path)
    }

    /// A member of an archive.
    init(archive: String, member: String) throws(FileError) {
        let path = try FileLocation(path: archive).path + "/" + member
        guard !member.utf8.contains(0), let place = ZipLocation(path: path), place.member == member else {
            throw FileError(
                .badPath, path,
                "the name of an archive ends with .zip, and that of a file in it does not lead out of it")
        }
        scheme = "zip"
        host = ""
        self.path = path
        url = "zip:" + Self.escaped(path)
    }

    /// An address, or a path when the text does not begin with a scheme.
    init(_ text: String) throws(FileError) {
        guard let colon = Self.endOfScheme(text) else {
            self = try FileLocation(path: text)
            return
        }
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f }) else {
            throw FileError(
                .badURL, text, "an address holds no blank and no control character; write a blank as %20")
        }
        let scheme = text[..<colon].lowercased()
        var rest = text[text.index(after: colon)...]
        var host = ""
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
            host = String(rest[..<end])
            rest = rest[end...]
        }
        // In `file:` and the like a question mark is a letter as others; on the web it begins the query.
        let webLike = ["http", "https"].contains(scheme)
        let end = webLike ? rest.firstIndex { $0 == "?" || $0 == "#" } ?? rest.endIndex : rest.endIndex
        guard let path = Self.unescaped(rest[..<end]) else {
            throw FileError(.badURL, text, "a % in an address is followed by two hexadecimal digits, and never by 00")
        }
        if let fault = Self.fault(scheme, host, path) { throw FileError(.badURL, text, fault) }
        self.scheme = scheme
        self.host = scheme == "file" ? "" : host
        self.path = scheme == "file" ? LocalPath.absolute(path) : path
        url = scheme == "file" ? "file://" + Self.escaped(self.path) : scheme + text[colon...]
    }

    private static func fault(_ scheme: String, _ host: String, _ path: String) -> String? {
        switch scheme {
        case "file":
            if !host.isEmpty, host != "localhost" {
                return "a file: address names no host; write rsync://\(host)\(path) for a file of another machine"
            }
            if path.isEmpty { return "the path is missing" }
        case "http", "https", "ftp":
            if host.isEmpty { return "the host is missing; write \(scheme)://host/path" }
        case "zip":
            if ZipLocation(path: path) == nil {
                return "write zip:/path/of/archive.zip/name/inside"
            }
        default:
            if path.isEmpty { return "the path is missing" }
        }
        return nil
    }

    /// RFC 3986: a letter, then letters, digits, plus, hyphen, full stop.
    private static func endOfScheme(_ text: String) -> String.Index? {
        guard let colon = text.firstIndex(of: ":"), let first = text.utf8.first, isLetter(first) else { return nil }
        let rest = text.utf8[..<colon].dropFirst()
        return rest.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || [0x2b, 0x2d, 0x2e].contains($0) }
            ? colon : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

    private static func unescaped(_ text: Substring) -> String? {
        guard text.utf8.contains(0x25) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(Substring(digits)), radix: 16), value != 0 else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func escaped(_ path: String) -> String {
        var text = ""
        for byte in path.utf8 {
            if byte <= 0x20 || byte >= 0x7f || byte == 0x25 {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            } else {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return text
    }

    /// The address as people may see it: without a password.
    var shown: String {
        guard let at = host.lastIndex(of: "@"), let colon = host[..<at].firstIndex(of: ":") else { return url }
        let password = host[colon..<at]
        guard let range = url.firstRange(of: password) else { return url }
        return url.replacingCharacters(in: range, with: ":***")
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}

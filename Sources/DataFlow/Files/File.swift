/// A file by its address: where it is, whoever asks.
///
/// As an argument of an app it is *staged in*: before the app runs, it is brought to the machine where the app runs, and
/// ``localPath`` says where it is. It may stand alone, in arrays, optionals, dictionaries, in structures of yours, or come
/// out of a future.
///
/// ```swift
/// let countLines = app("countLines") { (text: File) in try String(contentsOfFile: text.localPath).split(…).count }
/// let lines = try countLines(File("https://example.org/words.txt"))
/// ```
///
/// What an app makes is an ``OutputFile``.
public struct File: AppValue, CustomStringConvertible {
    let location: FileLocation
    /// The SHA-256 of the content, 64 hexadecimal digits; checked whenever the file is staged in.
    public let checksum: String?
    /// Where the copy is that was made for the running app.
    var staged: String?

    /// The file at an address (`https://…`, `zip:/a.zip/inside`), or at a path when the text names no scheme.
    ///
    /// - Parameters:
    ///   - text: the address, or a path; a relative path is relative to the directory of the process.
    ///   - checksum: the SHA-256 of the content in hexadecimal digits; `nil` checks nothing.
    /// - Throws: ``FileError`` when the text is no address, or the checksum none.
    public init(_ text: String, checksum: String? = nil) throws(FileError) {
        self.init(location: try FileLocation(text), checksum: try Self.checked(checksum))
    }

    /// The file at a path, whatever letters are in it.
    ///
    /// - Parameters:
    ///   - path: a path on this machine, or on a file system that all hosts share.
    ///   - checksum: the SHA-256 of the content in hexadecimal digits; `nil` checks nothing.
    /// - Throws: ``FileError`` when no file can have the path, or the checksum is none.
    public init(path: String, checksum: String? = nil) throws(FileError) {
        self.init(location: try FileLocation(path: path), checksum: try Self.checked(checksum))
    }

    /// The file in a zip archive, whatever letters are in both names.
    ///
    /// - Parameters:
    ///   - archive: the path of the archive, which ends with `.zip`.
    ///   - member: the name of the file in it.
    ///   - checksum: the SHA-256 of the content in hexadecimal digits; `nil` checks nothing.
    /// - Throws: ``FileError`` when there can be no such file, or the checksum is none.
    public init(archive: String, member: String, checksum: String? = nil) throws(FileError) {
        self.init(
            location: try FileLocation(archive: archive, member: member), checksum: try Self.checked(checksum))
    }

    init(location: FileLocation, checksum: String?) {
        self.location = location
        self.checksum = checksum
    }

    /// How the file is reached: `file`, `http`, `https`, `ftp`, `zip`, `rsync`, or a word of a provider of yours.
    public var scheme: String { location.scheme }
    /// The host, with user and port where the address has them; empty when it names none.
    public var host: String { location.host }
    /// The path at that place.
    public var path: String { location.path }
    /// The whole address; of a path, with `file://` before it.
    public var url: String { location.url }

    /// The last part of the path; `file` when the path ends with a slash.
    public var filename: String { LocalPath.filename(location.path) }

    /// Where the file is on this machine.
    ///
    /// - Throws: ``FileError`` when it is not: outside of apps, and unless it is a `file:`.
    public var localPath: String {
        get throws(FileError) {
            if let staged { return staged }
            if scheme == "file" { return path }
            throw FileError(
                .notHere, location.shown, "it is on this machine only inside an app that has it as an argument")
        }
    }

    /// The SHA-256 of the content, as 64 hexadecimal digits.
    ///
    /// - Throws: ``FileError`` when the file is not on this machine, or cannot be read.
    public func computedChecksum() throws -> String { try FileChecksum.of(try localPath) }

    /// The address, without a password.
    public var description: String { location.shown }

    private static func checked(_ checksum: String?) throws(FileError) -> String? {
        guard let checksum else { return nil }
        let digits = checksum.lowercased()
        guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) else {
            throw FileError(.badChecksum, checksum, "a SHA-256 is 64 hexadecimal digits, as `sha256sum` prints them")
        }
        return digits
    }
}

extension File: Hashable {
    /// Two files are equal when address and checksum are, wherever they are staged.
    public static func == (one: File, other: File) -> Bool {
        one.location == other.location && one.checksum == other.checksum
    }

    /// Feeds address and checksum.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(location.url)
        hasher.combine(checksum)
    }
}

// A file travels as its address and checksum. Beside these, what an executor is sent holds where the file is to be staged
// and by whom: the encoder finds that in the plan of the call, the decoder notes it for the run of the app. Both reach
// files at any depth of a call's arguments, since every value passes through its own coding.

extension CodingUserInfoKey {
    /// A ``StagingNotes``: present while arguments of calls are encoded, searched or decoded.
    static let staging = CodingUserInfoKey(rawValue: "apus.staging")
}

/// Takes part in the coding of files.
protocol StagingNotes: Sendable {
    /// What is written beside the address of a file.
    func place(of file: File, isOutput: Bool) -> StagedPlace?
    /// Takes note of a file that was encoded or decoded.
    func note(_ file: File, isOutput: Bool, _ place: StagedPlace?)
}

/// Where the copy of a file is on the machine of the app, and what is to be done about it there.
struct StagedPlace: Codable, Hashable, Sendable {
    /// The path of the copy.
    var path: String
    /// The provider that moves the file when the app runs; `nil` when that is not the app's business.
    var provider: String?
    /// Whether the copy is removed when the app has ended.
    var isTemporary = false
}

private enum Keys: String, CodingKey {
    case url, checksum, place
}

extension File {
    /// Reads address and checksum.
    public init(from decoder: any Decoder) throws { try self.init(from: decoder, isOutput: false) }

    /// Writes address and checksum; a password in the address is written, too.
    public func encode(to encoder: any Encoder) throws { try encode(to: encoder, isOutput: false) }

    init(from decoder: any Decoder, isOutput: Bool) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        do {
            self = try File(
                try container.decode(String.self, forKey: .url),
                checksum: try container.decodeIfPresent(String.self, forKey: .checksum))
        } catch let error as FileError {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: error.description, underlyingError: error))
        }
        // A place is believed to whoever sent the call, and to nobody else.
        guard let key = CodingUserInfoKey.staging, let notes = decoder.userInfo[key] as? any StagingNotes else {
            return
        }
        let place = try container.decodeIfPresent(StagedPlace.self, forKey: .place)
        staged = place?.path
        notes.note(self, isOutput: isOutput, place)
    }

    func encode(to encoder: any Encoder, isOutput: Bool) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(url, forKey: .url)
        if let checksum { try container.encode(checksum, forKey: .checksum) }
        guard let key = CodingUserInfoKey.staging, let notes = encoder.userInfo[key] as? any StagingNotes else {
            return
        }
        let place = notes.place(of: self, isOutput: isOutput)
        if let place { try container.encode(place, forKey: .place) }
        notes.note(self, isOutput: isOutput, place)
    }
}

extension OutputFile {
    /// Reads the address.
    public init(from decoder: any Decoder) throws { file = try File(from: decoder, isOutput: true) }

    /// Writes the address.
    public func encode(to encoder: any Encoder) throws { try file.encode(to: encoder, isOutput: true) }
}

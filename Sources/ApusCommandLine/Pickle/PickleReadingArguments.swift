import ArgumentParser
import PickleCoding

/// Options of every command that reads a pickle.
struct PickleReadingArguments: ParsableArguments {
    @Flag(help: "Resolve nothing: every name, call and instance stays a record.")
    var inert = false

    @Option(help: "How 8-bit strings of Python 2 are read: ascii, latin1, utf-8 or bytes.")
    var encoding = "ascii"

    @Flag(help: "Accept persistent ids.")
    var persistent = false

    @Option(
        name: .customLong("ext"), parsing: .singleValue, help: "An extension code, as CODE=MODULE:NAME; repeatable.")
    var extensions: [String] = []

    @Option(
        name: .customLong("buffer"), parsing: .singleValue, help: "The next out-of-band buffer, a file; repeatable.")
    var buffers: [String] = []

    /// The options for the reader.
    func options() throws -> PickleReadingOptions {
        var options = inert ? PickleReadingOptions.inert : PickleReadingOptions()
        switch encoding {
        case "ascii": options.textEncoding = .ascii
        case "latin1": options.textEncoding = .latin1
        case "utf-8": options.textEncoding = .utf8
        case "bytes": options.textEncoding = .bytes
        default: throw PickleFiles.misuse("--encoding is '\(encoding)'; it can be ascii, latin1, utf-8 or bytes")
        }
        options.allowsPersistentIDs = persistent
        for text in extensions {
            let sides = text.split(separator: "=", maxSplits: 1)
            let names = sides.count == 2 ? sides[1].split(separator: ":", maxSplits: 1) : []
            guard names.count == 2, let code = Int(sides[0]) else {
                throw PickleFiles.misuse("--ext is '\(text)', expected CODE=MODULE:NAME")
            }
            options.extensions[code] = PickleName(module: String(names[0]), name: String(names[1]))
        }
        for path in buffers { options.buffers.append(try PickleFiles.read(path)) }
        return options
    }
}

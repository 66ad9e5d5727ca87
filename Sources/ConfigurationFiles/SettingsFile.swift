import Glibc
import SystemSupport

/// A configuration file as it was given, read once.
struct SettingsFile: Equatable {
    /// The path as it was given; messages show it.
    var path: String
    /// Its content.
    var root: SettingsNode

    /// Nobody writes a mebibyte of settings.
    private static let largest = 1 << 20

    /// Names looked for where no file is named.
    static let usualNames = ["apus.yaml", "apus.yml", "apus.json"]

    /// Reads a file.
    init(path: String) throws(ConfigurationFileError) {
        self.path = path
        let text = try Self.text(path)
        do throws(SettingsSyntaxError) {
            root = path.hasSuffix(".json") ? try JSONReader.read(text) : try YAMLReader.read(text)
        } catch {
            throw .init(problems: [.init(place: Self.place(path, error.position), message: error.message)])
        }
    }

    /// The file of a usual name in the working directory; nil when there is none.
    static func usual() throws(ConfigurationFileError) -> String? {
        let found = usualNames.filter { access($0, F_OK) == 0 }
        guard found.count > 1 else { return found.first }
        throw .init(problems: [
            .init(place: found[1], message: "there is '\(found[0])' as well; name the file, or remove one")
        ])
    }

    /// How a place in a file is shown.
    static func place(_ path: String, _ position: SettingsNode.Position?) -> String {
        position.map { "\(path):\($0.line):\($0.column)" } ?? path
    }

    private static func text(_ path: String) throws(ConfigurationFileError) -> String {
        func failure(_ message: String, place: String? = nil) -> ConfigurationFileError {
            .init(problems: [.init(place: place ?? path, message: message)])
        }
        guard [".yaml", ".yml", ".json"].contains(where: { path.hasSuffix($0) }) else {
            throw failure("the name of a configuration file ends in .yaml, .yml or .json")
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw failure("the file cannot be read: \(String(cString: strerror(errno)))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("this is no regular file") }
        var bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SmallFile.read(path, limit: largest)
        } catch {
            if error.code == EFBIG { throw failure("the file is larger than 1 MiB, too large for settings") }
            throw failure("the file cannot be read: \(error.reason)")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            throw failure("this is no UTF-8 text", place: "\(path):\(line + 1)")
        }
        return text
    }
}

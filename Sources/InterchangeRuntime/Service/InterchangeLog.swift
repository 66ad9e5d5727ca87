import Glibc
import SystemSupport
import WireProtocol

/// The interchange's log file, in the form that Parsl's log configuration asks for (wire document §14).
///
/// Lines are collected and written when the loop has nothing else to do, so that a debug log does not cost a system call
/// for each task. Making a line is skipped altogether below the level.
final class InterchangeLog {
    private enum Form {
        case lines(LogFormat)
        case json
    }

    private let form: Form?
    private let descriptor: Int32
    private let level: Int
    private var buffer: [UInt8] = []
    private static let writeThreshold = 64 << 10

    /// Creates the directory and the file, or goes on with one that is there.
    init(_ kind: InterchangeStartMessage.LogKind, directory: String, level: Int) throws(InterchangeError) {
        self.level = level
        let name: String
        switch kind {
        case .standard, .unknown:
            form = .lines(LogFormat(LogFormat.standard))
            name = "interchange.log"
        case .file(let format):
            form = .lines(LogFormat(format))
            name = "interchange.log"
        case .json:
            form = .json
            name = "interchange.jsonlog"
        case .none:
            form = nil
            name = ""
        }
        Self.makeDirectories(directory)
        guard form != nil else {
            descriptor = -1
            return
        }
        let path = directory + "/" + name
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw InterchangeError(
                .logUnusable,
                "could not open the log '\(path)': \(SystemError.last("open it").reason); "
                    + "give a directory in 'logdir' that can be written")
        }
    }

    private static func makeDirectories(_ path: String) {
        var prefix = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: true) {
            prefix += (prefix.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
            // A failure shows when the file is opened.
            mkdir(prefix, 0o755)
        }
    }

    /// Whether lines of this level are written at all.
    func isEnabled(_ level: InterchangeLogLevel) -> Bool {
        form != nil && level.rawValue >= self.level
    }

    /// Adds a line.
    func log(
        _ level: InterchangeLogLevel, _ message: @autoclosure () -> String, function: StaticString = #function,
        line: Int = #line
    ) {
        guard let form, level.rawValue >= self.level else { return }
        let name = "\(function)".prefix { $0 != "(" }
        let record = LogRecord(
            level: level, message: message(), function: String(name), lineNumber: line, created: WallClock.seconds)
        switch form {
        case .lines(let format): buffer.append(contentsOf: format.line(record).utf8)
        case .json: buffer.append(contentsOf: Self.json(record).utf8)
        }
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= Self.writeThreshold { flush() }
    }

    /// Writes what was collected.
    ///
    /// A full disk loses lines, never tasks.
    func flush() {
        guard !buffer.isEmpty else { return }
        buffer.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let written = write(descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { break }
                offset += written
            }
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func json(_ record: LogRecord) -> String {
        let fields = ["name", "levelname", "processName", "threadName", "funcName", "asctime", "message"]
        var line = "{\"created\": \(LogRecord.decimal(record.created, places: 6))"
        line += ", \"process\": \(getpid()), \"lineno\": \(record.lineNumber), \"levelno\": \(record.level.rawValue)"
        for field in fields {
            line += ", \"\(field)\": \"\(escaped(record.value(of: field, precision: nil, conversion: "s")))\""
        }
        return line + "}"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    deinit {
        flush()
        if descriptor >= 0 { close(descriptor) }
    }
}

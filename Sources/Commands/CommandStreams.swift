import Glibc
import SystemSupport

/// The files that a command writes to, open for as long as it runs.
final class CommandStreams {
    /// Enough to see what went wrong, little enough to travel in an error.
    private static let tailBytes = 4096
    private static let tailLines = 20

    let output: ChildProcess.Options.Output
    let error: ChildProcess.Options.Output
    private let descriptors: [Int32]
    private let errorDescriptor: Int32
    private let errorStart: off_t

    convenience init(_ options: CommandOptions) throws(CommandError) {
        var opened: [Int32] = []
        do throws(CommandError) {
            let output = try Self.open(options.standardOutput, options, &opened)
            // One file for both is opened once: two independent positions would overwrite each other.
            let shared = options.standardError == options.standardOutput && !opened.isEmpty
            let error = shared ? output : try Self.open(options.standardError, options, &opened)
            self.init(output: output, error: error, descriptors: opened)
        } catch {
            for descriptor in opened { close(descriptor) }
            throw error
        }
    }

    private init(output: ChildProcess.Options.Output, error: ChildProcess.Options.Output, descriptors: [Int32]) {
        self.output = output
        self.error = error
        self.descriptors = descriptors
        if case .descriptor(let descriptor) = error { errorDescriptor = descriptor } else { errorDescriptor = 2 }
        errorStart = Self.size(errorDescriptor)
    }

    deinit {
        for descriptor in descriptors { close(descriptor) }
    }

    /// The last lines that came to standard error since the start; empty when that is not a file.
    func errorTail() -> [String] {
        let end = Self.size(errorDescriptor)
        guard end > errorStart else { return [] }
        let start = max(errorStart, end - off_t(Self.tailBytes))
        // It is open for writing only, so it is opened again, through the kernel's name for it.
        let file = Glibc.open("/proc/self/fd/\(errorDescriptor)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Int(end - start))
        let count = pread(file, &bytes, bytes.count, start)
        guard count > 0 else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").suffix(Self.tailLines)
            .map(String.init)
    }

    private static func open(
        _ stream: CommandOptions.Stream, _ options: CommandOptions, _ opened: inout [Int32]
    ) throws(CommandError) -> ChildProcess.Options.Output {
        guard case .file(let path, let append) = stream else { return .inherit }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw .badStream(path: path, reason: "a file name has one byte or more, and none of them is 0")
        }
        let place = options.resolved(path)
        try makeDirectories(above: place, for: path)
        // Not blocking, so that a named pipe without a reader is an error at once; files do not care.
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (append ? O_APPEND : O_TRUNC)
        let descriptor = Glibc.open(place, flags, 0o644)
        guard descriptor >= 0 else { throw .badStream(path: path, reason: lastReason()) }
        opened.append(descriptor)
        // The command expects writes that wait.
        _ = fcntl(descriptor, F_SETFL, append ? O_APPEND : 0)
        return .descriptor(descriptor)
    }

    private static func makeDirectories(above place: String, for path: String) throws(CommandError) {
        guard let slash = place.lastIndex(of: "/"), slash > place.startIndex else { return }
        let folder = place[..<slash]
        if access(String(folder), F_OK) == 0 { return }
        var prefix = folder.hasPrefix("/") ? "/" : ""
        for part in folder.split(separator: "/") {
            prefix += part
            guard mkdir(prefix, 0o777) == 0 || errno == EEXIST else {
                throw .badStream(path: path, reason: "could not make the directory '\(prefix)': \(lastReason())")
            }
            prefix += "/"
        }
    }

    private static func lastReason() -> String { String(cString: strerror(errno)) }

    /// The size of a regular file; 0 for anything else.
    private static func size(_ descriptor: Int32) -> off_t {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
        return status.st_size
    }
}

import Glibc
import SystemSupport
import Testing

/// A program on a terminal of its own, and what stands on it.
final class PseudoTerminal {
    private let master: Int32
    private let child: ChildProcess
    let folder: String
    private(set) var model: TerminalModel
    /// All that came.
    private(set) var received: [UInt8] = []

    init(
        _ program: String, _ arguments: [String], columns: Int, lines: Int, environment: [String: String] = [:]
    ) throws {
        var template = Array("/tmp/apus-terminal-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        // The functions for this are not shown by the Glibc module: these are TIOCSPTLCK and TIOCGPTN.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: Int32 = 0
        var number: Int32 = -1
        try #require(ioctl(master, 0x4004_5431, &locked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(slave >= 0)
        model = TerminalModel(columns: columns, height: lines)
        var size = winsize(ws_row: UInt16(lines), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        var variables = EnvironmentVariables.all
        variables["TERM"] = "xterm"
        variables["NO_COLOR"] = nil
        variables.merge(environment) { $1 }
        let path = Self.products + "/" + program
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: path, arguments: [path] + arguments, environment: variables, workingDirectory: folder,
                standardOutput: .descriptor(slave), standardError: .descriptor(slave), endsGroupWithLeader: true))
        close(slave)
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
    }

    private static let products: String = {
        let path = (try? SmallFile.readText("/proc/self/cmdline")) ?? ""
        for word in path.split(separator: "\0") where word.contains(".xctest") {
            return word.split(separator: "/").prefix { !$0.hasSuffix(".xctest") }.reduce("") { $0 + "/" + $1 }
        }
        return CurrentProcess.executablePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }()

    func resize(columns: Int, lines: Int) {
        var size = winsize(ws_row: UInt16(lines), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        model.resize(columns: columns)
    }

    /// Makes the file that tasks wait for.
    func make(_ file: String) throws { try SmallFile.write([], to: folder + "/" + file, mode: 0o600) }

    /// Reads until the screen is as it should be; at most a minute.
    func eventually(_ condition: ([String]) -> Bool) -> Bool {
        let deadline = Monotonic.deadline(after: .seconds(60))
        while Monotonic.nanoseconds < deadline {
            if condition(model.screen) { return true }
            read()
        }
        return condition(model.screen)
    }

    /// Reads to the program's end.
    func finish() -> SystemSupport.ExitStatus? {
        let deadline = Monotonic.deadline(after: .seconds(60))
        while Monotonic.nanoseconds < deadline, read() {}
        return child.wait(deadlineNanoseconds: Monotonic.deadline(after: .seconds(60)))
    }

    @discardableResult
    private func read() -> Bool {
        var waiter = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&waiter, 1, 100) > 0 else { return true }
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = Glibc.read(master, &buffer, buffer.count)
        // The terminal of a program that has ended answers with an error.
        guard count > 0 else { return false }
        received += buffer[..<count]
        model.feed(buffer[..<count])
        return true
    }

    deinit {
        child.teardown([])
        close(master)
        let options = ChildProcess.Options(executable: "rm", arguments: ["rm", "-rf", folder])
        _ = try? ChildProcess(spawning: options).wait()
    }
}

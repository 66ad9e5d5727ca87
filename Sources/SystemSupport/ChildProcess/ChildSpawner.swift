internal import CLinux
import Glibc

/// Turns options into one `posix_spawn`.
///
/// Not fork and exec: after a fork of a process with threads hardly anything may be called in the child.
struct ChildSpawner {
    private let options: ChildProcess.Options

    init(_ options: ChildProcess.Options) { self.options = options }

    func spawn() throws(SystemError) -> Int32 {
        try checkWorkingDirectory()
        var sources = DescriptorSources(lowest: lowestSource)
        defer { sources.closeAll() }
        var mapping = try standardStreams(&sources)
        for extra in options.extraDescriptors {
            guard extra.child > 2 else {
                throw SystemError(
                    code: EINVAL, attempt: "give the child descriptor \(extra.child)",
                    remedy: "0, 1 and 2 are the standard streams")
            }
            mapping[extra.child] = try sources.duplicate(extra.parent)
        }
        return try spawn(mapping)
    }

    /// Sources lie above every number in the child, so that no `dup2` overwrites one that is still needed.
    private var lowestSource: Int32 {
        max(StreamPair.lowestDescriptor, (options.extraDescriptors.map(\.child).max() ?? 0) + 1)
    }

    private func standardStreams(_ sources: inout DescriptorSources) throws(SystemError) -> [Int32: Int32] {
        var mapping: [Int32: Int32] = [:]
        switch options.standardInput {
        case .null: mapping[0] = try sources.open("/dev/null", O_RDONLY)
        case .bytes(let bytes): mapping[0] = try sources.memory(bytes)
        case .inherit: mapping[0] = try sources.duplicate(0)
        case .descriptor(let descriptor): mapping[0] = try sources.duplicate(descriptor)
        }
        mapping[1] = try output(options.standardOutput, inherited: 1, &sources)
        mapping[2] = try output(options.standardError, inherited: 2, &sources)
        return mapping
    }

    private func output(
        _ output: ChildProcess.Options.Output, inherited: Int32, _ sources: inout DescriptorSources
    ) throws(SystemError) -> Int32 {
        switch output {
        case .null: try sources.open("/dev/null", O_WRONLY)
        case .inherit: try sources.duplicate(inherited)
        case .file(let path, let append): try sources.open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC))
        case .descriptor(let descriptor): try sources.duplicate(descriptor)
        }
    }

    private func spawn(_ mapping: [Int32: Int32]) throws(SystemError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let directory = options.workingDirectory {
            clinux_spawn_add_directory(&actions, directory)
        }
        let highest = mapping.keys.max() ?? 2
        for child in 0...highest {
            if let source = mapping[child] {
                posix_spawn_file_actions_adddup2(&actions, source, child)
            } else {
                posix_spawn_file_actions_addclose(&actions, child)
            }
        }
        clinux_spawn_add_close_from(&actions, highest + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var all = sigset_t()
        var none = sigset_t()
        sigfillset(&all)
        sigemptyset(&none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
        if options.ownProcessGroup {
            flags |= Int32(POSIX_SPAWN_SETPGROUP)
            posix_spawnattr_setpgroup(&attributes, 0)
        }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let environment = options.environment ?? EnvironmentVariables.all
        var argv = CStringArray(options.arguments)
        var envp = CStringArray(environment.map { "\($0.key)=\($0.value)" })
        defer {
            argv.free()
            envp.free()
        }
        var pid: pid_t = 0
        let code =
            options.executable.contains("/")
            ? posix_spawn(&pid, options.executable, &actions, &attributes, argv.pointers, envp.pointers)
            : posix_spawnp(&pid, options.executable, &actions, &attributes, argv.pointers, envp.pointers)
        guard code == 0 else { throw failure(code) }
        return pid
    }

    /// Says which of the two paths is wrong: the spawn reports a bad directory and a bad program alike.
    private func checkWorkingDirectory() throws(SystemError) {
        guard let directory = options.workingDirectory else { return }
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            // Search permission alone suffices to work in a directory.
            if errno == EACCES, access(directory, X_OK) == 0 { return }
            throw .last(
                "start '\(options.executable)' in the directory '\(directory)'",
                remedy: "the working directory must exist on this host (\(CurrentProcess.hostName)) and be accessible")
        }
        close(descriptor)
    }

    private func failure(_ code: Int32) -> SystemError {
        let remedy =
            switch code {
            case ENOENT where options.executable.contains("/"):
                "check the path of the program, and of the interpreter in its first line"
            case ENOENT: "no such program on PATH; give its full path"
            case EACCES: "make the file executable (chmod +x), and check that its file system is not mounted noexec"
            case ENOEXEC: "the file is not a program; a script needs a first line that names its interpreter"
            case E2BIG: "arguments and environment are too long together"
            default: ""
            }
        return SystemError(code: code, attempt: "start the program '\(options.executable)'", remedy: remedy)
    }
}

/// Descriptors opened for one spawn, all closed on exec.
private struct DescriptorSources {
    private let lowest: Int32
    private var opened: [Int32] = []

    init(lowest: Int32) { self.lowest = lowest }

    mutating func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, lowest)
        if copy < 0, errno == EBADF, descriptor <= 2 {
            // A daemon may have its standard streams closed; the child gets empty ones.
            return try open("/dev/null", O_RDWR)
        }
        guard copy >= 0 else { throw .last("pass descriptor \(descriptor) to a child") }
        opened.append(copy)
        return copy
    }

    mutating func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY, 0o644)
        guard descriptor >= 0 else { throw .last("open '\(path)' for a child") }
        return try moveUp(descriptor)
    }

    /// A file in memory: unlike a pipe it takes any number of bytes at once, so nobody has to feed it.
    mutating func memory(_ bytes: [UInt8]) throws(SystemError) -> Int32 {
        let descriptor = clinux_memfd_create("standard-input")
        guard descriptor >= 0 else { throw .last("make a file in memory for a child's input") }
        let high = try moveUp(descriptor)
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try DescriptorIO.writeFully(high, buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        guard lseek(high, 0, SEEK_SET) == 0 else { throw .last("rewind a child's input") }
        return high
    }

    mutating func closeAll() {
        for descriptor in opened { close(descriptor) }
        opened = []
    }

    private mutating func moveUp(_ descriptor: Int32) throws(SystemError) -> Int32 {
        defer { close(descriptor) }
        return try duplicate(descriptor)
    }
}

/// A null-terminated array of C strings.
private struct CStringArray {
    private(set) var pointers: [UnsafeMutablePointer<CChar>?] = []

    init(_ strings: [String]) {
        pointers.reserveCapacity(strings.count + 1)
        for string in strings { pointers.append(strdup(string)) }
        pointers.append(nil)
    }

    mutating func free() {
        for pointer in pointers { Glibc.free(pointer) }
        pointers = []
    }
}

import Glibc
import Launch
import SystemSupport

/// A program that is compiled already, of which `apus run` makes nothing but a process with settings.
struct CompiledProgram {
    /// The path as it was given.
    var path: String

    private static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    /// Up to and with the kind of machine, in the head of an ELF file (elf.h).
    private static let headLength = 20
    /// Kinds of ELF files: relocatable ones are the compiler's, cores the kernel's.
    private static let objectKind: UInt8 = 1
    private static let coreKind: UInt8 = 4

    /// Looks at a file; `nil` when it is something else, such as a script, or is not there.
    init?(path: String) throws(ScriptError) {
        guard let head = Self.head(path), head.starts(with: Self.magic) else { return nil }
        self.path = path
        guard head.count == Self.headLength, ![Self.objectKind, Self.coreKind].contains(Self.kind(head)) else {
            throw .usage("'\(path)' is no program, but what compilers or the system make on the way; name the program")
        }
        // Class, order of bytes and machine: this very program shows what runs here.
        if let own = Self.head(CurrentProcess.executablePath), own[4..<6] != head[4..<6] || own[18...] != head[18...] {
            throw .usage("'\(path)' was compiled for another kind of machine than this one; compile it here")
        }
        guard access(path, X_OK) == 0 else {
            throw .usage(
                "'\(path)' is a program that may not be executed: \(String(cString: strerror(errno))); "
                    + "'chmod +x' allows it, where the file system does")
        }
    }

    /// Refuses a program on which settings would be lost.
    func checkTakesSettings() throws(ScriptError) {
        guard try contains(HandedSettings.mark) else {
            throw .usage(
                "'\(path)' is no program of Apus: nothing in it takes the settings of --config; "
                    + "without --config it runs as it is")
        }
    }

    private static func head(_ path: String) -> [UInt8]? {
        var status = stat()
        // What is taken out of a pipe here would be missing later.
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { DescriptorIO.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: headLength)
        let count = pread(descriptor, &bytes, headLength, 0)
        return count < 0 ? nil : Array(bytes[..<count])
    }

    private static func kind(_ head: [UInt8]) -> UInt8 {
        // Two bytes, the greater one first or last.
        head[5] == 2 ? head[17] : head[16]
    }

    /// Whether the file contains a text.
    private func contains(_ text: String) throws(ScriptError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw .system("read the program '\(path)'", remedy: "settings are given to programs that can be read")
        }
        defer { DescriptorIO.close(descriptor) }
        let length = Int(status.st_size)
        guard let start = mmap(nil, length, PROT_READ, MAP_PRIVATE, descriptor, 0),
            start != UnsafeMutableRawPointer(bitPattern: -1)
        else { throw .system("read the program '\(path)'") }
        defer { munmap(start, length) }
        return UnsafeRawBufferPointer(start: start, count: length).contains(bytes: Array(text.utf8))
    }
}

import Glibc
import SystemSupport

/// A zip archive, open for reading: its directory, and where its members lie.
final class ZipArchive {
    /// One member, as the directory has it.
    struct Entry {
        var name: String
        var method: UInt16
        var flags: UInt16
        var checksum: UInt32
        var compressedSize: Int
        var size: Int
        var offset: Int
        /// Its record in the directory, as it stands there.
        var record: [UInt8]
    }

    /// What is wrong with an archive.
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    let path: String
    let descriptor: Int32
    private(set) var entries: [Entry] = []
    /// Where the directory begins: members lie before it.
    private(set) var directoryOffset = 0

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.last("open the archive '\(path)'") }
        try readDirectory()
    }

    deinit { close(descriptor) }

    /// The member with this name; the last one when there are several.
    func entry(named name: String) -> Entry? { entries.last { $0.name == name } }

    /// Reads a member, and checks length and checksum.
    func extract(_ entry: Entry, into sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        guard entry.flags & 1 == 0 else { throw Fault(description: "it is encrypted; this library reads no passwords") }
        var crc = CRC32()
        var size = 0
        var offset = try dataOffset(entry)
        let end = offset + entry.compressedSize
        func take(_ bytes: UnsafeRawBufferPointer) throws {
            size += bytes.count
            guard size <= entry.size else { throw Fault(description: "it is longer than the directory says") }
            crc.update(bytes)
            try sink(bytes)
        }
        func next() throws -> [UInt8] {
            let count = min(256 << 10, end - offset)
            if count <= 0 { return [] }
            defer { offset += count }
            return try read(count, at: offset)
        }
        switch entry.method {
        case 0:
            while case let piece = try next(), !piece.isEmpty { try piece.withUnsafeBytes(take) }
        case 8:
            var inflater = Inflater(refill: next, sink: take)
            try inflater.run()
        default:
            throw Fault(
                description:
                    "it is compressed by method \(entry.method); this library reads stored and deflated members")
        }
        guard size == entry.size, crc.value == entry.checksum else {
            throw Fault(description: "it is damaged: \(size) of \(entry.size) bytes, or another checksum than noted")
        }
    }

    /// The bytes at a place; all of them or an error.
    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        guard count >= 0, offset >= 0 else { throw Fault(description: "the archive's directory contradicts itself") }
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                return pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemError.last("read the archive '\(path)'") }
            guard got > 0 else { throw Fault(description: "the archive ends too early") }
            done += got
        }
        return bytes
    }

    /// The name and the extra field before the data may be longer than those in the directory.
    private func dataOffset(_ entry: Entry) throws -> Int {
        let header = ZipReader(try read(30, at: entry.offset))
        guard header.u32(0) == 0x0403_4b50 else {
            throw Fault(description: "it does not begin where the directory says")
        }
        return entry.offset + 30 + header.u16(26) + header.u16(28)
    }

    private func readDirectory() throws {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let tailStart = max(0, size - (22 + 0xffff))
        let tail = ZipReader(try read(size - tailStart, at: tailStart))
        guard let end = stride(from: tail.count - 22, through: 0, by: -1).first(where: { tail.u32($0) == 0x0605_4b50 })
        else { throw Fault(description: "it is no zip archive: it has no directory at its end") }
        var count = tail.u16(end + 10)
        var length = tail.u32(end + 12)
        directoryOffset = tail.u32(end + 16)
        if end >= 20, tail.u32(end - 20) == 0x0706_4b50 {
            // The numbers do not fit: larger ones stand in a record of their own.
            let large = ZipReader(try read(56, at: tail.u64(end - 12)))
            guard large.u32(0) == 0x0606_4b50 else { throw Fault(description: "its directory contradicts itself") }
            count = large.u64(32)
            length = large.u64(40)
            directoryOffset = large.u64(48)
        }
        guard length <= size, directoryOffset <= size - length else {
            throw Fault(description: "its directory lies outside of it")
        }
        let directory = ZipReader(try read(length, at: directoryOffset))
        var position = 0
        for _ in 0..<count {
            guard position + 46 <= directory.count, directory.u32(position) == 0x0201_4b50 else {
                throw Fault(description: "its directory ends too early")
            }
            let name = directory.u16(position + 28)
            let extra = directory.u16(position + 30)
            let end = position + 46 + name + extra + directory.u16(position + 32)
            guard end <= directory.count else { throw Fault(description: "its directory ends too early") }
            entries.append(entry(directory, position, name, extra, end))
            position = end
        }
    }

    private func entry(_ bytes: ZipReader, _ start: Int, _ name: Int, _ extra: Int, _ end: Int) -> Entry {
        var entry = Entry(
            name: String(decoding: bytes[start + 46..<start + 46 + name], as: UTF8.self),
            method: UInt16(bytes.u16(start + 10)), flags: UInt16(bytes.u16(start + 8)),
            checksum: UInt32(bytes.u32(start + 16)), compressedSize: bytes.u32(start + 20), size: bytes.u32(start + 24),
            offset: bytes.u32(start + 42), record: Array(bytes[start..<end]))
        // ZIP64: what does not fit into four bytes stands in the extra field, in this order.
        var field = start + 46 + name
        let last = field + extra
        while field + 4 <= last {
            let length = bytes.u16(field + 2)
            if bytes.u16(field) == 1 {
                var place = field + 4
                func next(_ value: inout Int) {
                    guard value == 0xffff_ffff, place + 8 <= min(last, field + 4 + length) else { return }
                    value = bytes.u64(place)
                    place += 8
                }
                next(&entry.size)
                next(&entry.compressedSize)
                next(&entry.offset)
            }
            field += 4 + length
        }
        return entry
    }
}

/// Little-endian numbers in bytes.
struct ZipReader {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }
    subscript(range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }
    func u16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
    func u32(_ offset: Int) -> Int { u16(offset) | u16(offset + 2) << 16 }
    /// Larger numbers than any file has are cut: they fail where they are used.
    func u64(_ offset: Int) -> Int { u32(offset) | (u32(offset + 4) & 0x7fff_ffff) << 32 }
}

import Glibc
import SystemSupport

// An archive is never changed in place: a new one is written beside it and renamed over it, so that at every moment there
// is a whole one. Writers take turns by a lock on a file beside it, which stays. Members are stored, not compressed, as
// Parsl's are: results are read more often than they are kept, and every program reads them.

/// Puts files into zip archives.
enum ZipWriter {
    private static let largest = 0xffff_fffe
    private static let mostMembers = 0xfffe

    /// Adds a file to an archive, which is made when there is none; a member of that name is replaced.
    static func add(_ source: String, as member: String, to archive: String) throws {
        try LocalPath.makeDirectory(LocalPath.directory(archive))
        let lock = try lock(archive + ".lock")
        defer { close(lock) }
        let temporary = LocalPath.temporary(beside: archive)
        defer { unlink(temporary) }
        let old = LocalPath.size(archive).map { $0 > 0 } == true ? try ZipArchive(archive) : nil
        let output = try ZipOutput(temporary)
        if let old {
            try output.copy(from: old.descriptor, count: old.directoryOffset)
            var status = stat()
            if fstat(old.descriptor, &status) == 0 { output.setMode(status.st_mode & 0o777) }
        }
        let kept = (old?.entries ?? []).filter { $0.name != member }
        guard kept.count < mostMembers else {
            throw ZipArchive.Fault(description: "it has \(kept.count) members, and no more fit into one without ZIP64")
        }
        var records = kept.map(\.record)
        records.append(try output.store(source, as: member, time: ZipTime.now()))
        try output.finish(records)
        guard output.offset <= largest else {
            throw ZipArchive.Fault(description: "it would be larger than 4 GiB; use a second archive")
        }
        try LocalPath.move(temporary, to: archive)
    }

    private static func lock(_ path: String) throws -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemError.last("open the lock '\(path)'") }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                defer { close(descriptor) }
                throw SystemError.last("lock '\(path)'", remedy: "the file system must support locks")
            }
        }
        return descriptor
    }
}

/// An archive that is being written.
private final class ZipOutput {
    private let descriptor: Int32
    private(set) var offset = 0

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw SystemError.last("create '\(path)'") }
    }

    deinit { close(descriptor) }

    func setMode(_ mode: mode_t) { fchmod(descriptor, mode) }

    func copy(from source: Int32, count: Int) throws {
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var done = 0
        while done < count {
            let wanted = min(piece.count, count - done)
            let got = pread(source, &piece, wanted, off_t(done))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw SystemError.last("copy the archive") }
            try write(piece[..<got])
            done += got
        }
    }

    /// Stores a file and returns its record for the directory.
    func store(_ source: String, as member: String, time: UInt32) throws -> [UInt8] {
        let file = open(source, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError.last("open '\(source)'") }
        defer { close(file) }
        let start = offset
        let name = Array(member.utf8)
        guard name.count <= 0xffff else { throw ZipArchive.Fault(description: "the name of the member is too long") }
        // Length and checksum are known at the end only.
        try write(header(name, time, checksum: 0, size: 0)[...])
        var crc = CRC32()
        var size = 0
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let got = read(file, &piece, piece.count)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemError.last("read '\(source)'") }
            if got == 0 { break }
            piece.withUnsafeBytes { crc.update(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
            size += got
            try write(piece[..<got])
        }
        guard size < 0xffff_ffff, start < 0xffff_ffff else {
            throw ZipArchive.Fault(description: "files and archives above 4 GiB are not written")
        }
        let final = header(name, time, checksum: crc.value, size: UInt32(size))
        guard pwrite(descriptor, final, final.count, off_t(start)) == final.count else {
            throw SystemError.last("write the archive")
        }
        var record = ZipBytes()
        record.u32(0x0201_4b50)
        record.u16(0x0314)  // made on Unix, by the rules of version 2.0
        record.bytes(final[4..<30])
        record.u16(0)  // no comment
        record.u16(0)  // the first disk
        record.u16(0)
        record.u32(0o100644 << 16)
        record.u32(UInt32(start))
        record.bytes(name[...])
        return record.content
    }

    func finish(_ records: [[UInt8]]) throws {
        let start = offset
        for record in records { try write(record[...]) }
        var end = ZipBytes()
        end.u32(0x0605_4b50)
        end.u32(0)
        end.u16(UInt16(records.count))
        end.u16(UInt16(records.count))
        end.u32(UInt32(clamping: offset - start))
        end.u32(UInt32(clamping: start))
        end.u16(0)
        try write(end.content[...])
        guard fsync(descriptor) == 0 else { throw SystemError.last("write the archive to the disk") }
    }

    private func header(_ name: [UInt8], _ time: UInt32, checksum: UInt32, size: UInt32) -> [UInt8] {
        var header = ZipBytes()
        header.u32(0x0403_4b50)
        header.u16(20)
        header.u16(0x0800)  // the name is UTF-8
        header.u16(0)  // stored
        header.u32(time)
        header.u32(checksum)
        header.u32(size)
        header.u32(size)
        header.u16(UInt16(name.count))
        header.u16(0)
        header.bytes(name[...])
        return header.content
    }

    private func write(_ bytes: ArraySlice<UInt8>) throws {
        try bytes.withUnsafeBytes { try DescriptorIO.writeFully(descriptor, $0) }
        offset += bytes.count
    }
}

/// Bytes that are put together, little-endian.
private struct ZipBytes {
    private(set) var content: [UInt8] = []

    mutating func u16(_ value: UInt16) { withUnsafeBytes(of: value.littleEndian) { content.append(contentsOf: $0) } }
    mutating func u32(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { content.append(contentsOf: $0) } }
    mutating func bytes(_ bytes: ArraySlice<UInt8>) { content.append(contentsOf: bytes) }
}

/// Times in archives: of MS-DOS, by the local clock, in steps of two seconds.
private enum ZipTime {
    static func now() -> UInt32 {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let clock = UInt32(parts.tm_hour) << 11 | UInt32(parts.tm_min) << 5 | UInt32(parts.tm_sec / 2)
        let day = UInt32(max(0, parts.tm_year - 80)) << 9 | UInt32(parts.tm_mon + 1) << 5 | UInt32(parts.tm_mday)
        return day << 16 | clock
    }
}

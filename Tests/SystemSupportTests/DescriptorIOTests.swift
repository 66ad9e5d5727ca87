import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Descriptors", .paced)
struct DescriptorIOTests {
    @Test("a pair lies high, is closed on exec, and carries bytes")
    func pair() throws {
        let (first, second) = try StreamPair.make()
        defer { closeBoth(first, second) }
        #expect(first >= 20 && second >= 20)
        #expect(fcntl(first, F_GETFD) & FD_CLOEXEC != 0)
        try write(first, [1, 2, 3])
        #expect(try read(second, 3) == [1, 2, 3])
    }

    @Test("large pieces pass in full while the other side reads slowly", arguments: [(0, 5), (4, 0), (4, 3_000_000)])
    func twoPieces(head: Int, tail: Int) throws {
        let (first, second) = try StreamPair.make()
        defer { closeBoth(first, second) }
        let pieces = ((0..<head).map { UInt8($0) }, (0..<tail).map { UInt8(truncatingIfNeeded: $0) })
        let writer = startThread(named: "writer") {
            pieces.0.withUnsafeBytes { head in
                pieces.1.withUnsafeBytes { tail in try? DescriptorIO.writeFully(first, head, tail) }
            }
        }
        #expect(try read(second, head + tail) == pieces.0 + pieces.1)
        writer.join()
    }

    @Test("full and empty non-blocking descriptors say so")
    func wouldBlock() throws {
        let (first, second) = try StreamPair.make()
        defer { closeBoth(first, second) }
        try StreamPair.setNonBlocking(first)
        try StreamPair.setNonBlocking(second)
        var buffer = [UInt8](repeating: 7, count: 100_000)
        #expect(try buffer.withUnsafeMutableBytes { try DescriptorIO.readSome(second, into: $0) } == .wouldBlock)
        var sent = 0
        while case .bytes(let count) = try buffer.withUnsafeBytes({ try DescriptorIO.writeSome(first, $0) }) {
            sent += count
        }
        #expect(sent >= 100_000)
        #expect(try DescriptorIO.poll(first, .write, timeoutNanoseconds: 0) == [])
        #expect(try DescriptorIO.poll(second, .read, timeoutNanoseconds: 0) == .read)
    }

    @Test("a closed peer is an end for reading and for writing, without a signal")
    func end() throws {
        let (first, second) = try StreamPair.make()
        defer { DescriptorIO.close(first) }
        DescriptorIO.close(second)
        var buffer: [UInt8] = [1, 2]
        #expect(try buffer.withUnsafeMutableBytes { try DescriptorIO.readSome(first, into: $0) } == .end)
        #expect(try buffer.withUnsafeBytes { try DescriptorIO.writeSome(first, $0) } == .end)
        #expect(try buffer.withUnsafeBytes { try DescriptorIO.writeSome(first, $0, $0) } == .end)
        let error = try #require(throws: SystemError.self) { try write(first, [1]) }
        #expect(error.code == EPIPE)
        #expect(error.description.contains("the other process has ended"))
    }

    @Test("an end before a message is quiet, an end within one is an error")
    func truncation() throws {
        let (first, second) = try StreamPair.make()
        defer { DescriptorIO.close(second) }
        try write(first, [1, 2])
        DescriptorIO.close(first)
        let error = try #require(throws: SystemError.self) { try read(second, 4) }
        #expect(error.code == ECONNRESET)
        #expect(error.description.contains("read 4 bytes") && error.description.contains("2 came"))
        #expect(try read(second, 4) == nil)
    }

    @Test("pipes work as well as sockets")
    func pipes() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { closeBoth(ends[0], ends[1]) }
        try write(ends[1], [5, 6])
        #expect(try read(ends[0], 2) == [5, 6])
    }

    @Test("a descriptor that is not open is refused")
    func notOpen() throws {
        let error = try #require(throws: SystemError.self) { try read(-1, 1) }
        #expect(error.code == EBADF)
        #expect(throws: SystemError.self) { try write(-1, [1]) }
        #expect(throws: SystemError.self) { try DescriptorIO.setNonBlocking(-1) }
    }

    @Test("a poll waits no less than it was told to")
    func pollTimeout() throws {
        let (first, second) = try StreamPair.make()
        defer { closeBoth(first, second) }
        let start = Monotonic.nanoseconds
        #expect(try DescriptorIO.poll(first, .read, timeoutNanoseconds: 1_500_000) == [])
        #expect(Monotonic.nanoseconds - start >= 1_500_000)
    }

    @Test("a set reports the tags of what is ready, until it is read or removed")
    func descriptorSet() throws {
        let (first, second) = try StreamPair.make()
        defer { closeBoth(first, second) }
        let set = try DescriptorSet()
        try set.add(second, .read, tag: 77)
        #expect(try set.wait(timeoutNanoseconds: 0) == 0)
        try write(first, [1])
        #expect(try set.wait(timeoutNanoseconds: nil) == 1)
        #expect(set[0].tag == 77 && set[0].events == .read)
        try set.change(second, [], tag: 77)
        #expect(try set.wait(timeoutNanoseconds: 0) == 0)
        try set.change(second, [.read, .write], tag: 78)
        #expect(try set.wait(timeoutNanoseconds: 0) == 1)
        #expect(set[0].tag == 78 && set[0].events == [.read, .write])
        set.remove(second)
        set.remove(second)
        #expect(try set.wait(timeoutNanoseconds: 0) == 0)
        let error = try #require(throws: SystemError.self) { try set.change(second, .read, tag: 1) }
        #expect(error.code == ENOENT)
    }

    private func write(_ descriptor: Int32, _ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try DescriptorIO.writeFully(descriptor, $0) }
    }

    private func read(_ descriptor: Int32, _ count: Int) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let filled = try buffer.withUnsafeMutableBytes { try DescriptorIO.readExactly(descriptor, into: $0) }
        return filled ? buffer : nil
    }

    private func closeBoth(_ first: Int32, _ second: Int32) {
        DescriptorIO.close(first)
        DescriptorIO.close(second)
    }
}

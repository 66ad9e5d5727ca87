import SystemSupport
import TestSupport
import Testing
import WireProtocol
import ZeroMQ

@testable import ManagerRuntime

@Suite("Frames between a manager and a worker", .paced)
struct FrameTests {
    /// Bodies of this many bytes, each filled with its number.
    private func bodies(_ counts: [Int]) -> [[UInt8]] {
        counts.enumerated().map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0 + 1), count: $1) }
    }

    /// Sends frames through a stream whose ends never wait for each other, and returns what came.
    private func pass(_ bodies: [[UInt8]], asMessages: Bool, flushEach: Bool) throws -> [[UInt8]] {
        let (here, there) = try StreamPair.make()
        defer {
            DescriptorIO.close(here)
            DescriptorIO.close(there)
        }
        try StreamPair.setNonBlocking(here)
        try StreamPair.setNonBlocking(there)
        var outgoing = OutgoingFrames()
        let incoming = IncomingFrames()
        var received: [[UInt8]] = []
        func read() throws {
            _ = try incoming.read(from: there) { kind, body in
                #expect(kind == WorkerFrame.Kind.task.rawValue)
                received.append(body)
            }
        }
        for body in bodies {
            outgoing.append(.task, asMessages ? .message(MessageBox(Message(copying: body))) : .bytes(body))
            if flushEach { #expect(try outgoing.flush(to: here)) }
        }
        for _ in 0..<100_000 where received.count < bodies.count {
            #expect(try outgoing.flush(to: here))
            try read()
        }
        #expect(outgoing.isEmpty)
        return received
    }

    @Test(
        "frames of all sizes arrive in order and unchanged, however the stream cuts them",
        arguments: [true, false], [true, false])
    func sizes(asMessages: Bool, flushEach: Bool) throws {
        let sent = bodies([
            0, 1, 11, 300, 16_383, 16_384, 65_523, 65_524, 65_525, 65_536, 0, 2_000_000, 5, 3_000_000, 70_000, 1,
        ])
        #expect(try pass(sent, asMessages: asMessages, flushEach: flushEach) == sent)
    }

    @Test("thousands of small frames behind a large one arrive in order", arguments: [true, false])
    func manySmall(flushEach: Bool) throws {
        let sent = bodies([4_000_000] + Array(repeating: 200, count: 5000))
        #expect(try pass(sent, asMessages: false, flushEach: flushEach) == sent)
    }

    @Test("a frame of an absurd length is refused before anything is allocated for it")
    func absurdLength() throws {
        let (here, there) = try StreamPair.make()
        defer {
            DescriptorIO.close(here)
            DescriptorIO.close(there)
        }
        try StreamPair.setNonBlocking(there)
        let header = WorkerFrame(kind: .result, length: 1 << 39).header
        try header.withUnsafeBytes { bytes in try DescriptorIO.writeFully(here, bytes) }
        #expect(throws: WireError.self) { _ = try IncomingFrames().read(from: there) { _, _ in } }
    }

    @Test("a closed stream is told apart from an empty one")
    func closed() throws {
        let (here, there) = try StreamPair.make()
        defer { DescriptorIO.close(there) }
        try StreamPair.setNonBlocking(there)
        let incoming = IncomingFrames()
        #expect(try incoming.read(from: there) { _, _ in })
        DescriptorIO.close(here)
        #expect(try !incoming.read(from: there) { _, _ in })
        var outgoing = OutgoingFrames()
        outgoing.append(.task, .bytes([1]))
        #expect(try !outgoing.flush(to: there))
    }
}

@Suite("How many workers a manager has", .paced)
struct WorkerSizingTests {
    @Test(
        "the least of the bounds decides, and one is the least",
        arguments: [
            (WorkerSizing(), 8.0, 16.0, 8), (WorkerSizing(maximumWorkers: 3), 8, 16, 3),
            (WorkerSizing(coresPerWorker: 3), 8, 16, 2), (WorkerSizing(coresPerWorker: 0.5), 8, 16, 16),
            (WorkerSizing(memoryPerWorker: 5), 8, 16, 3), (WorkerSizing(memoryPerWorker: 100), 8, 16, 1),
            (WorkerSizing(maximumWorkers: 20, coresPerWorker: 0), 2, 1, 20),
            (WorkerSizing(maximumWorkers: 0), 8, 16, 1),
        ])
    func count(sizing: WorkerSizing, cores: Double, memory: Double, expected: Int) {
        #expect(sizing.workerCount(cores: cores, memoryGiB: memory) == expected)
    }
}

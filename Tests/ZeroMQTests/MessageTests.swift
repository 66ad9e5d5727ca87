import SystemSupport
import TestSupport
import Testing
import ZeroMQ

@Suite("Messages", .paced)
struct MessageTests {
    // 33 bytes is the most that libzmq keeps inside its own struct.
    static let sizes = [0, 1, 8, 29, 33, 34, 4095, 4096, 1_000_000]

    private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) } }

    @Test("bytes of every size are kept, copied or adopted", arguments: sizes)
    func contents(count: Int) {
        let bytes = pattern(count)
        let copied = Message(copying: bytes)
        let adopted = Message(adopting: bytes)
        let fromSpan = Message(copying: adopted.bytes)
        // Bound first: #expect cannot borrow a value that is not copyable.
        let counts = [copied.count, adopted.count, fromSpan.count]
        let contents = [copied.toArray(), adopted.toArray(), fromSpan.toArray()]
        #expect(counts == [count, count, count])
        #expect(contents == [bytes, bytes, bytes])
        let sum = spanSum(copied)
        #expect(sum == bytes.reduce(0) { $0 &+ Int($1) })
        let comparisons = [copied.equals(bytes), copied.equals(bytes + [1])]
        #expect(comparisons == [true, false])
    }

    private func spanSum(_ message: borrowing Message) -> Int {
        let span = message.bytes
        var sum = 0
        for index in 0..<span.byteCount {
            sum &+= Int(span.unsafeLoad(fromByteOffset: index, as: UInt8.self))
        }
        return sum
    }

    @Test("a span of a payload inside the struct survives a move of the message")
    func inlineSpanAfterMove() {
        let message = Message(copying: pattern(20))
        let moved = message
        let again = consumeAndReturn(moved)
        let (contents, sum) = (again.toArray(), spanSum(again))
        #expect(contents == pattern(20))
        #expect(sum == pattern(20).reduce(0) { $0 + Int($1) })
    }

    private func consumeAndReturn(_ message: consuming Message) -> Message { message }

    @Test("an adopted array is not copied, and a small one is")
    func adoption() {
        for (count, same) in [(Message.adoptionThreshold, true), (100, false)] {
            let bytes = pattern(count)
            let message = Message(adopting: bytes)
            let own = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            let theirs = message.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
            #expect((own == theirs) == same)
        }
    }

    @Test("a shared message points at the same bytes and outlives the first")
    func sharing() {
        let bytes = pattern(10_000)
        let second = secondOwner(bytes)
        let contents = second.toArray()
        #expect(contents == bytes)
        let small = Message(copying: [1, 2, 3]).shared().toArray()
        #expect(small == [1, 2, 3])
    }

    private func secondOwner(_ bytes: [UInt8]) -> Message {
        let first = Message(adopting: bytes)
        let second = first.shared()
        let addresses = [
            first.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) },
            second.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) },
        ]
        #expect(addresses[0] == addresses[1])
        return second
    }

    @Test("an adopted array is released after it was sent and received")
    func release() throws {
        let context = try Context()
        let receiver = try Socket(context, .pull)
        let endpoint = try receiver.bind("tcp://127.0.0.1:*")
        let sender = try Socket(context, .push)
        try sender.connect(endpoint)
        let before = try #require(CurrentProcess.residentBytes(CurrentProcess.pid))
        for round in 0..<64 {
            try sender.send(Message(adopting: [UInt8](repeating: UInt8(round), count: 8 << 20)))
            let frame = try #require(try next(receiver))
            #expect(frame.count == 8 << 20 && frame.last == UInt8(round))
        }
        let after = try #require(CurrentProcess.residentBytes(CurrentProcess.pid))
        // 512 MiB went through; a leak of either side would keep all of it.
        #expect(after < before + (256 << 20))
    }

    @Test("the descriptor a frame came through is known over TCP and unknown for frames made here")
    func sourceDescriptor() throws {
        let context = try Context()
        let receiver = try Socket(context, .router)
        let endpoint = try receiver.bind("tcp://127.0.0.1:*")
        let sender = try Socket(context, .dealer)
        try sender.connect(endpoint)
        try sender.send(Message("x"))
        var sources: [Int32?] = []
        let arrived = try eventually {
            guard let pair = try receiver.receivePair() else { return false }
            sources = [pair.first.sourceDescriptor, pair.second.sourceDescriptor]
            return true
        }
        #expect(arrived)
        let source = try #require(sources.first ?? nil)
        #expect(sources == [source, source])
        let made = Message("y").sourceDescriptor
        #expect(made == nil)
    }
}

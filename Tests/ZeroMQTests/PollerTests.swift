import SystemSupport
import TestSupport
import Testing
import ZeroMQ

@Suite("The poller", .paced)
struct PollerTests {
    let context: Context

    init() throws { context = try Context() }

    @Test("sockets and plain descriptors are waited for together")
    func mixed() throws {
        let receiver = try Socket(context, .pull)
        let sender = try Socket(context, .push)
        try sender.connect(try receiver.bind("tcp://127.0.0.1:*"))
        let (first, other) = try StreamPair.make()
        defer {
            DescriptorIO.close(first)
            DescriptorIO.close(other)
        }
        let poller = try Poller()
        try poller.add(receiver, id: 10)
        try poller.add(descriptor: other, .read, id: 20)
        #expect(try poller.wait(timeoutNanoseconds: 0).isEmpty)
        try sender.send(Message("x"))
        #expect(try poller.wait(timeoutNanoseconds: 60 * second) == [ready(10)])
        #expect(try poller.wait(timeoutNanoseconds: 60 * second) == [ready(10)], "until it is read")
        try [1].withUnsafeBytes { try DescriptorIO.writeFully(first, $0) }
        let both = try poller.wait(timeoutNanoseconds: 60 * second)
        #expect(Set(both.map(\.id)) == [10, 20])
        #expect(try next(receiver) == Array("x".utf8))
        #expect(try poller.wait(timeoutNanoseconds: 0) == [ready(20)])
    }

    @Test("a wake-up from another thread ends the wait")
    func wakeUp() throws {
        let receiver = try Socket(context, .pull)
        try receiver.bind("tcp://127.0.0.1:*")
        let bell = try WakeUp()
        let poller = try Poller()
        try poller.add(receiver, id: 0)
        try poller.add(descriptor: bell.descriptor, .read, id: 1)
        let thread = startThread(named: "ringer") { bell.ring() }
        #expect(try poller.wait(timeoutNanoseconds: nil) == [ready(1)])
        thread.join()
        bell.drain()
        #expect(try poller.wait(timeoutNanoseconds: 0).isEmpty)
    }

    @Test("a wait lasts as long as it was told to when sockets wake without messages")
    func timeout() throws {
        let receiver = try Socket(context, .router)
        let endpoint = try receiver.bind("tcp://127.0.0.1:*")
        let poller = try Poller()
        try poller.add(receiver, id: 0)
        let dealer = try Socket(context, .dealer)
        try dealer.connect(endpoint)  // its arrival stirs the receiver's descriptor
        let start = Monotonic.nanoseconds
        #expect(try poller.wait(timeoutNanoseconds: 50_000_000).isEmpty)
        #expect(Monotonic.nanoseconds - start >= 50_000_000)
    }

    @Test("ten thousand round trips through two pollers lose no wake-up")
    func noLostWakeUp() throws {
        let server = try Socket(context, .router)
        let client = try Socket(context, .dealer)
        try client.connect(try server.bind("tcp://127.0.0.1:*"))
        let serverPoller = try Poller()
        try serverPoller.add(server, id: 0)
        let clientPoller = try Poller()
        try clientPoller.add(client, id: 0)
        var returned = 0
        for _ in 0..<10_000 {
            try client.send(Message("ping"))
            guard try serverPoller.wait(timeoutNanoseconds: 60 * second) == [ready(0)] else { break }
            guard let pair = try server.receivePair() else { break }
            try server.send(Message(copying: pair.first.bytes), more: true)
            try server.send(Message(copying: pair.second.bytes))
            guard try clientPoller.wait(timeoutNanoseconds: 60 * second) == [ready(0)] else { break }
            if try client.receive() != nil { returned += 1 }
        }
        #expect(returned == 10_000)
    }

    @Test("interest is changed without adding again")
    func interest() throws {
        let (first, other) = try StreamPair.make()
        defer {
            DescriptorIO.close(first)
            DescriptorIO.close(other)
        }
        let poller = try Poller()
        try poller.add(descriptor: first, .read, id: 5)
        #expect(try poller.wait(timeoutNanoseconds: 0).isEmpty)
        try poller.setInterest(id: 5, [.read, .write])
        #expect(try poller.wait(timeoutNanoseconds: 0) == [Readiness(id: 5, readable: false, writable: true)])
        try poller.setInterest(id: 5, [])
        #expect(try poller.wait(timeoutNanoseconds: 0).isEmpty)
        let error = try #require(throws: ZeroMQError.self) { try poller.setInterest(id: 6, .read) }
        #expect(error.code == .invalidArgument)
    }

    @Test("a socket's interest in writing is served as well")
    func socketInterest() throws {
        let dealer = try Socket(context, .dealer)
        try dealer.connect("inproc://poller.interest.\(UInt64.random(in: 0 ... .max))")
        let poller = try Poller()
        try poller.add(dealer, id: 1)
        #expect(try poller.wait(timeoutNanoseconds: 0).isEmpty)
        try poller.setInterest(id: 1, [.read, .write])
        #expect(try poller.wait(timeoutNanoseconds: 0) == [Readiness(id: 1, readable: false, writable: true)])
    }

    @Test("a closed peer makes a descriptor readable")
    func hangUp() throws {
        let (first, other) = try StreamPair.make()
        defer { DescriptorIO.close(first) }
        let poller = try Poller()
        try poller.add(descriptor: first, .read, id: 1)
        DescriptorIO.close(other)
        #expect(try poller.wait(timeoutNanoseconds: second).first?.readable == true)
    }

    @Test("removed entries are silent, their numbers free, and twice the same number is refused")
    func removal() throws {
        let bells = try (0..<3).map { _ in try WakeUp() }
        let poller = try Poller()
        for (id, bell) in bells.enumerated() {
            try poller.add(descriptor: bell.descriptor, .read, id: id)
            bell.ring()
        }
        let error = try #require(throws: ZeroMQError.self) {
            try poller.add(descriptor: bells[0].descriptor, .read, id: 0)
        }
        #expect(error.code == .invalidArgument && error.description.contains("remove it first"))
        poller.remove(id: 1)
        poller.remove(id: 1)
        #expect(Set(try poller.wait(timeoutNanoseconds: 0).map(\.id)) == [0, 2])
        try poller.add(descriptor: bells[1].descriptor, .read, id: 7)
        #expect(Set(try poller.wait(timeoutNanoseconds: 0).map(\.id)) == [0, 2, 7])
    }

    @Test("hundreds of descriptors that are ready at once are all served")
    func many() throws {
        let bells = try (0..<300).map { _ in try WakeUp() }
        let poller = try Poller()
        for (id, bell) in bells.enumerated() {
            try poller.add(descriptor: bell.descriptor, .read, id: id)
            bell.ring()
        }
        var seen: Set<Int> = []
        while seen.count < bells.count {
            let ready = try poller.wait(timeoutNanoseconds: 0)
            try #require(!ready.isEmpty)
            for item in ready {
                bells[item.id].drain()
                seen.insert(item.id)
            }
        }
        #expect(try poller.wait(timeoutNanoseconds: 0).isEmpty)
    }

    @Test("a closed descriptor cannot be watched")
    func closedDescriptor() throws {
        let poller = try Poller()
        let error = try #require(throws: ZeroMQError.self) { try poller.add(descriptor: -1, .read, id: 1) }
        #expect(error.errno == 9)
    }

    private func ready(_ id: Int) -> Readiness { Readiness(id: id, readable: true, writable: false) }
}

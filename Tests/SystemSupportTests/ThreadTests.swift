import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Threads, locks, bells and signals", .paced)
struct ThreadTests {
    @Test("a thread has its name and runs apart from the caller")
    func thread() {
        let seen = Locked<(name: String, own: Bool)>(("", false))
        let caller = pthread_self()
        startThread(named: "a-long-thread-name") {
            let name = (try? SmallFile.readText("/proc/thread-self/comm")) ?? ""
            let own = pthread_equal(pthread_self(), caller) == 0
            seen.withLock { $0 = (name, own) }
        }.join()
        let (name, own) = seen.withLock { $0 }
        #expect(name == "a-long-thread-n\n")
        #expect(own)
    }

    @Test("a thread gets the stack it asked for: 20 MB deep, where 8 is usual")
    func stackSize() {
        let depth = Locked(0)
        startThread(named: "stack", stackSize: 64 << 20) {
            let reached = descend(1250)
            depth.withLock { $0 = reached }
        }.join()
        #expect(depth.withLock { $0 } == 1250)
    }

    @Test("a lock lets one thread in at a time")
    func lock() {
        let counter = Locked(0)
        let threads = (0..<4).map { _ in
            startThread(named: "count") { for _ in 0..<10_000 { counter.withLock { $0 += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(counter.withLock { $0 } == 40_000)
    }

    @Test("a bell rung from another thread is heard once, however often it rang")
    func bell() throws {
        let bell = try WakeUp()
        #expect(try DescriptorIO.poll(bell.descriptor, .read, timeoutNanoseconds: 0) == [])
        startThread(named: "ringer") { for _ in 0..<5 { bell.ring() } }.join()
        #expect(try DescriptorIO.poll(bell.descriptor, .read, timeoutNanoseconds: nil) == .read)
        bell.drain()
        bell.drain()
        #expect(try DescriptorIO.poll(bell.descriptor, .read, timeoutNanoseconds: 0) == [])
    }

    @Test("signals that wait are read from the descriptor, each once")
    func signals() throws {
        // On a thread of its own, with signals sent to that thread alone: the runner's threads have them unblocked.
        let outcome = Locked<[Int32?]>([])
        startThread(named: "signals") {
            guard let signals = try? SignalDescriptor([SIGUSR2, SIGWINCH]) else { return }
            var seen: [Int32?] = [signals.next()]
            pthread_kill(pthread_self(), SIGWINCH)
            pthread_kill(pthread_self(), SIGUSR2)
            let events = try? DescriptorIO.poll(signals.descriptor, .read, timeoutNanoseconds: 60_000_000_000)
            if events == .read { seen += [signals.next(), signals.next(), signals.next()] }
            outcome.withLock { [seen] in $0 = seen }
        }.join()
        let seen = outcome.withLock { $0 }
        #expect(seen.count == 4)
        #expect(seen.first == .some(nil) && seen.last == .some(nil))
        #expect(Set(seen.compactMap { $0 }) == [SIGUSR2, SIGWINCH])
    }

    @Test("a signal that does not exist is refused")
    func wrongSignal() throws {
        let error = try #require(throws: SystemError.self) { try SignalDescriptor([4711]) }
        #expect(error.code == EINVAL)
        #expect(error.description.contains("4711"))
    }
}

/// Uses 16 KiB of stack at every level; few levels, since ThreadSanitizer counts them.
@inline(never)
private func descend(_ levels: Int) -> Int {
    var room = InlineArray<16384, UInt8>(repeating: 0)
    room[levels % 16384] = 1
    return levels == 0 ? 0 : descend(levels - 1) + Int(room[levels % 16384])
}

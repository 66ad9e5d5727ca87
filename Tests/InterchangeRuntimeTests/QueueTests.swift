import TestSupport
import Testing

@testable import InterchangeRuntime

@Suite("the order of the queue", .paced)
struct QueueTests {
    @Test("the lowest priority number goes first, then the lowest task number, and no priority goes last")
    func order() throws {
        var harness = StateHarness()
        try harness.submit(1)
        try harness.submit(2, priority: 5)
        try harness.submit(3, priority: 1)
        try harness.submit(5)
        try harness.submit(4, priority: 1)
        try harness.submit(6, priority: -3)
        try harness.submit(7, priority: .nan)
        let outcome = try harness.registerStock("m", capacity: 10)
        #expect(outcome.dispatches.map(\.tasks) == [[6, 3, 4, 2, 1, 5, 7]])
    }

    @Test("any order of arrival gives the same order of departure", arguments: 0..<20)
    func shuffled(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let priorities: [Double] = [.infinity, 0, 1, -7, 2.5]
        let tasks = (1...200).map { (id: $0, priority: priorities.randomElement(using: &generator) ?? 0) }
        var harness = StateHarness()
        for task in tasks.shuffled(using: &generator) { try harness.submit(task.id, priority: task.priority) }
        let outcome = try harness.registerStock("m", capacity: 1000)
        let expected = tasks.sorted { ($0.priority, $0.id) < ($1.priority, $1.id) }.map(\.id)
        #expect(outcome.dispatches.map(\.tasks) == [expected])
    }

    @Test("a task that comes twice is ignored while it waits, while it runs and after it ended")
    func duplicates() throws {
        var harness = StateHarness()
        try harness.submit(1)
        #expect(try harness.submit(1).duplicates == [1])
        try harness.registerStock("m", capacity: 1)
        #expect(try harness.submit(1).duplicates == [1])
        #expect(try harness.finish(1, at: "m").forwarded == [1])
        #expect(try harness.submit(1).duplicates == [1])
        #expect(harness.tasks.isEmpty)
    }

    @Test("a set of task numbers agrees with a plain set", arguments: 0..<10)
    func identifierSet(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var set = IdentifierSet()
        var model: Set<Int> = []
        let span = seed % 2 == 0 ? 1...9000 : -10_000...10_000
        for _ in 0..<20_000 {
            let id = Int.random(in: span, using: &generator)
            if Int.random(in: 0..<50, using: &generator) == 0 {
                set.remove(id)
                model.remove(id)
            } else {
                #expect(set.insert(id) == model.insert(id).inserted)
            }
        }
        for id in span { #expect(set.contains(id) == model.contains(id)) }
    }

    @Test("a table of task numbers agrees with a dictionary", arguments: 0..<10)
    func identifierTable(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = IdentifierTable()
        var model: [Int: Int32] = [:]
        let far = [Int.min, .max, 1 << 40, -1, 0, (1 << 28) - 1, 1 << 28]
        let span = seed % 2 == 0 ? 1...9000 : -10_000...10_000
        for _ in 0..<20_000 {
            let id =
                Int.random(in: 0..<40, using: &generator) == 0
                ? far[Int.random(in: far.indices, using: &generator)] : Int.random(in: span, using: &generator)
            let value: Int32? = Bool.random(using: &generator) ? Int32.random(in: 0...9, using: &generator) : nil
            table[id] = value
            model[id] = value
            #expect(table[id] == value)
        }
        #expect(table.count == model.count)
        #expect(table.entries.map(\.id) == model.keys.sorted())
        for id in Array(span) + far { #expect(table[id] == model[id]) }
        for id in model.keys { table[id] = nil }
        #expect(table.count == 0 && table.entries.isEmpty)
    }

    @Test("a closed connection of nobody puts each manager in doubt once, and again after it was there")
    func doubt() throws {
        var harness = StateHarness()
        try harness.registerApus("m", capacity: 1, descriptor: nil)
        #expect(harness.state.unwatched.count == 1)
        _ = try harness.handle(.disconnected(descriptor: 77))
        #expect(harness.state.unwatched.isEmpty && harness.state.wantsDescriptors)
        _ = try harness.handle(.reachable(ManagerIdentity("m")))
        #expect(harness.state.unwatched.count == 1)
        _ = try harness.handle(.located(ManagerIdentity("m"), descriptor: 9))
        #expect(harness.state.unwatched.isEmpty && !harness.state.wantsDescriptors)
    }

    @Test("numbers far apart, zero and below are members like any other")
    func strangeNumbers() {
        var set = IdentifierSet()
        for id in [0, -1, .min, .max, 4096, 1 << 40] {
            #expect(!set.contains(id))
            let first = set.insert(id)
            let second = set.insert(id)
            #expect(first)
            #expect(!second)
            #expect(set.contains(id))
        }
        set.remove(0)
        #expect(!set.contains(0))
    }

    @Test("a long run of numbers leaves nothing but a watermark, and single ones can still be taken out")
    func watermark() {
        var set = IdentifierSet()
        for id in 1..<(4096 * 10) { set.insert(id) }
        #expect(set.contains(5))
        set.remove(5)
        #expect(!set.contains(5))
        #expect(set.contains(6))
        let again = set.insert(5)
        #expect(again)
        #expect(set.contains(5))
    }

    @Test("levels give the emptiest manager, and the longest waiting among equals")
    func levels() {
        var levels = LoadLevels()
        #expect(levels.first() == nil)
        levels.place(7, at: 3)
        levels.place(2, at: 3)
        levels.place(9, at: 200)
        #expect(levels.first() == 7)
        levels.place(7, at: 16)
        #expect(levels.first() == 2)
        levels.place(2, at: nil)
        #expect(levels.first() == 7)
        #expect(levels.first(below: LoadLevels.full) == nil)
        levels.place(7, at: nil)
        #expect(levels.first() == 9)
        #expect(LoadLevels.level(inFlight: 1, workers: 64) == 0)
        #expect(LoadLevels.level(inFlight: 63, workers: 64) == 15)
        #expect(LoadLevels.level(inFlight: 64, workers: 64) == LoadLevels.full)
        #expect(LoadLevels.level(inFlight: 1_000_000, workers: 0) == 1024)
    }

    @Test("identities are told apart by every byte", arguments: [0, 1, 7, 8, 12, 16, 17, 255])
    func identities(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
        let identity = bytes.withUnsafeBytes { ManagerIdentity($0) }
        #expect(identity.bytes == bytes)
        #expect(identity == bytes.withUnsafeBytes { ManagerIdentity($0) })
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            #expect(identity != other.withUnsafeBytes { ManagerIdentity($0) })
        }
        #expect(identity != (bytes + [0]).withUnsafeBytes { ManagerIdentity($0) })
    }
}

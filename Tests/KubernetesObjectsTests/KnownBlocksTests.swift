import Provisioning
import TestSupport
import Testing

@testable import KubernetesObjects

@Suite("What is known of blocks beyond the API's answers", .paced)
struct KnownBlocksTests {
    private static let owner = KnownBlocks.Owner(run: "r", directory: "/a")
    private static let done = JobStatus(.completed)

    private static func id(_ number: Int) -> JobID { JobID("b\(number)") }

    @Test("thousands of blocks that come and go leave nothing behind once their ends were told")
    func bounded() {
        var known = KnownBlocks()
        var living: [Int] = []
        for number in 0..<5000 {
            known.started(Self.id(number), owner: Self.owner, outputPath: "")
            living.append(number)
            let told = known.asked(for: living.map(Self.id))
            #expect(told.isEmpty)
            for one in living { _ = known.seen(Self.id(one), isStuck: false, at: 0) }
            guard living.count == 4 else { continue }
            let ended = Self.id(living.removeFirst())
            if number % 3 == 0 { known.cancelled([ended]) }
            let runs = known.settle([ended])
            #expect(runs == ["r": true])
            known.ended([ended: Self.done])
            #expect(known.count == 4)
        }
    }

    @Test("an end is told again until its owner asks for others alone; the questions of other owners say nothing")
    func acknowledged() {
        var known = KnownBlocks()
        let others = [nil, KnownBlocks.Owner(run: "r", directory: "/b"), KnownBlocks.Owner(run: "s", directory: "/a")]
        known.started(Self.id(0), owner: Self.owner, outputPath: "")
        known.started(Self.id(1), owner: Self.owner, outputPath: "")
        for (index, other) in others.enumerated() { known.started(Self.id(2 + index), owner: other, outputPath: "") }
        known.ended([Self.id(0): Self.done])
        for _ in 0..<3 {
            let elsewhere = known.asked(for: [Self.id(2), Self.id(3), Self.id(4), JobID("unknown")])
            let told = known.asked(for: [Self.id(0), Self.id(1)])
            #expect(elsewhere.isEmpty && told == [Self.id(0): Self.done])
        }
        let last = known.asked(for: [Self.id(1)])
        let forgotten = known.asked(for: [Self.id(0)])
        #expect(last.isEmpty && forgotten.isEmpty && known.count == 4)
    }

    @Test("what runs delete at their ends goes when later ones begin, and what lives stays")
    func manyRuns() {
        var known = KnownBlocks()
        known.started(JobID("living"), owner: Self.owner, outputPath: "/out")
        for run in 0..<400 {
            let owner = KnownBlocks.Owner(run: "\(run)", directory: "/d")
            let jobs = (0..<10).map { JobID("\(run).\($0)") }
            for job in jobs { known.started(job, owner: owner, outputPath: "") }
            known.cancelled(jobs)
            let runs = known.settle(jobs)
            #expect(runs == ["\(run)": false])
            #expect(known.count <= 1010)
        }
        #expect(known.outputPath(of: JobID("living")) == "/out")
    }

    @Test("a block is stuck since it was first seen so, and not any more when it goes on")
    func stuck() {
        var known = KnownBlocks()
        let id = Self.id(0)
        known.started(id, owner: nil, outputPath: "")
        #expect(!known.wasSeen(id))
        let since = [(true, 5), (true, 9), (false, 10), (true, 12), (true, 20)].map { isStuck, now in
            known.seen(id, isStuck: isStuck, at: UInt64(now))
        }
        #expect(since == [5, 5, nil, 12, 12] && known.wasSeen(id))
    }

    @Test("of a block that is not known by its start, only what was seen and done of it is known")
    func unknown() {
        var known = KnownBlocks()
        let id = Self.id(7)
        known.cancelled([id])
        let runs = known.settle([id])
        #expect(known.isCancelled(id) && !known.wasSeen(id) && runs.isEmpty)
        #expect(known.byRun([id]) == [nil: [id]])
    }
}

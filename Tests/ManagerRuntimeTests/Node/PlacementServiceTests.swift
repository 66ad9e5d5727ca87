import Glibc
import ManagerRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("Manager process: tasks that ask for more than a worker", .tags(.realProcess), .blocking, .serialized)
struct PlacementServiceTests {
    @Test("a manager says what its node has")
    func capacity() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.accelerators = .perTask(["3", "5"])
        let manager = try interchange.startManager(configuration)
        let capacity = try #require(try interchange.awaitRegistration().apus?.capacity)
        #expect(capacity.gpus == 2 && capacity.gpusForOne == 2 && capacity.nodes == 0)
        #expect(capacity.cores > 0 && capacity.memory > 1 << 20)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a task sees its devices and no others, and the next one sees none")
    func devices() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.accelerators = .perTask(["3", "5", "8"])
        configuration.sizing = WorkerSizing(maximumWorkers: 1, coresPerWorker: 0)
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "binding", needs: TaskNeeds(gpus: 2))
        try interchange.send([2], "binding")
        try interchange.send([3], "binding", needs: TaskNeeds(cores: 1))
        #expect(try interchange.awaitAnswer(1).value([String].self)[4] == "3,5")
        #expect(try interchange.awaitAnswer(2).value([String].self)[4] == "")
        let third = try interchange.awaitAnswer(3).value([String].self)
        #expect(third[1] == "1" && third[4] == "")
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a task that asks for processors is bound to exactly so many while it runs, and OpenMP is told")
    func processors() throws {
        let processors = CurrentProcess.availableCores
        try #require(processors.count >= 2, "this machine has one processor")
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.affinity = .block
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "binding", needs: TaskNeeds(cores: 2))
        let large = try interchange.awaitAnswer(1).value([String].self)
        #expect(large[0].contains("-") || large[0].contains(","))
        let chosen = large[2].split(separator: " ").compactMap { Int($0) }
        #expect(chosen.count == 2 && Set(chosen).isSubset(of: processors))
        #expect(large[1] == "2" && large[3] == "explicit,proclist=[\(chosen[0]),\(chosen[1])]")
        try interchange.send([2], "binding")
        let small = try interchange.awaitAnswer(2).value([String].self)
        #expect(small[1] == String(processors.count / 2) && small[2] != "-")
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("tasks that run at the same time have no processor in common, whatever they ask for")
    func disjoint() throws {
        try #require(CurrentProcess.availableCores.count >= 2, "this machine has one processor")
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.affinity = .block
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        for task in 1...24 {
            let needs = [nil, TaskNeeds(cores: 1), TaskNeeds(cores: 2), TaskNeeds(cores: 1)][task % 4]
            try interchange.send([task], "processors", [20], needs: needs)
        }
        let answers = try (1...24).map { try interchange.awaitAnswer($0).value([[Int]].self) }
        for (index, answer) in answers.enumerated() {
            #expect(answer[0] == answer[1], "task \(index + 1) was moved while it ran")
            if (index + 1) % 4 != 0 { #expect(answer[0].count == [0, 1, 2, 1][(index + 1) % 4]) }
            for other in answers[(index + 1)...] where answer[2][0] < other[2][1] && other[2][0] < answer[2][1] {
                #expect(Set(answer[0]).isDisjoint(with: other[0]), "\(answer) beside \(other)")
            }
        }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("tasks that ask for all processors never run side by side")
    func exclusive() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        let cores = Int(try #require(try interchange.awaitRegistration().apus?.capacity).cores)
        try interchange.send(1...3, "interval", [100], needs: TaskNeeds(cores: max(1, cores)))
        var intervals: [[Int]] = []
        for task in 1...3 { intervals.append(try interchange.awaitAnswer(task).value([Int].self)) }
        intervals.sort { $0[0] < $1[0] }
        for (one, next) in zip(intervals, intervals.dropFirst()) { #expect(one[1] <= next[0]) }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("what the node does not have is answered at once")
    func tooLarge() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "nothing", needs: TaskNeeds(gpus: 1))
        let error = try #require(try interchange.awaitAnswer(1).error as? ExecutionError)
        #expect(error.code == .resourcesUnavailable)
        #expect(error.message.contains("1 accelerator,") && error.message.contains("0 accelerators"))
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a task beyond its memory is killed alone: with its limit and what it took", arguments: ["eat", "eatBelow"])
    func memory(app: String) throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "block", [1500])
        try interchange.send([2], app, [300], needs: TaskNeeds(memory: 64 << 20))
        let error = try #require(try interchange.awaitAnswer(2).error as? MemoryLimitExceeded)
        #expect(error.limit == 64 << 20 && error.reached > 64 << 20 && error.app == app)
        #expect(error.host == CurrentProcess.hostName)
        // Its neighbour has noticed nothing, and there are two workers again.
        #expect(try interchange.awaitAnswer(1).kind == .result)
        try interchange.send(3...6, "sum", [1, 2])
        for task in 3...6 { #expect(try interchange.awaitAnswer(task).value(Int.self) == 3) }
        try interchange.serve("the end of what it had started") {
            Processes.children(of: manager.pid).allSatisfy { Processes.children(of: $0).isEmpty }
        }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a task within its memory runs to its end, whatever its worker had before")
    func withinMemory() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.sizing = WorkerSizing(maximumWorkers: 1, coresPerWorker: 0)
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        // Leaves its worker with 100 MiB.
        try interchange.send([1], "keep", [100])
        _ = try interchange.awaitAnswer(1)
        try interchange.send([2], "block", [700], needs: TaskNeeds(memory: 64 << 20))
        #expect(try interchange.awaitAnswer(2).kind == .result)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }
}

import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("What tasks ask for, and what nodes have", .paced)
struct NeedsTests {
    private func context(_ resources: ResourceSpecification) throws -> TaskContext {
        var context = TaskContext()
        try context.take(resources)
        return context
    }

    @Test(
        "what a call asks for arrives at interchange and manager",
        arguments: [
            (ResourceSpecification(cores: 3), TaskNeeds(cores: 3), RankLayout?.none),
            (.init(memory: 5 << 30, gpus: 2), TaskNeeds(memory: 5 << 30, gpus: 2), nil),
            (
                .init(nodes: 2, ranksPerNode: 4, launcherOptions: "-v -x A=b"), TaskNeeds(nodes: 2),
                RankLayout(ranksPerNode: 4, ranks: 8, launcherOptions: "-v -x A=b")
            ),
        ])
    func roundTrip(resources: ResourceSpecification, needs: TaskNeeds, layout: RankLayout?) throws {
        let message = TaskMessage.encode(taskID: 7, context: try context(resources), buffer: [1, 2])
        let (envelope, read) = try message.withUnsafeBytes { bytes in
            (try TaskEnvelope.parse(bytes), TaskContext.all(in: bytes))
        }
        #expect(envelope.needs == needs)
        #expect(read.first?.needs == needs)
        #expect(read.first?.layout == layout)
        // On its way through the interchange as well.
        var writer = TaskBatchWriter(reservingCapacity: 100)
        try message.withUnsafeBytes { try writer.append(envelope, of: $0) }
        let batch = writer.finish()
        #expect(try batch.withUnsafeBytes { try TaskEnvelope.parseBatch($0) }.first?.needs == needs)
    }

    @Test("a call that asks for nothing says nothing")
    func nothing() throws {
        #expect(try context(ResourceSpecification()) == TaskContext())
        #expect(try context(ResourceSpecification(priority: 3)) == TaskContext(priority: 3))
    }

    @Test(
        "of nodes, ranks and ranks on each node two give the third",
        arguments: [
            (ResourceSpecification(nodes: 2, ranksPerNode: 3), [2, 3, 6]), (.init(nodes: 2, ranks: 6), [2, 3, 6]),
            (.init(ranksPerNode: 3, ranks: 6), [2, 3, 6]), (.init(nodes: 2, ranksPerNode: 3, ranks: 6), [2, 3, 6]),
            (.init(nodes: 4), [4, 1, 4]),
        ])
    func completed(resources: ResourceSpecification, expected: [Int]) throws {
        let complete = try resources.completed()
        #expect([complete.nodes, complete.ranksPerNode, complete.ranks] == expected)
    }

    @Test(
        "what contradicts itself is refused with what is wrong",
        arguments: [
            (ResourceSpecification(cores: 0), "cores is 0"), (.init(memory: -1), "memory is -1"),
            (.init(gpus: 0), "gpus is 0"), (.init(nodes: 2, ranksPerNode: 3, ranks: 7), "are not 7 ranks"),
            (.init(nodes: 2, ranks: 3), "cannot be shared evenly"),
            (.init(ranksPerNode: 4, ranks: 6), "no whole number"),
            (.init(ranks: 6), "must be given"), (.init(ranksPerNode: 6), "must be given"),
            (.init(launcherOptions: "-v"), "must be given"), (.init(nodes: 1, launcherOptions: "a\nb"), "line break"),
            (.init(nodes: .max, ranksPerNode: 2), "too many"),
            (.init(nodes: .max, ranksPerNode: 2, ranks: 4), "are not"),
        ])
    func refused(resources: ResourceSpecification, text: String) {
        let error = #expect(throws: ExecutionError.self) { try resources.completed() }
        #expect(error?.code == .invalidResources)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    @Test("a node's capacity travels with the registration; without it nothing is known")
    func capacity() throws {
        for capacity in [nil, NodeCapacity(cores: 7.5, memory: 9 << 30, gpus: 4, gpusForOne: 1, nodes: 3)] {
            let registration = Registration(
                parslVersion: "1", pythonVersion: "3.11.1", workerCount: 2, uid: "m", blockID: .text("0"), startTime: 1,
                maxCapacity: 2, apus: ApusManagerHello(fingerprint: "f", capacity: capacity))
            let message = try registration.encode().withUnsafeBytes { try ManagerMessage.parse($0) }
            guard case .registration(let read) = message else {
                Issue.record("no registration")
                return
            }
            #expect(read.apus?.capacity == capacity)
        }
    }

    @Test("a stop for memory arrives as itself")
    func memoryError() throws {
        let error = MemoryLimitExceeded(app: "eat", limit: 64 << 20, reached: 100 << 20, host: "node")
        let read = FailureBuffer.encode(error).withUnsafeBytes { FailureBuffer.decode($0) }
        #expect(read as? MemoryLimitExceeded == error)
        #expect(error.description.contains("100.0 MiB") && error.description.contains("64.0 MiB"))
    }

    @Test("a placement and its task come apart again; a damaged one is refused")
    func placedTask() throws {
        let placement = PlacementMessage(variables: ["A": "1"], removed: ["B"], processors: [0, 3])
        let body = try PlacedTask.prefix(placement) + [9, 8, 7]
        #expect(try PlacedTask.placement(body) == placement)
        #expect(try PlacedTask.message(body) == [9, 8, 7])
        #expect(throws: WireError.self) { try PlacedTask.message([1, 0]) }
        #expect(throws: WireError.self) { try PlacedTask.message([200, 0, 0, 0, 1]) }
    }
}

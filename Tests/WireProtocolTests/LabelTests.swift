import PickleCoding
import TestSupport
import Testing
import WorkflowCore

@testable import WireProtocol

@Suite("Labels of nodes", .paced)
struct LabelTests {
    @Test(
        "what is a label",
        arguments: [
            "gpu=a100", "fast-disk", "a", "A_b.c/d-9", "host=node17.cluster.org", "k=v",
            String(repeating: "a", count: 128),
        ])
    func labels(text: String) {
        #expect(NodeLabels.fault(of: text) == nil)
    }

    @Test(
        "what is none is refused, and shown without anything that could steer a terminal",
        arguments: [
            "", " ", "a b", "=", "a=", "=b", "a=b=c", "ä", "a,b", "a\nb", "a\u{1b}[31m", "a:b", "a*", "'",
            String(repeating: "a", count: 129), "a\0",
        ])
    func none(text: String) throws {
        let fault = try #require(NodeLabels.fault(of: text))
        #expect(fault.contains("is no label; a label is a word or key=value of letters, digits and -_./"), "\(fault)")
        #expect(fault.unicodeScalars.allSatisfy { $0.value >= 32 }, "\(fault)")
        #expect(fault.count < 300)
    }

    @Test("nodes cannot be given the label of another host, nor more labels than there may be")
    func given() {
        #expect(NodeLabels.fault(ofNode: ["gpu=a100", "fast"]) == nil)
        #expect(NodeLabels.fault(ofNode: ["host=n1"])?.contains("each manager adds that itself") == true)
        #expect(NodeLabels.fault(ofNode: (1...64).map { "l\($0)" }) == nil)
        #expect(NodeLabels.fault(ofNode: (1...65).map { "l\($0)" })?.contains("65 labels are too many") == true)
    }

    @Test(
        "a text with commas is taken apart",
        arguments: [
            ("", []), ("a", ["a"]), ("a,b=c", ["a", "b=c"]), (" a , b ,,", ["a", "b"]), ("a b,c", ["a b", "c"]),
        ] as [(String, [String])])
    func split(text: String, labels: [String]) {
        #expect(NodeLabels.split(text) == labels)
    }

    @Test("what a call asks for arrives, in order and each once, also through the interchange")
    func needs() throws {
        var context = TaskContext()
        try context.take(ResourceSpecification(cores: 2, labels: ["z", "gpu=a100", "z"]))
        let expected = TaskNeeds(cores: 2, labels: ["gpu=a100", "z"])
        #expect(context.needs == expected)
        #expect(expected.text == "2 processors on a node labelled gpu=a100 and z")
        let message = TaskMessage.encode(taskID: 7, context: context, buffer: [1])
        let envelope = try message.withUnsafeBytes { try TaskEnvelope.parse($0) }
        #expect(envelope.needs == expected)
        var writer = TaskBatchWriter(reservingCapacity: 100)
        try message.withUnsafeBytes { try writer.append(envelope, of: $0) }
        let batch = writer.finish()
        #expect(try batch.withUnsafeBytes { try TaskEnvelope.parseBatch($0) }.first?.needs == expected)
        #expect(batch.withUnsafeBytes { TaskContext.all(in: $0) }.first?.needs == expected)
    }

    @Test("a call may ask for labels alone, and says nothing more then than before where it asks for none")
    func alone() throws {
        var context = TaskContext()
        try context.take(ResourceSpecification(labels: ["fast"]))
        #expect(context.needs == TaskNeeds(labels: ["fast"]) && context.needs?.isOneWorker == true)
        var plain = TaskContext()
        try plain.take(ResourceSpecification(cores: 1))
        let bytes = TaskMessage.encode(taskID: 1, context: plain, buffer: [])
        #expect(!String(decoding: bytes, as: UTF8.self).contains("labels"))
    }

    @Test(
        "a specification with what is no label is refused",
        arguments: [
            (["a b"], "'a b' is no label"), ([""], "is no label"), ((1...65).map { "l\($0)" }, "asks for 65 labels"),
        ])
    func refused(labels: [String], text: String) {
        let error = #expect(throws: ExecutionError.self) { try ResourceSpecification(labels: labels).completed() }
        #expect(error?.code == .invalidResources && error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    /// A task message whose needs have this in the place of labels.
    private func message(_ labels: PickleValue) throws -> [UInt8] {
        let message: PickleValue = [
            "task_id": 7, "context": ["apus_needs": ["labels": labels]], "buffer": PickleValue(bytes: [1]),
        ]
        return try message.encoded()
    }

    @Test("a task whose labels are none cannot be read: it would run where it must not")
    func hostileNeeds() throws {
        let many = PickleValue(list: (0..<65).map { PickleValue("l\($0)") })
        for labels: PickleValue in ["fast", 3, [3], ["a b"], [""], many, [["a"]], nil] {
            let bytes = try message(labels)
            #expect(throws: WireError.self, "\(labels)") { try bytes.withUnsafeBytes { try TaskEnvelope.parse($0) } }
            #expect(bytes.withUnsafeBytes { TaskEnvelope.taskID(in: $0) } == 7)
        }
        let good = try message(["fast"])
        #expect(try good.withUnsafeBytes { try TaskEnvelope.parse($0) }.needs == TaskNeeds(labels: ["fast"]))
    }

    @Test("the labels of a node travel with its capacity; what is none among them is passed over")
    func capacity() throws {
        let labels: Set = ["gpu=a100", "host=n1"]
        var registration = Registration(
            parslVersion: "1", pythonVersion: "3.11.1", workerCount: 2, uid: "m", blockID: .text("0"), startTime: 1,
            maxCapacity: 2,
            apus: ApusManagerHello(fingerprint: "f", capacity: NodeCapacity(cores: 2, memory: 9, labels: labels)))
        func read() throws -> NodeCapacity? {
            let message = try registration.encode().withUnsafeBytes { try ManagerMessage.parse($0) }
            guard case .registration(let read) = message else { return nil }
            return read.apus?.capacity
        }
        #expect(try read() == NodeCapacity(cores: 2, memory: 9, labels: labels))
        registration.apus?.capacity?.labels = ["a b", "", "fast", "x=y=z"]
        #expect(try read()?.labels == ["fast"])
        registration.apus?.capacity?.labels = Set((0..<1000).map { "l\($0)" })
        #expect(try read().map { $0.labels.count } == 128)
    }

    @Test(
        "labels in words, those of hosts last and not all of thousands",
        arguments: [
            ([], "no labels"), (["a"], "the label a"), (["host=n", "z", "a"], "the labels a, z and host=n"),
            (
                Set((10..<40).map { "host=n\($0)" } + ["z"]),
                "the labels z, host=n10, host=n11, host=n12, host=n13, host=n14, host=n15, host=n16, host=n17, host=n18, "
                    + "host=n19, host=n20 and 19 more"
            ),
        ] as [(Set<String>, String)])
    func words(labels: Set<String>, text: String) {
        #expect(NodeCapacity.text(of: labels) == text)
    }

    @Test(
        "one of a thing is one, and two are two",
        arguments: [
            (TaskNeeds(cores: 1), "1 processor"), (TaskNeeds(cores: 2, gpus: 1), "2 processors and 1 accelerator"),
            (TaskNeeds(nodes: 1), "1 node"), (TaskNeeds(gpus: 2, nodes: 3), "3 nodes and 2 accelerators"),
            (TaskNeeds(), "a worker"), (TaskNeeds(labels: ["a"]), "a worker on a node labelled a"),
        ])
    func plurals(needs: TaskNeeds, text: String) {
        #expect(needs.text == text)
    }

    @Test("a node in words")
    func nodeText() {
        #expect(
            NodeCapacity(cores: 1, memory: 1 << 30, gpus: 1, nodes: 1).text
                == "1 processor, 1.0 GiB of memory, 1 accelerator, 1 node")
        #expect(
            NodeCapacity(cores: 2.5, memory: 3 << 29, gpus: 2, gpusForOne: 1).text
                == "2.5 processors, 1.5 GiB of memory, 2 accelerators (1 for one task), no nodes to hand out (mpiLauncher)"
        )
    }
}

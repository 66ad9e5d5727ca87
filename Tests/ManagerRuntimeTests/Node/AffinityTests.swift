import PickleCoding
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import ManagerRuntime

@Suite("Affinity and accelerators as values", .paced)
struct AffinityTests {
    @Test(
        "processors are dealt out as Parsl does",
        arguments: [
            ("block", 2, 8, [[0, 1, 2, 3], [4, 5, 6, 7]]),
            ("block", 3, 10, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
            ("block-reverse", 2, 8, [[4, 5, 6, 7], [0, 1, 2, 3]]),
            ("block-reverse", 3, 10, [[6, 7, 8], [3, 4, 5], [0, 1, 2]]),
            ("alternating", 2, 8, [[0, 2, 4, 6], [1, 3, 5, 7]]),
            ("alternating", 3, 8, [[0, 3, 6], [1, 4, 7], [2, 5]]),
            ("list:0,1:2-4,7", 2, 8, [[0, 1], [2, 3, 4, 7]]),
            ("list:3", 1, 4, [[3]]),
        ])
    func dealing(text: String, workers: Int, processors: Int, expected: [[Int]]) throws {
        let affinity = try CPUAffinity(parsing: text)
        for worker in 0..<workers {
            let own = try affinity.processors(ofWorker: worker, of: workers, available: Array(0..<processors))
            #expect(own == expected[worker])
        }
    }

    @Test("a job that has some processors of a node deals out these, and nothing else")
    func cpuset() throws {
        let own = try CPUAffinity.block.processors(ofWorker: 1, of: 2, available: [3, 5, 8, 13])
        #expect(own == [8, 13])
        #expect(try CPUAffinity.none.processors(ofWorker: 0, of: 1, available: [3]) == nil)
    }

    @Test(
        "a word that is none says what is wrong with it",
        arguments: [
            "", "blocks", "list", "list:", "list:a", "list:1,,2", "list:4-2", "list:1-2-3", "list:-1", "list:0::1",
            "list:0-99999999",
        ])
    func badWords(text: String) {
        #expect(throws: CPUAffinity.Fault.self) { try CPUAffinity(parsing: text) }
    }

    @Test(
        "an affinity that does not fit workers and processors is refused with both numbers",
        arguments: [
            ("block", 3, [0, 1], "3 workers have 2"), ("alternating", 2, [4], "2 workers have 1"),
            ("list:0:1", 3, [0, 1], "2 parts for 3 workers"), ("list:0:9", 2, [0, 1], "worker 1 the processors [9]"),
        ])
    func misfits(text: String, workers: Int, available: [Int], expected: String) throws {
        let node = NodeInventory(processors: available, free: 1, group: .init(), variable: { _ in nil })
        let affinity = try CPUAffinity(parsing: text)
        let error = #expect(throws: ManagerError.self) {
            try WorkerBinding.all(workers, affinity: affinity, accelerators: Accelerators(), node: node, devices: 0)
        }
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        #expect(error?.exitCode == 4)
    }

    @Test("an affinity travels as its word", arguments: ["none", "block-reverse", "list:0,1:2,3"])
    func coding(text: String) throws {
        let affinity = try CPUAffinity(parsing: text)
        #expect(affinity.description == text)
        let bytes = try PickleEncoder().encode(["a": affinity])
        #expect(try PickleDecoder().decode([String: CPUAffinity].self, from: bytes) == ["a": affinity])
        let wrong = try PickleEncoder().encode(["a": "blocks"])
        #expect(throws: (any Error).self) { try PickleDecoder().decode([String: CPUAffinity].self, from: wrong) }
    }

    @Test("OpenMP is told of a binding, and GPU libraries of a device")
    func variables() throws {
        let node = NodeInventory(processors: [0, 1, 2, 3], free: 1, group: .init(), variable: { _ in nil })
        let bindings = try WorkerBinding.all(
            2, affinity: .block, accelerators: .perWorker(["0", "1"]), node: node, devices: 2)
        #expect(
            bindings[1].variables == [
                "OMP_NUM_THREADS": "2", "GOMP_CPU_AFFINITY": "2 3", "KMP_AFFINITY": "explicit,proclist=[2,3]",
                "CUDA_VISIBLE_DEVICES": "1", "ROCR_VISIBLE_DEVICES": "1", "ZE_AFFINITY_MASK": "1",
                "ZE_ENABLE_PCI_ID_DEVICE_ORDER": "1", "APUS_ACCELERATORS": "1",
            ])
    }

    @Test("more workers than NVIDIA devices share them, neighbours the same one")
    func shared() throws {
        let node = NodeInventory(processors: [0], free: 1, group: .init(), variable: { _ in nil })
        let bindings = try WorkerBinding.all(
            4, affinity: .none, accelerators: .perWorker(4), node: node, devices: 2)
        #expect(bindings.map { $0.variables["CUDA_VISIBLE_DEVICES"] } == ["0", "0", "1", "1"])
        #expect(bindings.map { $0.variables["ROCR_VISIBLE_DEVICES"] } == ["0", "1", "2", "3"])
    }

    @Test("workers see no device where devices belong to tasks")
    func perTask() throws {
        let node = NodeInventory(processors: [0], free: 1, group: .init(), variable: { _ in nil })
        let bindings = try WorkerBinding.all(
            2, affinity: .none, accelerators: .perTask(4), node: node, devices: 0)
        #expect(bindings.map { $0.variables["CUDA_VISIBLE_DEVICES"] } == ["", ""])
    }
}

import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

@Suite("A table of tasks", .paced)
struct TaskSlotsTests {
    @Test(
        "holds what a dictionary holds, whatever is put in, changed and taken out",
        arguments: Thoroughness.seeds(few: 8, many: 40))
    func behavesAsDictionary(seed: UInt64) {
        var random = Generator(state: seed)
        var slots = TaskSlots<Int>()
        var expected: [Int: Int] = [:]
        var next = 0
        for step in 0..<5_000 {
            let known = expected.isEmpty ? nil : expected.keys.sorted()[Int(random.next() % UInt64(expected.count))]
            switch random.next() % 4 {
            case 0, 1:
                next += 1 + (random.next() % 50 == 0 ? 2_000 : 0)
                slots[TaskID(next)] = step
                expected[next] = step
            case 2:
                guard let known else { continue }
                slots[TaskID(known)]? += 1
                expected[known]? += 1
            default:
                guard let known else { continue }
                let taken = slots.remove(TaskID(known))
                #expect(taken == expected.removeValue(forKey: known))
            }
            if expected.count > 40 {
                for task in expected.keys.sorted().prefix(35) {
                    slots[TaskID(task)] = nil
                    expected[task] = nil
                }
            }
            #expect(slots.count == expected.count, "seed \(seed), step \(step)")
        }
        #expect(slots.tasks.map(\.rawValue) == expected.keys.sorted())
        for start in [0, 1, next / 2, next, next + 1000] {
            let found = slots.tasks(from: TaskID(start), limit: 7).map(\.rawValue)
            #expect(found == Array(expected.keys.filter { $0 >= start }.sorted().prefix(7)), "from \(start)")
        }
        for (task, value) in expected {
            #expect(slots[TaskID(task)] == value)
            #expect(slots.contains(TaskID(task)))
        }
        #expect(!slots.contains(TaskID(next + 1)))
        #expect(slots.remove(TaskID(next + 10_000)) == nil)
    }

    @Test("takes tasks in any order")
    func anyOrder() {
        var slots = TaskSlots<String>()
        slots[TaskID(5_000)] = "late"
        slots[TaskID(3)] = "early"
        #expect(slots.tasks == [TaskID(3), TaskID(5_000)])
        #expect(slots[TaskID(3)] == "early")
        slots[TaskID(4_999)] = nil
        #expect(slots.count == 2)
        #expect(slots.remove(TaskID(5_000)) == "late")
        #expect(slots.remove(TaskID(3)) == "early")
        #expect(slots.isEmpty)
        #expect(slots.tasks.isEmpty)
    }

    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}

import Glibc
import PickleCoding
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("Worker process", .tags(.realProcess), .blocking, .serialized)
struct WorkerServiceTests {
    @Test("a worker presents its table, then runs tasks strictly in order")
    func order() throws {
        let manager = try FakeManager()
        let ready = try manager.ready()
        #expect(ready.failure == nil)
        #expect(ready.processID == Int(manager.worker.pid))
        #expect(ready.fingerprint.count == 16)
        #expect(ready.rows.contains { $0.hasPrefix("sum (version 1)") })
        for task in 1...50 { try manager.send(task: task, "sum", [task, 1]) }
        for task in 1...50 {
            let result = try manager.result()
            #expect(result.task == task)
            #expect(result.payload.starts(with: SerializedObject.prefix))
        }
    }

    @Test("a result is there before the next body has ended")
    func noWaiting() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "sum", [1])
        try manager.send(task: 2, "block", [600_000])
        #expect(try manager.result().task == 1)
    }

    @Test("bodies that suspend, use the main actor or start child tasks run on the task thread")
    func suspension() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "suspend", [20])
        #expect(try manager.result().kind == .result)
        try manager.send(task: 2, "mainActor")
        #expect(try manager.value(Int.self) == 42)
        try manager.send(task: 3, "threads")
        #expect(try manager.value([String].self) == ["tasks", "tasks", "tasks"])
    }

    @Test("a thrown error comes back as data, with the value itself when it has a coding")
    func thrown() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "opaque")
        let opaque = try #require(try manager.error() as? RemoteError)
        #expect(opaque.message == "an error without a coding")
        #expect(opaque.typeName.hasSuffix("Opaque"))
        #expect(opaque.app == "opaque")
        #expect(opaque.host == "node")
        #expect(opaque.payload == nil)

        try manager.send(task: 2, "refuse")
        let refusal = try #require(try manager.error() as? RemoteError)
        let payload = try #require(refusal.payload)
        #expect(try PickleDecoder().decode([String: String].self, from: payload) == ["reason": "too small"])
    }

    @Test("a result that cannot be encoded is an error of that task alone")
    func unencodable() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "unencodable")
        try manager.send(task: 2, "sum", [2])
        #expect(try manager.error() is RemoteError)
        #expect(try manager.value(Int.self) == 2)
    }

    @Test("a task that the worker does not know is named, with those it knows", arguments: [("fit", 1), ("sum", 2)])
    func unknown(app: String, version: Int) throws {
        let manager = try FakeManager()
        let ready = try manager.ready()
        try manager.send(task: 1, app, version: version)
        let error = try #require(try manager.error() as? ExecutionError)
        #expect(error.code == .taskUnknown)
        #expect(error.message.contains("does not know task '\(app)' (version \(version))"))
        #expect(error.message.contains("block (version 1)"))
        #expect(error.message.contains(ready.fingerprint))
    }

    @Test("arguments that cannot be decoded are an error of that task alone")
    func badArguments() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        let call = TaskCall.encode(name: "sum", version: 1, arguments: [0x80, 0x04, 0x88, 0x2e])
        try manager.send(.task, TaskMessage.encode(taskID: 1, context: TaskContext(), buffer: call))
        try manager.send(.task, TaskMessage.encode(taskID: 2, context: TaskContext(), buffer: [1, 2, 3]))
        try manager.send(task: 3, "sum", [3])
        #expect(try manager.result().kind == .exception)
        #expect(try manager.result().kind == .exception)
        #expect(try manager.value(Int.self) == 3)
    }

    @Test("frames larger than the read buffer pass unchanged, one behind the other")
    func large() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        let argument = [UInt8](repeating: 9, count: 300_000)
        let call = TaskCall.encode(name: "length", version: 1, arguments: argument)
        for task in 1...3 {
            try manager.send(.task, TaskMessage.encode(taskID: task, context: TaskContext(), buffer: call))
            try manager.send(task: task + 10, "sum", [task])
        }
        for task in 1...3 {
            #expect(try manager.value(Int.self) == argument.count)
            #expect(try manager.value(Int.self) == task)
        }
    }

    @Test("start, resources and end of a monitored task come before its result", arguments: [true, false])
    func monitoring(isOn: Bool) throws {
        let manager = try FakeManager(monitoring: isOn)
        _ = try manager.ready()
        try manager.send(task: 1, "sum", [1], monitored: true)
        try manager.send(task: 2, "sum", [1])
        for _ in 0..<(isOn ? 3 : 0) {
            #expect(try manager.next()?.kind == WorkerFrame.Kind.monitoring.rawValue)
        }
        #expect(try manager.result().task == 1)
        #expect(try manager.result().task == 2)
    }

    @Test("tasks that were not begun are given back when they are asked for, and are not run")
    func recall() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "untilCancelled")
        for task in 2...9 { try manager.send(task: task, "sum", [task]) }
        var returned: [Int] = []
        for _ in 0..<1000 where returned.count < 8 {
            usleep(20_000)  // between two rings, as a manager does: a worker that is reading does not answer
            try manager.tell(.recall)
            let events = try DescriptorIO.poll(manager.descriptor, .read, timeoutNanoseconds: 20_000_000)
            guard !events.isEmpty, let frame = try manager.next() else { continue }
            #expect(frame.kind == 20)
            returned += try frame.body.withUnsafeBytes { bytes throws(WireError) in try PackedIDs.decode(bytes) }
        }
        #expect(returned == Array(2...9))
        try manager.tell(.cancel, [1])
        #expect(try manager.result().task == 1)
        try manager.send(task: 10, "sum", [10])
        #expect(try manager.result().task == 10)
    }

    @Test(
        "a body that listens is cancelled, and the next task runs", arguments: ["suspend", "untilCancelled", "nested"])
    func cancel(app: String) throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, app, [600_000])
        try manager.send(task: 2, "sum", [2])
        try manager.tell(.cancel, [1])
        let error = try #require(try manager.error() as? ExecutionError)
        #expect(error.code == .cancelled)
        #expect(error.message.contains("worker 3 on node"))
        #expect(try manager.value(Int.self) == 2)
        // One that has ended is left alone, and so is the one after it.
        try manager.tell(.cancel, [2])
        try manager.send(task: 3, "sum", [3])
        #expect(try manager.value(Int.self) == 3)
    }

    @Test("a task that is cancelled before it comes does not begin; the next one does")
    func cancelAhead() throws {
        let manager = try FakeManager(monitoring: true)
        _ = try manager.ready()
        try manager.send(task: 7, "block", [200], monitored: true)
        // The report of its beginning: from now on a cancellation is that of the next task.
        #expect(try manager.next()?.kind == WorkerFrame.Kind.monitoring.rawValue)
        try manager.tell(.cancel, [8])
        try manager.send(task: 8, "sum", [8])
        for _ in 0..<2 { #expect(try manager.next()?.kind == WorkerFrame.Kind.monitoring.rawValue) }
        #expect(try manager.result().task == 7)
        let skipped = try manager.error()
        #expect("\(skipped)".contains("did not run"))
        try manager.send(task: 9, "sum", [9])
        #expect(try manager.value(Int.self) == 9)
    }

    @Test(
        "a walltime cancels the body, and says so before the body has ended", arguments: ["suspend", "untilCancelled"])
    func walltime(app: String) throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        for task in 1...3 {
            try manager.send(task: task, app, [600_000], walltime: 0.05)
            let frame = try #require(try manager.next())
            #expect(frame.kind == WorkerFrame.Kind.overdue.rawValue)
            let overdue = try OverdueMessage.decode(frame.body)
            #expect(overdue.task == task && overdue.limit == 0.05 && overdue.elapsed >= 0.05)
            let timeout = try #require(try manager.error() as? AppTimeout)
            #expect(timeout.app == app && timeout.limit == 0.05 && timeout.elapsed >= 0.05)
        }
    }

    @Test(
        "walltimes that are not reached, of many tasks, stop nobody; a shorter one behind a longer one is seen in time")
    func walltimesNotReached() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        for task in 1...50 { try manager.send(task: task, "sum", [task], walltime: task % 2 == 0 ? 60 : 30) }
        for task in 1...50 { #expect(try manager.value(Int.self) == task) }
        try manager.send(task: 51, "suspend", [600_000], walltime: 0.05)
        #expect(try manager.next()?.kind == WorkerFrame.Kind.overdue.rawValue)
        #expect(try manager.error() is AppTimeout)
    }

    @Test("time spent behind another task does not count")
    func walltimeInQueue() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        // Longer than a busy machine may hold up the second one.
        try manager.send(task: 1, "block", [2500])
        try manager.send(task: 2, "sum", [2], walltime: 2)
        #expect(try manager.result().task == 1)
        #expect(try manager.value(Int.self) == 2)
    }

    @Test("a body that is deaf goes on after cancellation and walltime, and its result does not count")
    func deaf() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "block", [1500])
        try manager.tell(.cancel, [1])
        #expect("\(try manager.error())".contains("cancelled"))
        try manager.send(task: 2, "block", [1500], walltime: 0.05)
        #expect(try manager.next()?.kind == WorkerFrame.Kind.overdue.rawValue)
        try manager.tell(.cancel, [2])
        #expect(try manager.error() is AppTimeout)
    }

    @Test("control frames that make no sense end the worker with a reason")
    func badControl() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.tell(.task, [1])
        #expect(manager.worker.wait() == .exited(70))
    }

    @Test("a missing working directory is reported by name instead of readiness")
    func missingDirectory() throws {
        let manager = try FakeManager(directory: "/no/such/place")
        let failure = try #require(try manager.ready().failure)
        #expect(failure.contains("'/no/such/place'"))
        #expect(failure.contains("node"))
    }

    @Test("stop ends the worker after the tasks before it")
    func stop() throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        try manager.send(task: 1, "sum", [1])
        try manager.send(.stop, [])
        #expect(try manager.result().task == 1)
        #expect(manager.worker.wait() == .exited(0))
    }

    @Test("a worker ends with its manager, even while a body spins", arguments: ["spin", "suspend", ""])
    func hangUp(app: String) throws {
        let manager = try FakeManager()
        _ = try manager.ready()
        if !app.isEmpty { try manager.send(task: 1, app, [100_000]) }
        usleep(50_000)
        manager.hangUp()
        #expect(manager.worker.wait(deadlineNanoseconds: Monotonic.nanoseconds + FakeManager.patience) != nil)
    }

    @Test("a manager that makes no sense ends the worker with a reason")
    func nonsense() throws {
        let manager = try FakeManager(configure: false)
        try manager.send(.task, [1, 2, 3])
        #expect(manager.worker.wait() == .exited(70))
    }
}

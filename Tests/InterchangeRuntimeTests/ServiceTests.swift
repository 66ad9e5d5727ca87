import InterchangeRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore
import ZeroMQ

@Suite("the interchange with real sockets", .blocking, .serialized)
struct ServiceTests {
    private func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8.filter { $0 != 0x20 })
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }

    @Test("commands are answered byte for byte as Parsl answers them, and what is no command gets None")
    func commands() throws {
        let interchange = try TestInterchange()
        #expect(interchange.logText.contains("managers connect to 127.0.0.1, port \(interchange.workerPort)"))
        let none = bytes("80044e2e")
        #expect(
            try interchange.ask(InterchangeCommand.connectedBlocks).withUnsafeBytes {
                try CommandReply.parseBlocks($0)
            }.isEmpty)
        #expect(try interchange.managers().isEmpty)
        for request in [Array("garbage".utf8), [], bytes("8004 8c03464f4f 942e"), bytes("80044b052e"), none] {
            #expect(try interchange.ask(request) == none)
        }
        #expect(try interchange.ask(.hold("nobody")) == none)
        #expect(interchange.end() == 0)
    }

    @Test("a stock pool's life: probe, registration, batch, result, hold", arguments: [false, true])
    func stockPool(encrypted: Bool) throws {
        let interchange = try TestInterchange(encrypted: encrypted, loggingLevel: 10)
        let probe = try interchange.connect("m1")
        try probe.send(ManagerMessage.probeBytes)
        #expect(try probe.next() == [])
        let manager = try interchange.connect("m1")
        probe.socket.close()
        try manager.send(ManagerMessage.probeBytes)
        #expect(try manager.next() == [])
        for id in 1...3 { try interchange.submit(id, priority: id == 2 ? 1 : nil) }
        try interchange.eventually("the tasks arrive") {
            interchange.logText.contains("Put task 3 onto pending_task_queue")
        }
        try manager.send(manager.registration(capacity: 2, workers: 2, block: .text("7")))
        #expect(try manager.nextTasks() == [2, 1])
        let result = bytes(
            "8004952e00000000000000 7d94 28 8c0474797065 94 8c06726573756c74 94 8c077461736b5f6964 94 4b01 6802 43 08 "
                + "30320a80044b052e 94 752e")
        try manager.send(result)
        #expect(try interchange.next(interchange.results) == result)
        #expect(try manager.nextTasks() == [3])
        try manager.send(ManagerMessage.heartbeatBytes)
        #expect(try manager.next() == InterchangeMessage.heartbeatBytes)
        let summary = try interchange.managers()
        #expect(summary.map(\.manager) == ["m1"])
        #expect(summary.map(\.tasks) == [2])
        #expect(summary.map(\.blockID) == [.text("7")])
        _ = try interchange.ask(.hold("m1"))
        #expect(try interchange.managers().map(\.active) == [false])
        let blocks = try interchange.ask(InterchangeCommand.connectedBlocks).withUnsafeBytes {
            try CommandReply.parseBlocks($0)
        }
        #expect(blocks == [.text("7")])
    }

    @Test(
        "a task message that cannot be read ends its task with an error, if it tells which one",
        arguments: [false, true])
    func unreadableTask(speaksApus: Bool) throws {
        let interchange = try TestInterchange()
        if speaksApus { _ = try interchange.ask(.hello(ExecutorHello(fingerprint: "", rows: [], monitoring: false))) }
        let message = TaskMessage.encode(taskID: 41, context: TaskContext(), buffer: Array(repeating: 1, count: 500))
        try interchange.deliver(Array("garbage".utf8), by: interchange.tasks)
        try interchange.deliver(Array(message[..<100]), by: interchange.tasks)
        let result = try interchange.nextResult()
        #expect(result.taskID == 41)
        #expect(result.kind == .exception)
        let error = result.payload.withUnsafeBytes { FailureBuffer.decode($0) }
        #expect("\(error)".contains(speaksApus ? "cannot be read by the interchange" : "RuntimeError"), "\(error)")
        try interchange.eventually("the other one is in the log") {
            interchange.logText.contains("a task message of 7 bytes cannot be read, and was dropped")
        }
    }

    @Test("results of pools before October 2026 come in parts behind a header")
    func legacyResults() throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration())
        for id in 1...2 { try interchange.submit(id) }
        var got: [Int] = []
        while got.count < 2 { got += try manager.nextTasks() }
        try manager.socket.send(Message(copying: bytes("80047d948c0474797065948c06726573756c7494732e")), more: true)
        for id in 1...2 {
            let part = ResultEnvelope.encode(taskID: id, kind: .result, payload: [1])
            try manager.socket.send(Message(copying: part), more: id == 1)
        }
        #expect(try interchange.nextResult().taskID == 1)
        #expect(try interchange.nextResult().taskID == 2)
    }

    @Test("1,000 random byte strings on the manager port, from strangers and from a manager, change nothing")
    func randomBytes() throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration())
        let stranger = try interchange.connect(nil)
        var generator = SeededGenerator(seed: 20_261_026)
        let real = [
            manager.registration(), ManagerMessage.heartbeatBytes, ManagerMessage.drainBytes,
            ResultEnvelope.encode(taskID: 1, kind: .result, payload: [1, 2, 3]), ManagerMessage.encodeCapacity(3),
        ]
        for round in 0..<1000 {
            var noise: [UInt8]
            if round % 2 == 0 {
                noise = (0..<Int.random(in: 0..<300, using: &generator)).map { _ in
                    .random(in: 0...255, using: &generator)
                }
                if round % 4 == 0 { noise = [0x80, 4] + noise }
            } else {
                noise = real[round / 2 % real.count]
                for _ in 0..<3 {
                    noise[Int.random(in: noise.indices, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                noise = Array(noise.prefix(Int.random(in: 1...noise.count, using: &generator)))
            }
            let sender = round % 3 == 0 ? manager : stranger
            if round % 7 == 0 {
                try sender.socket.send(Message(copying: noise), more: true)
                try sender.socket.send(Message(), more: true)
            }
            try sender.send(noise)
        }
        try stranger.send(ManagerMessage.probeBytes)
        #expect(try stranger.next() == [])
        let second = try interchange.connect("m2")
        try second.send(second.registration(capacity: 10))
        try interchange.eventually("the second manager is listed") {
            try interchange.managers().contains { $0.manager == "m2" }
        }
        if try interchange.managers().contains(where: { $0.manager == "m1" }) { _ = try interchange.ask(.hold("m1")) }
        try interchange.submit(1)
        #expect(try second.nextTasks() == [1])
        try second.finish(1)
        #expect(try interchange.nextResult().taskID == 1)
    }

    @Test("messages that end a stock interchange are logged and dropped")
    func deadlyMessages() throws {
        let interchange = try TestInterchange(withHub: false)
        let manager = try interchange.connect("m1")
        // A registration without start_time, a result without task_id, monitoring without a hub.
        try manager.send(bytes("80047d8c04747970658c0c726567697374726174696f6e732e"))
        try manager.send(bytes("80047d288c04747970658c06726573756c748c06726573756c74430178752e"))
        try manager.send(manager.registration(capacity: 5))
        try manager.send(bytes("80047d288c04747970658c0a6d6f6e69746f72696e678c077061796c6f61644b014b0286752e"))
        // A task whose priority is a text counts as one without; a task that is none is dropped.
        try interchange.deliver(Array("nonsense".utf8), by: interchange.tasks)
        try interchange.deliver(
            bytes(
                "80047d288c077461736b5f69644b018c07636f6e746578747d8c0d7265736f757263655f737065637d"
                    + "8c087072696f726974798c0374776f73738c06627566666572430361626375 2e"), by: interchange.tasks)
        try interchange.submit(2)
        var ids: [Int] = []
        while ids.count < 2 { ids += try manager.nextTasks() }
        #expect(ids.sorted() == [1, 2])
    }

    @Test("a version mismatch reaches the executor as task -1, and the interchange ends with 0")
    func versionMismatch() throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration(parsl: "1.0"))
        let result = try interchange.nextResult()
        #expect(result.taskID == -1)
        #expect(result.kind == .exception)
        let text = "\(result.payload.withUnsafeBytes { FailureBuffer.decode($0) })"
        #expect(text.contains("py.v=3.11 parsl.v=1.0"))
        #expect(interchange.waitForExit() == 0)
    }

    @Test("a client key that is not in the directory is refused")
    func wrongKey() throws {
        let interchange = try TestInterchange(encrypted: true)
        let certificates = try #require(interchange.certificates)
        let stranger = try CurveKeyPair.generate()
        let intruder = try interchange.connect(
            "m1", role: .client(stranger, serverPublic: certificates.server.publicKey))
        try intruder.send(ManagerMessage.probeBytes)
        let plain = try TestManager(interchange, "m2", nil)
        try plain.send(ManagerMessage.probeBytes)
        let friend = try interchange.connect("m3")
        try friend.send(ManagerMessage.probeBytes)
        #expect(try friend.next() == [])
        #expect(try intruder.next(within: 300_000_000) == nil)
        #expect(try plain.next(within: 100_000_000) == nil)
    }

    @Test(
        "a task and a result of 20 MB pass unchanged, to a stock pool and to an Apus manager", arguments: [false, true])
    func large(isApus: Bool) throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration(apus: isApus ? ApusManagerHello(fingerprint: "") : nil))
        let body = [UInt8](repeating: 7, count: 20 << 20)
        try interchange.submit(1, buffer: body)
        try interchange.submit(2)
        var got: [(id: Int, buffer: [UInt8])] = []
        while got.count < 2 { got += try manager.nextBatch() }
        #expect(got.map(\.id) == [1, 2])
        #expect(got[0].buffer == body)
        #expect(got[1].buffer == Array("abc".utf8))
        try manager.finish(1, body)
        let result = try interchange.nextResult()
        #expect(result.taskID == 1)
        #expect(result.payload == body)
    }

    @Test("a pool whose connection closes for good is lost soon, and Parsl's ManagerLost says so")
    func closedConnection() throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration())
        try interchange.submit(5)
        #expect(try manager.nextTasks() == [5])
        // By its heartbeats it would be lost two minutes later.
        manager.socket.close()
        let message = try #require(try interchange.next(interchange.results))
        #expect(
            message
                == bytes(
                    "80047d288c04747970658c06726573756c748c077461736b5f69644b058c09657863657074696f6e4349"
                        + "30320a80048c26706172736c2e6578656375746f72732e686967685f7468726f7567687075742e6572726f7273"
                        + "8c0b4d616e616765724c6f737493 43026d31 8c05686f737441 86522e752e"))
        #expect(try interchange.managers().isEmpty)
    }

    @Test("an Apus manager that reconnects gets what it does not hold, and its results count once")
    func reconnect() throws {
        let interchange = try TestInterchange()
        var manager = try interchange.connect("m1")
        try manager.send(manager.registration(capacity: 3, workers: 3, apus: ApusManagerHello(fingerprint: "")))
        #expect(try manager.next() == InterchangeMessage.encodeWelcome())
        for id in 1...3 { try interchange.submit(id) }
        var ids: [Int] = []
        while ids.count < 3 { ids += try manager.nextTasks() }
        try manager.finish(1)
        #expect(try interchange.nextResult().taskID == 1)
        manager.socket.close()
        manager = try interchange.connect("m1")
        try manager.send(
            manager.registration(
                capacity: 3, workers: 3, apus: ApusManagerHello(fingerprint: "", held: [1, 2])))
        #expect(try manager.nextTasks() == [3])
        for id in 1...3 { try manager.finish(id) }
        #expect(try interchange.nextResult().taskID == 2)
        #expect(try interchange.nextResult().taskID == 3)
        try manager.send(ManagerMessage.heartbeatBytes)
        let reply = try #require(try manager.next())
        guard case .acknowledged(let acknowledged) = try reply.withUnsafeBytes({ try InterchangeMessage.parse($0) })
        else {
            Issue.record("the heartbeat brought no acknowledgement")
            return
        }
        // The first acknowledgement of task 1 went to the connection that closed, or comes now a second time.
        #expect(Set(acknowledged) == [1, 2, 3])
        #expect(try interchange.managers().map(\.tasks) == [0])
    }

    @Test("when descriptors run short the log says how many there are and what to do, once")
    func fewDescriptors() throws {
        let interchange = try TestInterchange(descriptorLimit: 64 + 5)
        var managers: [TestManager] = []
        for number in 0..<5 {
            let manager = try interchange.connect("m\(number)")
            try manager.send(manager.registration())
            managers.append(manager)
        }
        try interchange.eventually("all have registered") { try interchange.managers().count == 5 }
        try interchange.eventually("a warning") { interchange.logText.contains("raise the hard limit") }
        let warnings = interchange.logText.split(separator: "\n").filter { $0.contains("raise the hard limit") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("4 managers are registered, and at most 69 descriptors") == true)
    }

    @Test("an Apus executor: hello, notices, failures as data, acknowledgements, resume")
    func apusExecutor() throws {
        let interchange = try TestInterchange()
        let hello = ExecutorHello(fingerprint: "x", rows: ["a"], monitoring: false)
        let version = try interchange.ask(.hello(hello)).withUnsafeBytes { try CommandReply.parseHelloAccepted($0) }
        #expect(version == WireExtensions.version)
        let wrong = try interchange.connect("w")
        try wrong.send(wrong.registration(apus: ApusManagerHello(fingerprint: "y", rows: ["b"])))
        guard case .refused(let text)? = try wrong.next()?.withUnsafeBytes({ try InterchangeMessage.parse($0) }) else {
            Issue.record("the manager was not refused")
            return
        }
        #expect(text.contains("only the manager has: b"))
        #expect(try interchange.notice(.managerRefused).manager == "w")
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration(workers: 4, apus: ApusManagerHello(fingerprint: "x")))
        let notice = try interchange.notice(.managerRegistered)
        #expect(notice.workerCount == 4)
        for id in 1...3 { try interchange.submit(id) }
        var ids: [Int] = []
        while ids.count < 3 { ids += try manager.nextTasks() }
        try manager.finish(1)
        #expect(try interchange.nextResult().taskID == 1)
        try manager.finish(2)
        #expect(try interchange.nextResult().taskID == 2)
        try interchange.deliver(ExecutorAcknowledgement.encode([2]), by: interchange.results)
        let missing = try interchange.ask(.resume(outstanding: [1, 3, 4]))
        #expect(try missing.withUnsafeBytes { try CommandReply.parseMissing($0) } == [4])
        #expect(try interchange.nextResult().taskID == 1)
        manager.socket.close()
        let lost = try interchange.nextResult()
        #expect(lost.taskID == 3)
        let error = try #require(lost.payload.withUnsafeBytes { FailureBuffer.decode($0) } as? ExecutionError)
        #expect(error.code == .managerLost)
        #expect(error.message.contains("m1 on hostA"))
        _ = try interchange.notice(.managerLost)
    }

    @Test(
        "the hub gets four records of a manager for one task, and workers' records unchanged", arguments: [false, true])
    func monitoring(encrypted: Bool) throws {
        let interchange = try TestInterchange(encrypted: encrypted, withHub: true)
        let hub = try #require(interchange.hub)
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration())
        try interchange.submit(1)
        _ = try manager.nextTasks()
        let event = MonitoringEvent.workerTask(
            WorkerTaskEvent(
                runID: "r", taskID: 4, tryNumber: 0, host: "h", blockID: "0", processID: 3, isStart: true, time: 10))
        try manager.send(ManagerMessage.encodeMonitoring(event))
        try manager.finish(1)
        _ = try interchange.nextResult()
        _ = try interchange.ask(.hold("m1"))
        var nodes: [NodeEvent] = []
        var tasks: [MonitoringEvent] = []
        for _ in 0..<5 {
            let message = try #require(try interchange.next(hub))
            let parsed = try message.withUnsafeBytes { try MonitoringMessage.parse($0) }
            if case .node(let node)? = parsed { nodes.append(node) } else if let parsed { tasks.append(parsed) }
        }
        #expect(nodes.map(\.managerID) == ["m1", "m1", "m1", "m1"])
        #expect(nodes.map(\.active) == [true, true, true, false])
        #expect(tasks == [event])
        #expect(try interchange.next(hub, within: 100_000_000) == nil)
    }

    @Test("a drain time in the past ends a pool at once")
    func drain() throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration(drainTime: WallClock.seconds - 10))
        #expect(try manager.next() == InterchangeMessage.shutdownBytes)
        #expect(try interchange.managers().isEmpty)
    }

    @Test("the log follows the format it is given", arguments: [0, 1, 2])
    func logForms(kind: Int) throws {
        let kinds: [InterchangeStartMessage.LogKind] = [.file(format: "[%(levelname)-8s] %(message)s"), .json, .none]
        let interchange = try TestInterchange(log: kinds[kind])
        _ = interchange.end()
        let lines = try? SmallFile.readText(interchange.directory + "/logs/interchange.log", limit: 1 << 20)
        let json = try? SmallFile.readText(interchange.directory + "/logs/interchange.jsonlog", limit: 1 << 20)
        #expect((lines != nil) == (kind == 0))
        #expect((json != nil) == (kind == 1))
        if let lines { #expect(lines.hasPrefix("[INFO    ] interchange of run run")) }
        if let json { #expect(json.hasPrefix("{\"created\": ") && json.contains("\"message\": \"interchange of run")) }
    }

    @Test("an executor at ::1 is reached")
    func ipv6() throws {
        let interchange = try TestInterchange(withHub: true, address: "::1")
        #expect(interchange.workerPort > 0)
    }

    @Test("at the end Apus managers are told to end as well")
    func farewell() throws {
        let interchange = try TestInterchange()
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration(apus: ApusManagerHello(fingerprint: "")))
        #expect(try manager.next() == InterchangeMessage.encodeWelcome())
        #expect(interchange.end() == 0)
        #expect(try manager.next() == InterchangeMessage.shutdownBytes)
    }

    @Test("10,000 tasks through two Apus managers all come back once")
    func many() throws {
        let interchange = try TestInterchange()
        let count = 10_000
        let managers = try (0..<2).map { index in
            let manager = try interchange.connect("m\(index)")
            try manager.send(manager.registration(capacity: 64, workers: 2, apus: ApusManagerHello(fingerprint: "")))
            return manager
        }
        for id in 1...count { try interchange.submit(id) }
        var seen = Set<Int>()
        let deadline = Monotonic.nanoseconds + TestInterchange.patience * 3
        while seen.count < count {
            try #require(Monotonic.nanoseconds < deadline)
            for manager in managers {
                while let message = try manager.socket.receive() {
                    guard case .tasks(let tasks) = try message.withUnsafeBytes({ try InterchangeMessage.parse($0) })
                    else {
                        continue
                    }
                    #expect(tasks.count <= 64)
                    for task in tasks { try manager.finish(task.taskID) }
                }
            }
            while let message = try interchange.results.receive() {
                let envelope = try message.withUnsafeBytes { try ResultEnvelope.parse($0) }
                #expect(seen.insert(envelope.taskID).inserted)
            }
        }
        #expect(try interchange.managers().map(\.tasks) == [0, 0])
    }
}

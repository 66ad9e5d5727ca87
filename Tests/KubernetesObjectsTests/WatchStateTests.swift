import Provisioning
import TestSupport
import Testing

@testable import KubernetesObjects

@Suite("Following the objects of a run", .paced)
struct WatchStateTests {
    private static func pod(_ name: String, _ version: Int, _ phase: String = "Running") -> JSONValue {
        [
            "kind": "Pod", "metadata": ["name": .string(name), "resourceVersion": .string("\(version)")],
            "status": ["phase": .string(phase)],
        ]
    }

    private static func line(_ type: String, _ object: JSONValue) -> [UInt8] {
        let event: JSONValue = ["type": .string(type), "object": object]
        return Array(event.text().utf8)
    }

    private static func listed(_ names: String...) -> WatchState {
        var state = WatchState()
        _ = state.listed(names.map { pod($0, 1) }, version: "5")
        return state
    }

    @Test("the list comes first, and changes since its version after it")
    func begins() {
        var state = WatchState()
        #expect(!state.isCurrent)
        #expect(WatchState.firstStep == .list(after: .zero))
        #expect(state.listed([Self.pod("a", 1)], version: "5") == .follow(version: "5", after: .zero))
        #expect(state.isCurrent && state.objects.keys.sorted() == ["a"])
    }

    @Test("added, changed and deleted objects, and the place after them")
    func changes() {
        var state = Self.listed("a")
        let taken = [
            state.received(Self.line("ADDED", Self.pod("b", 6, "Pending"))),
            state.received(Self.line("MODIFIED", Self.pod("b", 7))),
            state.received(Self.line("DELETED", Self.pod("a", 8, "Failed"))),
            state.received(Self.line("BOOKMARK", ["metadata": ["resourceVersion": "20"]])),
            state.received(Self.line("RENAMED", Self.pod("c", 21))),
        ]
        #expect(taken == [true, true, true, true, true])
        #expect(state.objects == ["b": Self.pod("b", 7)])
        #expect(state.gone == ["a": Self.pod("a", 8, "Failed")])
        #expect(state.ended(.closed) == .follow(version: "21", after: .zero))
        #expect(!state.isCurrent)
        state.began()
        #expect(state.isCurrent)
    }

    @Test("an object of the same name that comes again is there")
    func again() {
        var state = Self.listed("a")
        _ = state.received(Self.line("DELETED", Self.pod("a", 6)))
        _ = state.received(Self.line("ADDED", Self.pod("a", 7)))
        #expect(state.gone.isEmpty && state.objects["a"] == Self.pod("a", 7))
    }

    @Test("what vanished while nobody looked is gone as it was last seen")
    func vanished() {
        var state = Self.listed("a", "b")
        _ = state.ended(.lost("x"))
        _ = state.listed([Self.pod("b", 9)], version: "9")
        #expect(state.gone == ["a": Self.pod("a", 1)])
        #expect(state.isCurrent)
        state.forget { $0["metadata"]["name"].string == "a" }
        #expect(state.gone.isEmpty)
    }

    @Test("what is forgotten is so before its end is told, after it, and when it vanished while nobody looked")
    func forgotten() {
        var state = Self.listed("kept")
        for number in 0..<3000 {
            let name = "p\(number)"
            _ = state.received(Self.line("ADDED", Self.pod(name, number)))
            let deleted = Self.line("DELETED", Self.pod(name, number, "Succeeded"))
            if number % 3 == 0 { _ = state.received(deleted) }
            state.forget { $0["metadata"]["name"].string == name }
            if number % 3 == 1 { _ = state.received(deleted) }
        }
        #expect(state.gone.isEmpty && state.objects.count == 1001)
        _ = state.listed([], version: "9")
        #expect(state.gone.keys.sorted() == ["kept"] && state.objects.isEmpty)
        // One of the same name that comes later is another one.
        _ = state.received(Self.line("ADDED", Self.pod("p2", 9000)))
        _ = state.received(Self.line("DELETED", Self.pod("p2", 9001)))
        #expect(state.gone.keys.sorted() == ["kept", "p2"])
    }

    @Test(
        "a line that is none, or an error of the server, is the end, and the list is read anew",
        arguments: [
            #"{"type": "MODIFIED", "obj"#, "<html>", #"{"kind": "Pod"}"#,
            #"{"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}"#,
            #"{"type": "ERROR", "object": {"kind": "Status", "code": 500}}"#,
        ])
    func broken(_ line: String) {
        var state = Self.listed("a")
        let taken = state.received(Array(line.utf8))
        #expect(!taken)
        #expect(state.ended(.closed) == .list(after: .zero))
    }

    @Test("a place that the server has forgotten is no reason to give up")
    func expired() {
        var state = Self.listed("a")
        #expect(state.ended(.refused(410, "too old")) == .list(after: .zero))
    }

    @Test("pauses grow with ends in a row, up to half a minute, until something comes")
    func pauses() {
        var state = Self.listed("a")
        let pauses = (0..<9).map { _ -> Duration in
            guard case .follow("5", let pause) = state.ended(.lost("x")) else { return .seconds(-1) }
            return pause
        }
        #expect(pauses == [0, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000].map { .milliseconds($0) })
        // A list alone is no sign that following works.
        #expect(state.listed([], version: "6") == .follow(version: "6", after: .seconds(30)))
        _ = state.received(Self.line("BOOKMARK", ["metadata": ["resourceVersion": "7"]]))
        #expect(state.ended(.closed) == .follow(version: "7", after: .zero))
    }

    @Test(
        "who may not follow lists; who is refused for a while tries again",
        arguments: [(403, true), (404, true), (405, true), (501, true), (401, false), (429, false), (503, false)])
    func refused(_ status: Int, _ givesUp: Bool) {
        var state = Self.listed("a")
        let step = state.ended(.refused(status, "pods is forbidden"))
        #expect(step == (givesUp ? .giveUp("\(status): pods is forbidden") : .follow(version: "5", after: .zero)))
        #expect((state.surrender != nil) == givesUp)
    }

    @Test("lines come in pieces of any length", arguments: [1, 2, 3, 7, 100])
    func lines(_ length: Int) throws {
        let text = Array("one\ntwo\r\n\n  \nthree\nfou".utf8)
        var buffer = LineBuffer()
        var lines: [String] = []
        for start in stride(from: 0, to: text.count, by: length) {
            let complete = buffer.append(Array(text[start..<min(start + length, text.count)]))
            lines += try #require(complete).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(lines == ["one", "two\r", "three"])
    }

    @Test("a line without an end is none")
    func endless() {
        var buffer = LineBuffer(limit: 10)
        let short = buffer.append(Array("0123456789".utf8))
        let long = buffer.append(Array("0".utf8))
        #expect(short == [] && long == nil)
    }
}

@Suite("Why a pod went", .paced)
struct PodEndTests {
    private static func parsed(_ text: String) throws -> JSONValue {
        try #require(JSONValue(parsing: Array(text.utf8)))
    }

    @Test(
        "a pod that is deleted, while it works and after it",
        arguments: [
            (#""phase": "Running""#, JobStatus(.running, reason: "is being deleted")),
            (
                #""phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting"}]"#,
                JobStatus(.running, reason: "is being deleted; EvictionByEvictionAPI: Eviction API: evicting")
            ),
            (
                #""phase": "Running", "containerStatuses": [{"state": {"terminated": {"reason": "Error", "exitCode": 143}}}]"#,
                JobStatus(.cancelled, reason: "pod p was deleted, not by this program", exitCode: 143)
            ),
            (
                #""phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory.""#,
                JobStatus(
                    .cancelled,
                    reason: "pod p was deleted, not by this program; Evicted: The node was low on resource: memory.")
            ),
            (
                #""phase": "Failed", "reason": "DeadlineExceeded", "message": "too long""#,
                JobStatus(.timeout, reason: "DeadlineExceeded: too long")
            ),
        ])
    func leaving(_ status: String, _ expected: JobStatus) throws {
        let pod = try Self.parsed(
            """
            {"metadata": {"name": "p", "uid": "u", "deletionTimestamp": "2026-11-21T20:00:00Z"}, "status": {\(status)}}
            """)
        let finding = PodStatus.finding(pod)
        #expect(finding.status == expected)
        #expect(finding.isDeleted)
        #expect(finding.pod == PodStatus.PodReference(name: "p", uid: "u"))
    }

    @Test("a pod that is gone is known as it was last")
    func gone() throws {
        let last = try Self.parsed(
            """
            {"kind": "Pod", "metadata": {"name": "p"}, "status": {"phase": "Running",
             "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "message": "room"}],
             "containerStatuses": [{"state": {"terminated": {"reason": "OOMKilled", "exitCode": 137, "message": "last words"}}}]}}
            """)
        let finding = PodStatus.deleted(last)
        #expect(finding.status.state == .cancelled && finding.status.exitCode == 137)
        #expect(
            finding.status.reason == "pod p was deleted, not by this program; PreemptionByScheduler: room; "
                + "OOMKilled: the container used more than its limit of memory")
        #expect(finding.tail == "last words")
        #expect(
            PodStatus.deleted(["kind": "Job", "metadata": ["name": "j"]]).status.reason
                == "job j was deleted, not by this program")
    }

    @Test("a job of which a pod is deleted goes on: its controller makes another one, or says why it ends")
    func jobs() throws {
        let pod = try Self.parsed(
            """
            {"metadata": {"name": "p", "deletionTimestamp": "x"}, "status": {"phase": "Running",
             "containerStatuses": [{"state": {"terminated": {"exitCode": 143}}}]}}
            """)
        let finding = PodStatus.finding(pod)
        let done = PodStatus.finding(["status": ["phase": "Succeeded"]])
        let block = PodStatus.block([finding, done], job: ["status": [:]], nodes: 2)
        #expect(block?.status.state == .running)
        #expect(block?.status.reason == "pod p was deleted, not by this program")
    }

    @Test("the newest events that say something of its end")
    func events() throws {
        func event(_ reason: String, _ time: String, _ type: String = "Normal", _ uid: String = "u") -> JSONValue {
            [
                "reason": .string(reason), "message": "words", "type": .string(type), "lastTimestamp": .string(time),
                "involvedObject": ["uid": .string(uid)],
            ]
        }
        var early = event("Preempted", "")
        early = .object(early.members.merging(["eventTime": "2026-11-21T20:00:02.123456Z"]) { $1 })
        let events = [
            event("Scheduled", "2026-11-21T20:00:01Z"), early, event("Killing", "2026-11-21T20:00:05Z"),
            event("FailedMount", "2026-11-21T20:00:03Z", "Warning"),
            event("Killing", "2026-11-21T20:00:09Z", "Normal", "another"), event("Started", "2026-11-21T20:00:07Z"),
            event("Killing", "2026-11-21T20:00:04Z"),
        ]
        #expect(PodEvents.words(events, uid: "u") == ["Killing: words", "Preempted: words"])
        #expect(PodEvents.words(Array(events[3..<4] + events[5..<6])) == ["FailedMount: words"])
        #expect(PodEvents.words(events, uid: "u", count: 1) == ["Killing: words"])
        #expect(PodEvents.words([], uid: nil).isEmpty)
        #expect(PodEvents.words([["type": "Warning"]]).isEmpty)
    }
}

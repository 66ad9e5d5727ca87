import Apus
import Foundation
import Kubernetes
import Testing

/// Pods are followed: what an API server does wrong meanwhile, from a server that does as it is told.
@Suite("Following pods")
struct WatchTests {
    private let name = "b-\(UUID().uuidString.prefix(8).lowercased())"
    private var block: String { "apus-\(name)" }
    private let made =
        #"{"for": "POST", "status": 201, "body": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "1"}}}"#
    private let deleted = #"{"for": "DELETE", "body": {}}"#

    private var pending: String { pod(9, #"{"phase": "Pending"}"#) }

    private func pod(_ version: Int, _ status: String, _ more: String = "") -> String {
        """
        {"kind": "Pod", "metadata": {"name": "\(block)", "uid": "u", "resourceVersion": "\(version)"\(more),
         "labels": {"apus/block": "\(block)", "apus/run": "run"}}, "status": \(status)}
        """
    }

    private func event(_ type: String, _ object: String) -> String {
        #"{"type": "\#(type)", "object": \#(object)}"#.replacingOccurrences(of: "\n", with: " ") + "\n"
    }

    /// An answer in pieces: texts, seconds of silence, and perhaps an end in order.
    private func stream(_ pieces: [String], silence: Double? = 30, ends: Bool = false) throws -> String {
        let texts = try pieces.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        let parts = texts + (silence.map { ["\($0)"] } ?? []) + (ends ? ["null"] : [])
        return #"{"for": "watch=1", "stream": [\#(parts.joined(separator: ", "))]}"#
    }

    /// The list of the whole run.
    private func list(_ version: Int, _ pods: String...) -> String {
        """
        {"for": "limit=500&labelSelector=apus%2Frun", "body": {"metadata": {"resourceVersion": "\(version)"},
         "items": [\(pods.joined(separator: ","))]}}
        """
    }

    /// The list of single blocks, when nothing is followed.
    private func blocks(_ pods: String...) -> String {
        #"{"for": "apus%2Fblock", "body": {"items": [\#(pods.joined(separator: ","))]}}"#
    }

    private func status(
        _ provider: KubernetesProvider, _ id: JobID, until done: (JobStatus?) -> Bool
    ) async throws -> JobStatus? {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let status = try await provider.status(of: [id])[id]
            if done(status) || ContinuousClock.now > end { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits until the server was asked for something so often.
    private func asked(_ api: ScriptedAPI, _ word: String, _ count: Int) async throws -> [String] {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            let lines = api.lines.filter { $0.contains(word) }
            if lines.count >= count || ContinuousClock.now > end { return lines }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test("while changes are followed, questions need no request")
    func followed() async throws {
        let api = try ScriptedAPI([
            made, deleted, blocks(pending), list(10, pending),
            stream([event("MODIFIED", pod(11, #"{"phase": "Running"}"#))]),
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job(name: name, run: "run"))
        let running = try await status(provider, id) { $0?.state == .running }
        #expect(running == JobStatus(.running))
        let before = api.lines.count
        for _ in 0..<20 { _ = try await provider.status(of: [id]) }
        #expect(api.lines.count == before)
        let lines = api.lines.filter { $0.contains("watch=1") }
        #expect(lines.count == 1)
        #expect(lines.first?.contains("allowWatchBookmarks=true") == true)
        #expect(lines.first?.contains("resourceVersion=10&labelSelector=apus%2Frun%3Drun") == true)
        try await provider.cancel([id])
    }

    @Test("a pod that is deleted is known with what it said last, and what the cluster noted")
    func deletedPod() async throws {
        let last = pod(
            12,
            """
            {"phase": "Running", "conditions":
             [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler", "message": "make room"}]}
            """, #", "deletionTimestamp": "2026-11-21T20:00:00Z""#)
        let api = try ScriptedAPI([
            made, deleted, blocks(pending), list(10, pod(9, #"{"phase": "Running"}"#)),
            stream([event("MODIFIED", last), event("DELETED", last)]),
            """
            {"for": "/events?", "body": {"items": [
             {"reason": "Started", "type": "Normal", "message": "x", "lastTimestamp": "2026-11-21T20:00:00Z"},
             {"reason": "Preempted", "type": "Normal", "message": "by words/other", "lastTimestamp": "2026-11-21T20:00:01Z"}]}}
            """,
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job(name: name, run: "run"))
        let gone = try await status(provider, id) { $0?.state.isTerminal == true }
        #expect(
            gone
                == JobStatus(
                    .cancelled,
                    reason: "pod \(block) was deleted, not by this program; PreemptionByScheduler: make room; "
                        + "events: Preempted: by words/other"))
        let question = api.lines.first { $0.contains("/events?") }
        #expect(question?.contains("involvedObject.name%3D\(block)") == true, "\(question ?? "")")
    }

    @Test("without the right to events the pod's own words have to do, and nobody asks again")
    func noEvents() async throws {
        let gone = pod(12, #"{"phase": "Running"}"#)
        let api = try ScriptedAPI([
            made, deleted, blocks(), list(10, pod(9, #"{"phase": "Running"}"#)), stream([event("DELETED", gone)]),
            #"{"for": "/events?", "status": 403, "body": {"message": "events is forbidden"}}"#,
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job(name: name, run: "run"))
        for _ in 0..<2 {
            let status = try await status(provider, id) { $0?.state.isTerminal == true }
            #expect(status == JobStatus(.cancelled, reason: "pod \(block) was deleted, not by this program"))
        }
        #expect(api.lines.filter { $0.contains("/events?") }.count == 1)
    }

    @Test(
        "a connection that is cut, in the middle of a line or in order, is made again from the last change",
        arguments: [true, false])
    func cut(_ inOrder: Bool) async throws {
        let first = event("MODIFIED", pod(11, #"{"phase": "Pending"}"#))
        let api = try ScriptedAPI([
            made, deleted, blocks(pending), list(10, pending),
            try stream(inOrder ? [first] : [first, #"{"type": "MODIFIED", "obj"#], silence: nil, ends: inOrder),
            try stream([event("MODIFIED", pod(12, #"{"phase": "Running"}"#))]),
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job(name: name, run: "run"))
        let lines = try await asked(api, "watch=1", 2)
        #expect(lines.last?.contains("resourceVersion=11&") == true, "\(lines)")
        let running = try await status(provider, id) { $0?.state == .running }
        #expect(running == JobStatus(.running))
        #expect(api.lines.filter { $0.contains("limit=500&labelSelector=apus%2Frun") }.count == 1)
        try await provider.cancel([id])
    }

    @Test(
        "when the server has forgotten the place, or sends what is no change, the list is read anew",
        arguments: [
            #"{"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}"#,
            #"<html>please log in</html>"#, "410",
        ])
    func forgotten(_ line: String) async throws {
        let bad =
            line == "410"
            ? #"{"for": "watch=1", "status": 410, "body": {"message": "too old resource version"}}"#
            : try stream([line + "\n"])
        let api = try ScriptedAPI([
            made, deleted, blocks(pending), bad, try stream([]), list(10, pending),
            list(20, pod(19, #"{"phase": "Running"}"#)),
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job(name: name, run: "run"))
        let lines = try await asked(api, "watch=1", 2)
        #expect(lines.last?.contains("resourceVersion=20&") == true, "\(lines)")
        let running = try await status(provider, id) { $0?.state == .running }
        #expect(running == JobStatus(.running))
        try await provider.cancel([id])
    }

    @Test("a server that falls silent is asked anew")
    func silent() async throws {
        let api = try ScriptedAPI([
            made, deleted, blocks(pending), list(10, pending), try stream([]),
            try stream([event("MODIFIED", pod(11, #"{"phase": "Running"}"#))]),
        ])
        var provider = try api.provider()
        provider.requestTimeout = .milliseconds(500)
        let id = try await provider.submit(api.job(name: name, run: "run"))
        let running = try await status(provider, id) { $0?.state == .running }
        #expect(running == JobStatus(.running))
        #expect(api.lines.filter { $0.contains("watch=1") }.count >= 2)
        try await provider.cancel([id])
    }

    @Test("who may not follow lists, as the log says once")
    func forbidden() async throws {
        let words = #"pods is forbidden: User \"me\" cannot watch resource"#
        let api = try ScriptedAPI([
            made, deleted, blocks(pod(9, #"{"phase": "Running"}"#)), list(10),
            #"{"for": "watch=1", "status": 403, "body": {"message": "\#(words)"}}"#,
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job(name: name, run: "run"))
        _ = try await asked(api, "watch=1", 1)
        for _ in 0..<3 {
            let running = try await status(provider, id) { $0?.state == .running }
            #expect(running == JobStatus(.running))
        }
        #expect(api.lines.filter { $0.contains("watch=1") }.count == 1)
        #expect(api.lines.filter { $0.contains("apus%2Fblock") }.count >= 3)
        let log = try String(contentsOfFile: api.path("kubernetes.log"), encoding: .utf8)
        #expect(log.contains("pods of run run are not followed, but listed: 403: pods is forbidden"), "\(log)")
        #expect(log.split(separator: "\n").count == 1)
        try await provider.cancel([id])
    }
}

import Apus
import Foundation
import Kubernetes
import Testing

/// What an API server does wrong, or refuses, from a server that does as it is told.
@Suite("An API server with faults")
struct FaultTests {
    private static let pod =
        #"{"status": 201, "body": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "1"}}}"#
    private static let made = #"{"status": 201, "body": {}}"#
    private static let ok = #"{"status": 200, "body": {}}"#

    private static func refusal(_ status: Int, _ reason: String = "", _ message: String = "no") -> String {
        #"{"status": \#(status), "body": {"kind": "Status", "reason": "\#(reason)", "message": "\#(message)"}}"#
    }

    private static func pods(_ name: String, _ status: String, _ more: String = "") -> String {
        """
        {"status": 200, "body": {"metadata": {\(more)}, "items":
         [{"metadata": {"name": "\(name)", "labels": {"apus/block": "\(name)"}}, "status": \(status)}]}}
        """
    }

    private func submissionError(_ api: ScriptedAPI, _ provider: KubernetesProvider) async -> ProviderError? {
        let job = api.job()
        return await #expect(throws: ProviderError.self) { _ = try await provider.submit(job) }
    }

    @Test("a block is a pod and then its secret, asked for with the token")
    func submitted() async throws {
        let api = try ScriptedAPI([Self.pod, Self.made])
        let id = try await api.provider().submit(api.job())
        #expect(id.rawValue == "apus-htex-block-0-\(api.port)")
        #expect(api.lines == ["POST /api/v1/namespaces/words/pods", "POST /api/v1/namespaces/words/secrets"])
        #expect(api.requests.allSatisfy { $0.authorization == "Bearer abc" })
        #expect(api.requests[1].body.contains(#""uid":"1""#))
        #expect(!api.requests[0].body.contains("c2VjcmV0"))
    }

    @Test("an overloaded server is asked again, as late as it wants")
    func retried() async throws {
        let late = #"{"status": 429, "headers": {"retry-after": "1"}, "body": {}}"#
        let api = try ScriptedAPI([late, Self.refusal(503), Self.pod, Self.made])
        _ = try await api.provider().submit(api.job())
        #expect(api.lines.count == 4)
    }

    @Test("a connection that is closed is made again")
    func closed() async throws {
        let api = try ScriptedAPI([#"{"close": true}"#, Self.pod, Self.made])
        _ = try await api.provider().submit(api.job())
        #expect(api.lines.count == 3)
    }

    @Test("after all attempts the error has the server's words")
    func exhausted() async throws {
        let api = try ScriptedAPI([Self.refusal(503, "ServiceUnavailable", "etcd is leaderless")])
        let error = try await submissionError(api, api.provider())
        #expect(error?.code == .refused)
        #expect(error?.message.contains("after 3 attempts (503 ServiceUnavailable)") == true)
        #expect(error?.output == "etcd is leaderless")
        #expect(api.lines.count == 3)
    }

    @Test("a refusal is not repeated, and names the rule that is missing; a pod without its secret is deleted")
    func forbidden() async throws {
        let words = "secrets is forbidden"
        let api = try ScriptedAPI([Self.pod, Self.refusal(403, "Forbidden", words), Self.ok])
        let error = try await submissionError(api, api.provider())
        #expect(error?.code == .permissionDenied)
        #expect(error?.message.contains(#"resources: ["secrets"], verbs: ["create"]} in namespace words"#) == true)
        #expect(error?.output == words)
        #expect(api.lines.count == 3)
        #expect(api.lines.last?.hasPrefix("DELETE /api/v1/namespaces/words/pods/apus-htex-block-0-") == true)
    }

    @Test("a pod whose making was not answered is taken as ours; one of another run is not")
    func adopted() async throws {
        func found(_ run: String) -> String {
            #"{"body": {"kind": "Pod", "metadata": {"name": "p", "uid": "1", "labels": {"apus/run": "\#(run)"}}}}"#
        }
        let conflict = Self.refusal(409, "AlreadyExists")
        let own = try ScriptedAPI([conflict, found("run"), Self.made])
        _ = try await own.provider().submit(own.job(run: "run"))
        #expect(own.lines.filter { !$0.contains("labelSelector") }.count == 3)
        let other = try ScriptedAPI([conflict, found("another"), Self.made])
        let job = other.job(run: "run")
        let provider = try other.provider()
        let error = await #expect(throws: ProviderError.self) { _ = try await provider.submit(job) }
        #expect(error?.message.contains("(409 AlreadyExists)") == true)
    }

    @Test("a server that is silent is an error in time")
    func silent() async throws {
        let api = try ScriptedAPI([#"{"hang": 20}"#])
        var provider = try api.provider()
        provider.requestTimeout = .milliseconds(300)
        provider.attempts = 2
        let error = await submissionError(api, provider)
        #expect(error?.code == .timedOut)
        #expect(api.lines.count == 2)
    }

    @Test("without a server the error says where it was looked for")
    func unreachable() async throws {
        let api = try ScriptedAPI([Self.ok])
        var provider = try api.provider()
        provider.attempts = 1
        let text = try String(contentsOfFile: api.path("kubeconfig"), encoding: .utf8)
        try text.replacingOccurrences(of: ":\(api.port)", with: ":9").write(
            toFile: api.path("kubeconfig"), atomically: true, encoding: .utf8)
        let error = await submissionError(api, provider)
        #expect(error?.code == .unreachable)
        #expect(error?.command == "POST http://127.0.0.1:9/api/v1/namespaces/words/pods")
    }

    @Test("a page of a gateway is shown")
    func page() async throws {
        let api = try ScriptedAPI([#"{"status": 200, "body": "<html>please log in</html>"}"#])
        let error = try await submissionError(api, api.provider())
        #expect(error?.code == .unreadableAnswer)
        #expect(error?.output == "<html>please log in</html>")
    }

    @Test("long lists come in pages, and are read anew when their place has expired")
    func pages() async throws {
        let api = try ScriptedAPI([
            Self.pods("a", #"{"phase": "Pending"}"#, #""continue": "next one""#), Self.refusal(410, "Expired"),
            Self.pods("a", #"{"phase": "Running"}"#, #""continue": "more""#), Self.pods("b", #"{"phase": "Running"}"#),
        ])
        let states = try await api.provider().status(of: [JobID("a"), JobID("b")])
        #expect(states == [JobID("a"): JobStatus(.running), JobID("b"): JobStatus(.running)])
        #expect(api.lines.count == 4)
        #expect(api.lines[0].contains("limit=500&labelSelector=apus%2Fblock%20in%20%28a%2Cb%29"))
        #expect(api.lines[1].contains("continue=next%20one"))
        #expect(!api.lines[2].contains("limit="))
    }

    @Test("an image that cannot be fetched is waited for, then the block fails and its pod is deleted")
    func stuck() async throws {
        let waiting =
            #"{"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}"#
        let name = "stuck-\(UUID().uuidString.prefix(8).lowercased())"
        let api = try ScriptedAPI([Self.pods(name, waiting), Self.pods(name, waiting), Self.ok])
        var provider = try api.provider()
        let first = try await provider.status(of: [JobID(name)])
        #expect(first[JobID(name)] == JobStatus(.pending, reason: "ImagePullBackOff: no such image"))
        provider.startLimit = .nanoseconds(1)
        let second = try await provider.status(of: [JobID(name)])
        #expect(second[JobID(name)]?.state == .failed)
        #expect(second[JobID(name)]?.reason?.hasPrefix("ImagePullBackOff: no such image (for") == true)
        #expect(api.lines.last?.hasPrefix("DELETE") == true)
    }

    @Test("a pod that was there and is gone was deleted by somebody; one that never was is not known")
    func deleted() async throws {
        let api = try ScriptedAPI([
            Self.pod, Self.made, #"{"body": {"items": []}}"#, Self.pods("x", "{}"), #"{"body": {"items": []}}"#,
        ])
        let provider = try api.provider()
        let id = try await provider.submit(api.job())
        let unseen = try await provider.status(of: [id])
        #expect(unseen.isEmpty)
        let name = "gone-\(UUID().uuidString.prefix(8).lowercased())"
        let other = try ScriptedAPI([Self.pods(name, #"{"phase": "Running"}"#), #"{"body": {"items": []}}"#])
        let own = try other.provider()
        _ = try await own.status(of: [JobID(name)])
        let gone = try await own.status(of: [JobID(name)])
        #expect(gone[JobID(name)] == JobStatus(.cancelled, reason: "pod \(name) was deleted, not by this program"))
    }

    @Test(
        "the end of what a pod printed is kept beside its block, and the pod is deleted unless it is to stay",
        arguments: [true, false])
    func ended(_ keeps: Bool) async throws {
        let api = try ScriptedAPI([Self.pod, Self.made, "{}"])
        let id = try await api.provider().submit(api.job())
        let failed =
            #"{"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"reason": "Error", "exitCode": 3, "message": "no libzmq"}}}]}"#
        let second = try ScriptedAPI([Self.pods(id.rawValue, failed), Self.ok])
        var provider = try second.provider()
        provider.keepsEndedPods = keeps
        let states = try await provider.status(of: [id])
        #expect(states[id] == JobStatus(.failed, exitCode: 3))
        let tail = try String(contentsOfFile: api.job().errorPath, encoding: .utf8)
        #expect(tail == "no libzmq")
        #expect(second.lines.contains { $0.hasPrefix("DELETE") } == !keeps)
    }

    @Test("blocks are deleted with what they own; those that are gone are no error")
    func cancelled() async throws {
        let api = try ScriptedAPI([Self.ok, Self.refusal(404, "NotFound")])
        try await api.provider().cancel((0..<20).map { JobID("b\($0)") })
        #expect(api.lines.count == 20)
        #expect(api.lines.contains("DELETE /api/v1/namespaces/words/pods/b7?propagationPolicy=Background"))
    }

    @Test("a token in a file is read anew, and a program's token is used")
    func tokens() async throws {
        let api = try ScriptedAPI([Self.ok])
        let token = api.path("token")
        try Data("first\n".utf8).write(to: URL(filePath: token))
        let provider = try api.provider(user: "{tokenFile: token}")
        try await provider.cancel([JobID("a")])
        try Data("second\n".utf8).write(to: URL(filePath: token))
        try await provider.cancel([JobID("a")])
        let program = """
            {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, env: [{name: WORD, value: third}], args: [-c, \
            'echo "{\\"kind\\": \\"ExecCredential\\", \\"status\\": {\\"token\\": \\"$WORD\\"}}"']}}
            """
        try await api.provider(user: program).cancel([JobID("a")])
        try await api.provider(user: "{username: me, password: it}").cancel([JobID("a")])
        #expect(
            api.requests.map(\.authorization) == ["Bearer first", "Bearer second", "Bearer third", "Basic bWU6aXQ="])
        let broken = try api.provider(user: "{exec: {command: apus-no-such-program, installHint: install it}}")
        let error = await #expect(throws: ProviderError.self) { try await broken.cancel([JobID("a")]) }
        #expect(error?.message.contains("install it") == true, "\(error?.description ?? "")")
    }

    @Test("a server of an unknown authority is not spoken to; a known one is, also with a certificate of ours")
    func certificates() async throws {
        let api = try ScriptedAPI([Self.ok], security: .mutual)
        let unknown = try api.provider(secure: true)
        let error = await #expect(throws: ProviderError.self) { try await unknown.cancel([JobID("a")]) }
        #expect(error?.code == .untrusted, "\(error?.description ?? "")")
        let user = "{client-certificate: client.pem, client-key: client.key}"
        let known = try api.provider(user: user, cluster: "certificate-authority: authority.pem", secure: true)
        try await known.cancel([JobID("a")])
        let careless = try api.provider(user: user, cluster: "insecure-skip-tls-verify: true", secure: true)
        try await careless.cancel([JobID("a")])
        #expect(api.lines.count == 2)
    }

    @Test("without a kubeconfig file the error says which were looked for")
    func noFile() async throws {
        let provider = KubernetesProvider(image: "words", kubeconfig: "/no/such/file")
        let error = await #expect(throws: ProviderError.self) { try await provider.cancel([JobID("a")]) }
        #expect(error?.code == .badParameter)
        #expect(error?.message.contains("/no/such/file") == true)
    }
}

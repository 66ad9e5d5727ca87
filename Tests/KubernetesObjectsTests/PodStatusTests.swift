import Provisioning
import TestSupport
import Testing

@testable import KubernetesObjects

@Suite("What the API says of pods", .paced)
struct PodStatusTests {
    private static func finding(_ text: String) throws -> PodStatus.Finding {
        PodStatus.finding(try #require(JSONValue(parsing: Array(text.utf8))))
    }

    private static func waiting(_ reason: String, _ message: String = "") -> String {
        """
        {"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}],
         "containerStatuses": [{"state": {"waiting": {"reason": "\(reason)", "message": "\(message)"}}}]}}
        """
    }

    private static func terminated(_ reason: String, _ code: Int, _ message: String = "") -> String {
        """
        {"status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated":
         {"reason": "\(reason)", "exitCode": \(code), "message": "\(message)"}}}]}}
        """
    }

    @Test(
        "states and reasons",
        arguments: [
            (#"{"status": {"phase": "Running"}}"#, JobStatus(.running)),
            (
                #"{"metadata": {"deletionTimestamp": "2026-11-21T20:00:00Z"}, "status": {"phase": "Running"}}"#,
                JobStatus(.running, reason: "is being deleted")
            ),
            (#"{"status": {"phase": "Succeeded"}}"#, JobStatus(.completed, exitCode: 0)),
            (#"{"status": {}}"#, JobStatus(.pending)),
            (
                #"{"status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu."}]}}"#,
                JobStatus(.pending, reason: "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.")
            ),
            (waiting("ContainerCreating"), JobStatus(.pending, reason: "ContainerCreating")),
            (waiting("ErrImageNeverPull", "not there"), JobStatus(.failed, reason: "ErrImageNeverPull: not there")),
            (waiting("InvalidImageName"), JobStatus(.failed, reason: "InvalidImageName")),
            (
                #"{"status": {"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}"#,
                JobStatus(.failed, reason: "CrashLoopBackOff")
            ),
            (
                terminated("OOMKilled", 137),
                JobStatus(
                    .failed, reason: "OOMKilled: the container used more than its limit of memory", exitCode: 137)
            ),
            (terminated("Error", 3, "no such file"), JobStatus(.failed, exitCode: 3)),
            (
                terminated("StartError", 128, "exec: /words: no such file"),
                JobStatus(.failed, reason: "StartError: exec: /words: no such file", exitCode: 128)
            ),
            (
                #"{"status": {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}}"#,
                JobStatus(.failed, reason: "Evicted: The node was low on resource: memory.")
            ),
            (
                #"{"status": {"phase": "Failed", "reason": "DeadlineExceeded", "message": "Pod was active too long"}}"#,
                JobStatus(.timeout, reason: "DeadlineExceeded: Pod was active too long")
            ),
            (
                #"{"status": {"phase": "Unknown", "reason": "NodeLost"}}"#,
                JobStatus(.unknown, reason: "Unknown: NodeLost")
            ),
        ])
    func states(_ text: String, _ status: JobStatus) throws {
        let finding = try Self.finding(text)
        #expect(finding.status == status)
        #expect(!finding.isStuck)
    }

    @Test(
        "what the cluster tries again and again is marked",
        arguments: ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError", "CreateContainerError"])
    func stuck(_ reason: String) throws {
        let finding = try Self.finding(Self.waiting(reason, "no such image"))
        #expect(finding.isStuck)
        #expect(finding.status == JobStatus(.pending, reason: "\(reason): no such image"))
    }

    @Test("the end of what the container printed comes with its end")
    func tail() throws {
        let finding = try Self.finding(Self.terminated("Error", 3, "no such file"))
        #expect(finding.tail == "no such file")
    }

    @Test("a job runs while one of its pods does, and fails with the reason of its pod")
    func jobs() throws {
        let running = try Self.finding(#"{"status": {"phase": "Running"}}"#)
        let done = try Self.finding(#"{"status": {"phase": "Succeeded"}}"#)
        let killed = try Self.finding(Self.terminated("OOMKilled", 137))
        let job: JSONValue = ["status": [:]]
        let failed: JSONValue = [
            "status": ["conditions": [["type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"]]]
        ]
        let late: JSONValue = [
            "status": ["conditions": [["type": "Failed", "status": "True", "reason": "DeadlineExceeded"]]]
        ]
        #expect(PodStatus.block([running, done], job: job, nodes: 2)?.status.state == .running)
        #expect(PodStatus.block([done, done], job: job, nodes: 2)?.status.state == .completed)
        #expect(PodStatus.block([], job: job, nodes: 2)?.status == JobStatus(.pending, reason: "0 of 2 pods were made"))
        #expect(PodStatus.block([killed, running], job: failed, nodes: 2)?.status.exitCode == 137)
        #expect(
            PodStatus.block([], job: failed, nodes: 2)?.status == JobStatus(.failed, reason: "BackoffLimitExceeded"))
        #expect(
            PodStatus.block([killed], job: late, nodes: 2)?.status == JobStatus(.timeout, reason: "DeadlineExceeded"))
        #expect(PodStatus.block([], nodes: 1) == nil)
        #expect(PodStatus.block([running], nodes: 1) == running)
    }
}

@Suite("Answers of the API that are no success", .paced)
struct APIFailureTests {
    private static let request = APIFailure.Request(
        verb: "create", resource: "jobs", group: "batch", namespace: "words",
        line: "POST https://k/apis/batch/v1/namespaces/words/jobs")

    private static func error(_ status: Int, _ body: String) -> ProviderError {
        APIFailure.error(status, body: Array(body.utf8), request: request)
    }

    @Test("403 names verb, resource and the rule that is missing")
    func forbidden() {
        let error = Self.error(
            403,
            #"{"kind": "Status", "reason": "Forbidden", "message": "jobs.batch is forbidden: User \"me\" cannot create"}"#
        )
        #expect(error.code == .permissionDenied)
        #expect(error.message.contains("refused to create jobs (403 Forbidden)"))
        #expect(
            error.message.contains(
                #"{apiGroups: ["batch"], resources: ["jobs"], verbs: ["create"]} in namespace words"#))
        #expect(error.output == "jobs.batch is forbidden: User \"me\" cannot create")
        #expect(error.command == Self.request.line)
    }

    @Test(
        "every status says what to do",
        arguments: [
            (401, ProviderError.Code.permissionDenied, "credentials"), (404, .refused, "no namespace words"),
            (409, .refused, "there already"), (422, .refused, "does not suit"), (429, .refused, "overloaded"),
            (503, .refused, "overloaded"), (413, .refused, "too large"), (418, .refused, "see the message"),
        ])
    func statuses(_ status: Int, _ code: ProviderError.Code, _ words: String) {
        let error = Self.error(status, "<html>gateway</html>")
        #expect(error.code == code)
        #expect(error.message.contains(words))
        #expect(error.output == "<html>gateway</html>")
    }

    @Test(
        "what may pass is tried again",
        arguments: [(429, true), (500, true), (503, true), (501, false), (403, false), (409, false)])
    func passing(_ status: Int, _ passes: Bool) {
        #expect(APIFailure.isPassing(status) == passes)
    }
}

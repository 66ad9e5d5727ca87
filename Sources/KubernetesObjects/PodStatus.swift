package import Provisioning

/// What the API says of pods and jobs, as states of blocks; pure functions.
package enum PodStatus {
    /// One pod.
    package struct Finding: Sendable, Hashable {
        /// Its state, with the cluster's own words.
        package var status: JobStatus
        /// The end of what it printed, when it is over.
        package var tail = ""
        /// Whether the state is one that mostly does not end by itself, though the cluster goes on trying.
        package var isStuck = false
        /// Whether somebody has deleted the pod.
        package var isDeleted = false
        /// The pod that says it, by which what was noted about it is found.
        package var pod: PodReference?

        /// A finding of a state.
        package init(status: JobStatus, tail: String = "", isStuck: Bool = false) {
            self.status = status
            self.tail = tail
            self.isStuck = isStuck
        }
    }

    /// One pod among all that there ever were.
    package struct PodReference: Sendable, Hashable {
        /// Its name.
        package var name: String
        /// Tells it from others of that name.
        package var uid: String?
    }

    // Reasons of waiting containers, in kubelet's pkg/kubelet/images/types.go and pkg/kubelet/container/sync_result.go.
    private static let hopeless: Set<String> = ["InvalidImageName", "ErrImageNeverPull", "CrashLoopBackOff"]
    private static let usual: Set<String> = ["ContainerCreating", "PodInitializing"]

    /// What is known of one pod.
    ///
    /// Phases are those of "Pod Lifecycle" in the documentation of Kubernetes.
    package static func finding(_ pod: JSONValue) -> Finding {
        var finding = phase(pod)
        finding.pod = pod["metadata"]["name"].string.map {
            PodReference(name: $0, uid: pod["metadata"]["uid"].string)
        }
        guard pod["metadata"]["deletionTimestamp"] != .null else { return finding }
        finding.isDeleted = true
        let states = pod["status"]["containerStatuses"].elements.map { $0["state"]["terminated"] }
        // The walltime is no deletion, whoever cleans up after it.
        if finding.status.state == .timeout { return finding }
        if finding.status.state.isTerminal || !states.isEmpty && states.allSatisfy({ $0 != .null }) {
            return deleted(pod)
        }
        finding.status.reason = (["is being deleted"] + causes(pod)).joined(separator: "; ")
        return finding
    }

    /// What is known of a pod that is not there any more, from what it was last.
    package static func deleted(_ last: JSONValue) -> Finding {
        let name = last["metadata"]["name"].string ?? "?"
        let status = last["status"]
        let ended = status["containerStatuses"].elements.map { $0["state"]["terminated"] }.first { $0 != .null }
        var finding = Finding(
            status: JobStatus(
                .cancelled, exitCode: ended?["exitCode"].integer.map { Int32(clamping: $0) }), tail: tail(status))
        finding.isDeleted = true
        finding.pod = PodReference(name: name, uid: last["metadata"]["uid"].string)
        let kind = last["kind"].string.map { $0.lowercased() } ?? "pod"
        finding.status.reason = (["\(kind) \(name) was deleted, not by this program"] + causes(last))
            .joined(separator: "; ")
        return finding
    }

    /// What the pod itself says of why it goes.
    private static func causes(_ pod: JSONValue) -> [String] {
        let status = pod["status"]
        // Since 1.26 a condition says who wants it: PreemptionByScheduler, DeletionByTaintManager, EvictionByEvictionAPI,
        // DeletionByPodGC, TerminationByKubelet ("Pod disruption conditions" in the documentation of Kubernetes).
        var causes = status["conditions"].elements.filter {
            $0["type"].string == "DisruptionTarget" && $0["status"].string == "True"
        }.map { joined($0["reason"].string ?? "DisruptionTarget", $0["message"]) }
        if let reason = status["reason"].string { causes.append(joined(reason, status["message"])) }
        if status["containerStatuses"].elements.contains(where: {
            $0["state"]["terminated"]["reason"].string == "OOMKilled"
        }) {
            causes.append("OOMKilled: the container used more than its limit of memory")
        }
        return causes
    }

    private static func phase(_ pod: JSONValue) -> Finding {
        let status = pod["status"]
        switch status["phase"].string {
        case "Succeeded": return Finding(status: JobStatus(.completed, exitCode: 0), tail: tail(status))
        case "Failed": return failed(status)
        case "Running":
            if let waiting = waiting(status), hopeless.contains(waiting.reason) {
                return Finding(status: JobStatus(.failed, reason: waiting.text))
            }
            return Finding(status: JobStatus(.running))
        case "Pending", nil: return pending(pod)
        default:
            return Finding(status: JobStatus(.unknown, reason: joined("Unknown", status["reason"], status["message"])))
        }
    }

    private static func pending(_ pod: JSONValue) -> Finding {
        let status = pod["status"]
        if let waiting = waiting(status), !usual.contains(waiting.reason) {
            if hopeless.contains(waiting.reason) {
                return Finding(status: JobStatus(.failed, reason: waiting.text))
            }
            return Finding(status: JobStatus(.pending, reason: waiting.text), isStuck: true)
        }
        for condition in status["conditions"].elements
        where condition["type"].string == "PodScheduled" && condition["status"].string == "False" {
            return Finding(
                status: JobStatus(
                    .pending, reason: joined(condition["reason"].string ?? "not scheduled", condition["message"])))
        }
        return Finding(status: JobStatus(.pending, reason: waiting(status)?.text))
    }

    private static func failed(_ status: JSONValue) -> Finding {
        let ended = status["containerStatuses"].elements.map { $0["state"]["terminated"] }.first { $0 != .null }
        let code = ended?["exitCode"].integer.map { Int32(clamping: $0) }
        // The pod's own reason goes first: Evicted, DeadlineExceeded, NodeAffinity, Preempting, Terminated, OutOfcpu.
        if let reason = status["reason"].string {
            let state: JobState = reason == "DeadlineExceeded" ? .timeout : .failed
            return Finding(
                status: JobStatus(state, reason: joined(reason, status["message"]), exitCode: code), tail: tail(status))
        }
        var reason = ended?["reason"].string
        if reason == "OOMKilled" { reason = "OOMKilled: the container used more than its limit of memory" }
        // `Error` says no more than the exit code.
        if reason == "Error" { reason = nil }
        // Of a container that could not be started the message is the reason, and nothing was printed.
        if let word = reason, ["ContainerCannotRun", "StartError"].contains(word) {
            return Finding(
                status: JobStatus(.failed, reason: joined(word, ended?["message"] ?? .null), exitCode: code))
        }
        return Finding(status: JobStatus(.failed, reason: reason, exitCode: code), tail: tail(status))
    }

    /// The container that waits, and why.
    private static func waiting(_ status: JSONValue) -> (reason: String, text: String)? {
        for container in status["containerStatuses"].elements + status["initContainerStatuses"].elements {
            let waiting = container["state"]["waiting"]
            guard waiting != .null, let reason = waiting["reason"].string else { continue }
            return (reason, joined(reason, waiting["message"]))
        }
        return nil
    }

    private static func tail(_ status: JSONValue) -> String {
        status["containerStatuses"].elements.lazy.compactMap { $0["state"]["terminated"]["message"].string }.first ?? ""
    }

    private static func joined(_ reason: String, _ messages: JSONValue...) -> String {
        ([reason] + messages.compactMap(\.string)).filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// What is known of a block: of its pod, or of all pods of its job and of the job itself.
    ///
    /// It runs as long as one of its pods does; it waits until all are there.
    package static func block(_ pods: [Finding], job: JSONValue = .null, nodes: Int = 1) -> Finding? {
        if pods.count == 1, nodes == 1, job == .null { return pods[0] }
        for condition in job["status"]["conditions"].elements
        where condition["type"].string == "Failed" && condition["status"].string == "True" {
            let reason = condition["reason"].string ?? "Failed"
            // A pod that failed explains more than the job's `BackoffLimitExceeded`.
            if reason != "DeadlineExceeded", let pod = pods.first(where: { $0.status.state == .failed }) { return pod }
            return Finding(
                status: JobStatus(
                    reason == "DeadlineExceeded" ? .timeout : .failed, reason: joined(reason, condition["message"])))
        }
        if let running = pods.first(where: { $0.status.state == .running }) { return running }
        // The job's own controller deletes pods just before it says why, and makes others for those that somebody deleted.
        if job != .null, let deleted = pods.first(where: \.isDeleted) {
            return Finding(status: JobStatus(.running, reason: deleted.status.reason))
        }
        if pods.isEmpty || pods.count < nodes {
            guard job != .null else { return pods.first }
            return pods.first { !$0.status.state.isTerminal }
                ?? Finding(status: JobStatus(.pending, reason: "\(pods.count) of \(nodes) pods were made"))
        }
        if let waiting = pods.first(where: { !$0.status.state.isTerminal }) { return waiting }
        return pods.first { $0.status.state != .completed } ?? pods[0]
    }
}

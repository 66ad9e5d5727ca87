import Provisioning
import SystemSupport
import WorkflowCore

/// A scheduler that says what a test wants; its answers can be kept waiting.
final class ScriptedProvider: Provider {
    struct Content: Sendable {
        var refusal: String?
        /// How often it cannot be reached.
        var absences = 0
        var statuses: [JobID: JobStatus] = [:]
        var submitted: [String] = []
        var cancelled: [String] = []
        var questions = 0
        var cancelRefusals = 0
    }

    let blocks: BlockParameters
    let content = Locked(Content())
    private let gate = Locked<[UnsafeContinuation<Void, Never>]?>(nil)

    init(_ blocks: BlockParameters) { self.blocks = blocks }

    static func == (left: ScriptedProvider, right: ScriptedProvider) -> Bool { left === right }

    var label: String { "scripted" }
    var statusPollingInterval: Duration { .milliseconds(10) }

    /// From here on no call is answered before ``open()``.
    func shut() { gate.withLock { $0 = $0 ?? [] } }

    func open() {
        let waiting = gate.withLock { gate in
            defer { gate = nil }
            return gate ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    private func pass() async {
        await withUnsafeContinuation { continuation in
            let isOpen = gate.withLock { gate in
                guard gate != nil else { return true }
                gate?.append(continuation)
                return false
            }
            if isOpen { continuation.resume() }
        }
    }

    func submit(_ job: JobRequest) async throws -> JobID {
        await pass()
        return try content.withLock { content in
            if content.absences > 0 {
                content.absences -= 1
                throw ProviderError(.schedulerDown, "the scheduler cannot be reached")
            }
            if let refusal = content.refusal { throw ProviderError(.refused, refusal) }
            content.submitted.append(job.blockID.rawValue)
            let id = JobID("job\(job.blockID)")
            content.statuses[id] = JobStatus(.pending, reason: "Priority")
            return id
        }
    }

    func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        await pass()
        return content.withLock { content in
            content.questions += 1
            return content.statuses.filter { jobs.contains($0.key) }
        }
    }

    func cancel(_ jobs: [JobID]) async throws {
        await pass()
        try content.withLock { content in
            guard content.cancelRefusals == 0 else {
                content.cancelRefusals -= 1
                throw ProviderError(.refused, "not now")
            }
            content.cancelled += jobs.map(\.rawValue)
            for job in jobs { content.statuses[job] = JobStatus(.cancelled, reason: "CANCELLED by 0") }
        }
    }
}

import Apus
import Foundation
import Kubernetes
import Testing

/// What needs a real API server, and nothing else: no node, no scheduler, no image.
@Suite("Blocks at a real API server", .serialized, .enabled(if: TestCluster.kubeconfig != nil, TestCluster.hint))
struct RealServerTests {
    /// Pods that fit no node wait wherever they are.
    private static var provider: KubernetesProvider {
        var provider = TestCluster.provider("apus-no-such-image")
        provider.cpu = .exactly("1000")
        return provider
    }

    private static func found(_ what: String, _ id: JobID) throws -> Bool {
        try TestCluster.kubectl("get", what, "-l", "apus/block=\(id)", "-o", "name").contains("/\(id)")
    }

    /// Asks until a block is over.
    private static func end(_ provider: KubernetesProvider, _ id: JobID) async throws -> JobStatus? {
        try await TestCluster.status(provider, id) { $0?.state.isTerminal == true }
    }

    @Test("a block is a pod with a secret that belongs to it; cancelled, it is gone")
    func lifecycle() async throws {
        let provider = Self.provider
        let id = try await provider.submit(TestCluster.job())
        let waiting = try await TestCluster.status(provider, id) { $0 != nil }
        #expect(waiting?.state == .pending, "\(waiting?.description ?? "nothing")")
        let owner = try TestCluster.kubectl(
            "get", "secret", "-l", "apus/block=\(id)", "-o", "jsonpath={.items[0].metadata.ownerReferences[0].name}")
        #expect(owner == id.rawValue)
        try await provider.cancel([id])
        let cancelled = try await Self.end(provider, id)
        #expect(cancelled == JobStatus(.cancelled))
        let isThere = try Self.found("pods", id)
        #expect(!isThere)
    }

    @Test("a block of several nodes is a job with one pod for each")
    func several() async throws {
        var provider = Self.provider
        provider.blocks.nodesPerBlock = 2
        let id = try await provider.submit(TestCluster.job())
        let waiting = try await TestCluster.status(provider, id) { $0 != nil }
        #expect(waiting?.state == .pending, "\(waiting?.description ?? "nothing")")
        let counts = try TestCluster.kubectl(
            "get", "job", id.rawValue, "-o", "jsonpath={.spec.completions} {.spec.parallelism} {.spec.completionMode}")
        #expect(counts.hasPrefix("2 2"), "\(counts)")
        try await provider.cancel([id])
        let cancelled = try await Self.end(provider, id)
        #expect(cancelled == JobStatus(.cancelled))
        let isThere = try Self.found("jobs", id)
        #expect(!isThere)
    }

    @Test("pods deleted by hand are the ends of their blocks, which are told as often as they are asked for")
    func deleted() async throws {
        let provider = Self.provider
        let job = TestCluster.job()
        var ids: [JobID] = []
        for block in 0..<6 {
            var one = job
            one.blockID = BlockID("\(block)")
            one.name = "\(job.name)-\(block)"
            ids.append(try await provider.submit(one))
        }
        _ = try await TestCluster.status(provider, ids[5]) { $0 != nil }
        for id in ids[..<3] { _ = try TestCluster.kubectl("delete", "pod", id.rawValue, "--wait=false") }
        // All are asked for together, as by an executor: what is not asked for any more is forgotten.
        var first: [JobID: JobStatus] = [:]
        let end = ContinuousClock.now + .seconds(40)
        repeat {
            first = try await provider.status(of: ids)
            try await Task.sleep(for: .milliseconds(100))
        } while !ids[..<3].allSatisfy { first[$0]?.state.isTerminal == true } && ContinuousClock.now < end
        let second = try await provider.status(of: ids)
        for id in ids[..<3] {
            #expect(first[id]?.state == .cancelled && first[id] == second[id], "\(first) \(second)")
            #expect(first[id]?.reason?.contains("was deleted, not by this program") == true, "\(first)")
        }
        #expect(ids[3...].allSatisfy { first[$0]?.state == .pending }, "\(first)")
        try await provider.cancel(Array(ids[3...]))
        for id in ids[3...] {
            let end = try await Self.end(provider, id)
            #expect(end == JobStatus(.cancelled))
        }
    }

    @Test("a value that the API refuses is shown with its words")
    func invalid() async throws {
        var provider = Self.provider
        provider.cpu = ResourceRange(request: "2", limit: "1")
        let job = TestCluster.job()
        let error = await #expect(throws: ProviderError.self) { _ = try await provider.submit(job) }
        #expect(
            error?.output.contains("must be less than or equal to cpu limit") == true, "\(error?.description ?? "")")
    }

    @Test("a namespace that is not there is named")
    func noNamespace() async throws {
        var provider = Self.provider
        provider.namespace = "apus-no-such-namespace"
        let job = TestCluster.job()
        let error = await #expect(throws: ProviderError.self) { _ = try await provider.submit(job) }
        #expect(error?.output.contains("apus-no-such-namespace") == true, "\(error?.description ?? "")")
    }

    @Test(
        "a user without the right to secrets is told the rule, and leaves no pod",
        .enabled(if: TestCluster.restricted != nil))
    func denied() async throws {
        var provider = Self.provider
        provider.kubeconfig = TestCluster.restricted
        let job = TestCluster.job()
        let error = await #expect(throws: ProviderError.self) { _ = try await provider.submit(job) }
        #expect(error?.code == .permissionDenied)
        #expect(
            error?.message.contains(#"resources: ["secrets"], verbs: ["create"]"#) == true,
            "\(error?.description ?? "")")
        #expect(error?.output.contains("cannot create resource") == true)
        let left = try TestCluster.kubectl("get", "pods", "-l", "apus/run=\(job.runID)", "-o", "name")
        #expect(!left.contains("pod/"), "\(left)")
    }
}

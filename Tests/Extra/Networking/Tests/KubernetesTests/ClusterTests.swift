import Apus
import Foundation
import Kubernetes
import Testing

/// A cluster for tests, and what `Tests/Support/kubernetes-cluster.sh` says of it.
enum TestCluster {
    static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
    static let kubeconfig = variable("APUS_TEST_KUBECONFIG")
    /// A kubeconfig file of a user who may create pods, and nothing else.
    static let restricted = variable("APUS_TEST_KUBECONFIG_RESTRICTED")
    static let namespace = variable("APUS_TEST_NAMESPACE") ?? "apus-test"
    /// An image on the nodes with `/usr/local/bin/PodProgram`.
    static let image = variable("APUS_TEST_IMAGE")
    /// Whether there are nodes, and a scheduler with them.
    static let hasNodes = variable("APUS_TEST_NODES") != nil
    static let hint: Comment = "there is no cluster; see Tests/Support/kubernetes-cluster.sh"

    static func provider(_ image: String = TestCluster.image ?? "apus-no-such-image") -> KubernetesProvider {
        KubernetesProvider(
            image: image, program: "/bin/sleep", namespace: namespace, imagePullPolicy: .never, cpu: .exactly("50m"),
            memory: .exactly("64Mi"), grace: .seconds(1), kubeconfig: kubeconfig, attempts: 2)
    }

    static func job(_ arguments: [String] = ["60"]) -> JobRequest {
        let mark = UUID().uuidString.prefix(8).lowercased()
        return JobRequest(
            command: "", blockID: BlockID("0"), name: "apus.test.block-0.\(mark)",
            directory: FileManager.default.temporaryDirectory.path(), workingDirectory: "/",
            program: JobProgram(executable: "/here", arguments: arguments, parameters: [1, 2, 3]), runID: String(mark))
    }

    static func kubectl(_ words: String...) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["kubectl", "--kubeconfig", kubeconfig ?? "", "-n", namespace] + words
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    /// What a program printed, and how it ended.
    struct Outcome {
        var status: Int32
        var output: String
    }

    /// Starts a program that was built with these tests, in a directory, and waits for its end.
    static func run(
        _ name: String, _ arguments: [String], in directory: URL, environment: [String: String] = [:],
        during: (() throws -> Void)? = nil
    ) throws -> Outcome {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: bundle).deletingLastPathComponent().appending(path: name)
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.standardOutput = output
        process.standardError = output
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        try process.run()
        try during?()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: text)
    }

    /// An empty directory.
    static func directory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appending(path: "apus-pods-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }

    /// Objects whose names have a part, once there are none or a minute is over.
    static func left(_ part: String) throws -> [String] {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let names = try kubectl("get", "pods,jobs,secrets", "-o", "name").split(separator: "\n").map(String.init)
            let left = names.filter { $0.contains(part) }
            if left.isEmpty || ContinuousClock.now > end { return left }
            Thread.sleep(forTimeInterval: 0.3)  // Between two questions to the cluster.
        }
    }

    /// Asks until something is so, or half a minute is over.
    static func status(
        _ provider: KubernetesProvider, _ id: JobID, until done: (JobStatus?) -> Bool
    ) async throws -> JobStatus? {
        let end = ContinuousClock.now + .seconds(40)
        while ContinuousClock.now < end {
            let status = try await provider.status(of: [id])[id]
            if done(status) { return status }
            try await Task.sleep(for: .milliseconds(300))
        }
        return try await provider.status(of: [id])[id]
    }
}

@Suite(
    "Blocks on a real cluster", .serialized,
    .enabled(if: TestCluster.kubeconfig != nil && TestCluster.hasNodes, TestCluster.hint))
struct RealClusterTests {
    @Test("a pod runs, has its parameters, and goes with its secret", .enabled(if: TestCluster.image != nil))
    func lifecycle() async throws {
        let provider = TestCluster.provider()
        let id = try await provider.submit(TestCluster.job())
        let running = try await TestCluster.status(provider, id) { $0?.state == .running }
        #expect(running?.state == .running, "\(running?.description ?? "nothing")")
        let bytes = try TestCluster.kubectl("exec", id.rawValue, "--", "od", "-An", "-c", "/run/apus/parameters")
        #expect(bytes.contains("001 002 003"), "\(bytes)")
        try await provider.cancel([id])
        var left = ""
        let end = ContinuousClock.now + .seconds(40)
        repeat {
            left = try TestCluster.kubectl("get", "pods,secrets", "-l", "apus/block=\(id)", "-o", "name")
            try await Task.sleep(for: .milliseconds(300))
        } while !left.isEmpty && !left.contains("No resources") && ContinuousClock.now < end
        #expect(left.isEmpty || left.contains("No resources"), "\(left)")
    }

    @Test(
        "a program that ends badly is failed with its exit code and its last words",
        .enabled(if: TestCluster.image != nil))
    func failed() async throws {
        var provider = TestCluster.provider()
        provider.workerInit = "echo 'the disk is on fire' >&2; exit 7"
        let job = TestCluster.job()
        let id = try await provider.submit(job)
        let status = try await TestCluster.status(provider, id) { $0?.state.isTerminal == true }
        #expect(status == JobStatus(.failed, exitCode: 7))
        let tail = try String(contentsOfFile: job.errorPath, encoding: .utf8)
        #expect(tail.contains("the disk is on fire"))
    }

    @Test("the walltime is a time-out", .enabled(if: TestCluster.image != nil))
    func walltime() async throws {
        var provider = TestCluster.provider()
        provider.blocks.walltime = .seconds(3)
        let id = try await provider.submit(TestCluster.job())
        let status = try await TestCluster.status(provider, id) { $0?.state.isTerminal == true }
        #expect(status?.state == .timeout)
        #expect(status?.reason?.hasPrefix("DeadlineExceeded") == true, "\(status?.description ?? "")")
    }

    @Test("a pod deleted by hand is the end of its block", .enabled(if: TestCluster.image != nil))
    func deleted() async throws {
        let provider = TestCluster.provider()
        let id = try await provider.submit(TestCluster.job())
        _ = try await TestCluster.status(provider, id) { $0?.state == .running }
        _ = try TestCluster.kubectl("delete", "pod", id.rawValue, "--wait=false")
        let status = try await TestCluster.status(provider, id) { $0?.state.isTerminal == true }
        #expect([.cancelled, .failed, .completed].contains(status?.state), "\(status?.description ?? "nothing")")
    }

    @Test("a pod that fits no node waits with the scheduler's words")
    func unschedulable() async throws {
        var provider = TestCluster.provider()
        provider.cpu = .exactly("1000")
        let id = try await provider.submit(TestCluster.job())
        let status = try await TestCluster.status(provider, id) { $0?.reason?.hasPrefix("Unschedulable") == true }
        #expect(status?.state == .pending)
        #expect(status?.reason?.contains("Insufficient cpu") == true, "\(status?.description ?? "")")
        try await provider.cancel([id])
    }

    @Test("an image that is not there is named")
    func noImage() async throws {
        let provider = TestCluster.provider("localhost/apus-no-such-image:1")
        let id = try await provider.submit(TestCluster.job())
        let status = try await TestCluster.status(provider, id) { $0?.state.isTerminal == true }
        #expect(status?.state == .failed)
        #expect(status?.reason?.contains("ErrImageNeverPull") == true, "\(status?.description ?? "")")
    }

    @Test("several nodes are the pods of one job", .enabled(if: TestCluster.image != nil))
    func several() async throws {
        var provider = TestCluster.provider()
        provider.blocks.nodesPerBlock = 2
        let id = try await provider.submit(TestCluster.job(["3"]))
        let running = try await TestCluster.status(provider, id) { $0?.state == .running }
        #expect(running?.state == .running)
        let pods = try TestCluster.kubectl("get", "pods", "-l", "apus/block=\(id)", "-o", "name").split(separator: "\n")
        #expect(pods.count == 2)
        let ended = try await TestCluster.status(provider, id) { $0?.state.isTerminal == true }
        #expect(ended?.state == .completed)
    }
}

/// The whole program: this host submits, pods work.
@Suite(
    "A workflow on pods", .serialized,
    .enabled(if: TestCluster.kubeconfig != nil && TestCluster.image != nil, TestCluster.hint))
struct PodWorkflowTests {
    /// Runs PodProgram, which is beside the tests.
    private static func run(
        _ arguments: [String], _ settings: [String: String] = [:], during: (() throws -> Void)? = nil
    ) throws -> TestCluster.Outcome {
        let directory = try TestCluster.directory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let usual = [
            "POD_IMAGE": TestCluster.image ?? "", "POD_KUBECONFIG": TestCluster.kubeconfig ?? "",
            "POD_NAMESPACE": TestCluster.namespace, "POD_ADDRESS": TestCluster.variable("APUS_TEST_ADDRESS") ?? "*",
        ]
        return try TestCluster.run(
            "PodProgram", arguments, in: directory, environment: usual.merging(settings) { $1 }, during: during)
    }

    /// A pod of ours that runs, by its label.
    private static func runningPod(_ label: String) throws -> String {
        let end = ContinuousClock.now + .seconds(30)
        var pod = ""
        while pod.isEmpty, ContinuousClock.now < end {
            let list = try TestCluster.kubectl(
                "get", "pods", "-l", label, "--field-selector=status.phase=Running", "-o", "name")
            pod = list.split(separator: "\n").first { $0.hasPrefix("pod/") }.map(String.init) ?? ""
        }
        Thread.sleep(forTimeInterval: 3)  // The workers are at work then; the test holds at any other time, too.
        return pod
    }

    @Test("words are counted in a pod, from program to result, and nothing is left")
    func words() throws {
        let outcome = try Self.run(["words", "one two two three, Three THREE", "three"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("4 three\n2 two\n1 one\n"), "\(outcome.output)")
        let left = try TestCluster.kubectl("get", "pods", "-l", "app.kubernetes.io/managed-by=apus", "-o", "name")
        #expect(left.isEmpty || left.contains("No resources") || left.contains("pod/apus"), "\(left)")
    }

    @Test("tasks run in both pods of a block of two")
    func bothNodes() throws {
        let outcome = try Self.run(["nap", "24", "500"], ["POD_NODES": "2"])
        #expect(outcome.status == 0)
        let hosts = Set(outcome.output.split(separator: "\n").filter { $0.hasPrefix("ran on") })
        #expect(hosts.count == 2, "\(outcome.output)")
    }

    @Test("a pod deleted by hand is replaced, and its tasks run again")
    func deleted() throws {
        let outcome = try Self.run(["nap", "6", "4000"], ["POD_RETRIES": "3", "POD_LABEL": "test=deleted"]) {
            _ = try TestCluster.kubectl(
                "delete", Self.runningPod("test=deleted"), "--grace-period=1", "--wait=false")
        }
        #expect(outcome.output.split(separator: "\n").filter { $0.hasPrefix("ran on") }.count == 6, "\(outcome.output)")
    }

    @Test("the errors of tasks say that their pod was deleted, and what the cluster noted")
    func deletedWithReason() throws {
        let outcome = try Self.run(["nap", "2", "20000"], ["POD_RETRIES": "0", "POD_LABEL": "test=reason"]) {
            _ = try TestCluster.kubectl("delete", Self.runningPod("test=reason"), "--grace-period=2", "--wait=false")
        }
        let failed = outcome.output.split(separator: "\n").filter { $0.hasPrefix("failed:") }
        #expect(failed.count == 2, "\(outcome.output)")
        #expect(failed.allSatisfy { $0.contains("was deleted, not by this program") }, "\(outcome.output)")
        #expect(failed.allSatisfy { $0.contains("Killing: Stopping container") }, "\(outcome.output)")
    }

    @Test("a pod that is evicted, as by a drained node, is named by the errors of its tasks")
    func evicted() throws {
        let outcome = try Self.run(["nap", "2", "20000"], ["POD_RETRIES": "0", "POD_LABEL": "test=evicted"]) {
            let pod = try Self.runningPod("test=evicted").dropFirst("pod/".count)
            let file = FileManager.default.temporaryDirectory.appending(path: "\(pod).json")
            let version = try TestCluster.kubectl("api-versions").contains("policy/v1\n") ? "v1" : "v1beta1"
            let eviction = """
                {"apiVersion": "policy/\(version)", "kind": "Eviction",
                 "metadata": {"name": "\(pod)", "namespace": "\(TestCluster.namespace)"}}
                """
            try Data(eviction.utf8).write(to: file)
            let path = "/api/v1/namespaces/\(TestCluster.namespace)/pods/\(pod)/eviction"
            let answer = try TestCluster.kubectl("create", "--raw", path, "-f", file.path())
            #expect(answer.contains("Success"), "\(answer)")
            try FileManager.default.removeItem(at: file)
        }
        let failed = outcome.output.split(separator: "\n").filter { $0.hasPrefix("failed:") }
        #expect(failed.count == 2, "\(outcome.output)")
        #expect(failed.allSatisfy { $0.contains("was deleted, not by this program") }, "\(outcome.output)")
    }

    @Test("a pod that uses more memory than it may is named by the errors of its tasks")
    func outOfMemory() throws {
        let outcome = try Self.run(["eat", "600"], ["POD_RETRIES": "0"])
        #expect(outcome.output.contains("failed:"), "\(outcome.output)")
        #expect(
            outcome.output.contains("kernel") || outcome.output.contains("OOMKilled")
                || outcome.output.contains("SIGKILL"), "\(outcome.output)")
    }
}

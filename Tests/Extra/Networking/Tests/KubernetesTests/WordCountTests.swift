import Foundation
import Testing

/// The example as it is, started with settings that name pods.
@Suite(
    "The example WordCount in pods", .serialized,
    .enabled(if: TestCluster.kubeconfig != nil && TestCluster.image != nil, TestCluster.hint))
struct WordCountTests {
    /// Texts that both this host and the image have.
    private static let folder = "/usr/share/common-licenses"

    /// A file of settings; objects have the name in theirs.
    private static func settings(_ name: String, _ more: String) -> String {
        """
        summary: always
        progress: false
        executors:
          pods:
            kind: kubernetes
            image: "\(TestCluster.image ?? "")"
            imagePullPolicy: Never
            program: /usr/local/bin/WordCount
            podName: \(name)
            cpuRequest: 100m
            cpuLimit: 1
            workingDirectory: /tmp
            grace: 2 s
            workersPerNode: 2
            initBlocks: 2
            maxBlocks: 2
        \(more)

        """
    }

    /// The words as two workers of this machine count them.
    private static func expected() throws -> String {
        let directory = try TestCluster.directory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let outcome = try TestCluster.run(
            "WordCountPods", [folder, "--top", "5", "--no-progress"], in: directory)
        #expect(outcome.status == 0 && outcome.output.contains(" the\n"), "\(outcome.output)")
        return outcome.output
    }

    @Test("a folder is counted by the workers of two pods, from program to result, and no object is left")
    func counts() throws {
        let name = "words-\(UUID().uuidString.prefix(8).lowercased())"
        let directory = try TestCluster.directory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let text = Self.settings(
            name,
            """
                namespace: \(TestCluster.namespace)
                kubeconfig: "\(TestCluster.kubeconfig ?? "")"
                address: "\(TestCluster.variable("APUS_TEST_ADDRESS") ?? "*")"
            """)
        try Data(text.utf8).write(to: directory.appending(path: "pods.yaml"))
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        let program = URL(filePath: bundle).deletingLastPathComponent().appending(path: "WordCountPods").path()
        let outcome = try TestCluster.run(
            "apus", ["run", "--config", "pods.yaml", program, Self.folder, "--top", "5"], in: directory)
        #expect(outcome.status == 0, "\(outcome.output)")
        let expected = try Self.expected()
        #expect(outcome.output.contains(expected), "\(outcome.output)")
        let logs = directory.appending(path: "runinfo/000/pods")
        let blocks = try String(contentsOf: logs.appending(path: "blocks.log"), encoding: .utf8)
        let interchange = try String(contentsOf: logs.appending(path: "interchange.log"), encoding: .utf8)
        #expect(blocks.contains("block 0 is job \(name)-"), "\(blocks)")
        #expect(
            interchange.contains("block 0, 2 workers") || interchange.contains("block 1, 2 workers"), "\(interchange)")
        let left = try TestCluster.left(name)
        #expect(left.isEmpty)
    }

    @Test(
        "the submitting program is a pod itself, with an account that has the rights of the documentation",
        .enabled(if: TestCluster.variable("APUS_TEST_ACCOUNT") != nil))
    func inside() throws {
        let name = "own-\(UUID().uuidString.prefix(8).lowercased())"
        let directory = try TestCluster.directory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let objects = try Self.submitter(name)
        let file = directory.appending(path: "objects.json")
        try JSONSerialization.data(withJSONObject: objects).write(to: file)
        let made = try TestCluster.kubectl("apply", "-f", file.path())
        #expect(made.contains("pod/submit-\(name) created"), "\(made)")
        let end = ContinuousClock.now + .seconds(120)
        var phase = ""
        while !["Succeeded", "Failed"].contains(phase), ContinuousClock.now < end {
            phase = try TestCluster.kubectl("get", "pod", "submit-\(name)", "-o", "jsonpath={.status.phase}")
            Thread.sleep(forTimeInterval: 0.3)  // Between two questions to the cluster.
        }
        let output = try TestCluster.kubectl("logs", "submit-\(name)")
        #expect(phase == "Succeeded", "\(output)")
        let expected = try Self.expected()
        #expect(output.contains(expected), "\(output)")
        _ = try TestCluster.kubectl("delete", "-f", file.path())
        let left = try TestCluster.left(name)
        #expect(left.isEmpty)
    }

    /// The settings and the pod that submits.
    private static func submitter(_ name: String) throws -> [String: Any] {
        let account = TestCluster.variable("APUS_TEST_ACCOUNT") ?? ""
        var mounts: [[String: Any]] = [["name": "settings", "mountPath": "/settings"]]
        var volumes: [[String: Any]] = [["name": "settings", "configMap": ["name": "settings-\(name)"]]]
        var variables: [[String: Any]] = []
        // A cluster that puts no token into pods has it in a secret, and its API has no address of a service.
        if let secret = TestCluster.variable("APUS_TEST_ACCOUNT_SECRET") {
            mounts.append(
                ["name": "account", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true])
            volumes.append(["name": "account", "secret": ["secretName": secret]])
        }
        if let server = TestCluster.variable("APUS_TEST_API") {
            let parts = server.split(separator: ":").map(String.init)
            variables = [
                ["name": "KUBERNETES_SERVICE_HOST", "value": parts[0]],
                ["name": "KUBERNETES_SERVICE_PORT", "value": parts[1]],
            ]
        }
        let container: [String: Any] = [
            "name": "submit", "image": TestCluster.image ?? "", "imagePullPolicy": "Never", "workingDir": "/tmp",
            "command": [
                "/usr/local/bin/apus", "run", "--config", "/settings/pods.yaml", "/usr/local/bin/WordCount", folder,
                "--top", "5",
            ],
            "env": variables, "volumeMounts": mounts,
        ]
        let pod: [String: Any] = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "submit-\(name)"],
            "spec": [
                "restartPolicy": "Never", "serviceAccountName": account, "containers": [container], "volumes": volumes,
            ],
        ]
        let settings: [String: Any] = [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "settings-\(name)"],
            "data": ["pods.yaml": Self.settings(name, "")],
        ]
        return ["apiVersion": "v1", "kind": "List", "items": [settings, pod]]
    }
}

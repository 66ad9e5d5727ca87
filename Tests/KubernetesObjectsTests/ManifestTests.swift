import Provisioning
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import KubernetesObjects

@Suite("The objects of a block of Kubernetes", .paced)
struct ManifestTests {
    private static let job = JobRequest(
        command: "", blockID: BlockID("0"), name: "apus.htex.block-0.1a2b3c4d", directory: "/d", workingDirectory: "/w",
        program: JobProgram(
            executable: "/here/words", arguments: ["it's", "$(HOME)"], environment: ["APUS_ROLE": "manager"],
            parameters: Array("secret".utf8)), runID: "1a2b3c4d-0000")

    private static func golden(_ name: String) throws -> String {
        let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return try SmallFile.readText("/\(tests)/Fixtures/provisioning/\(name).json")
    }

    private static var most: KubernetesProvider {
        KubernetesProvider(
            image: "registry.example.org/words:1", program: "/usr/local/bin/my words", namespace: "batch",
            podName: "Words",
            imagePullPolicy: .ifNotPresent, imagePullSecrets: ["registry"], serviceAccountName: "runner",
            cpu: .exactly("2"), memory: ResourceRange(limit: "4Gi"), gpus: 1,
            extraRequests: ["ephemeral-storage": "1Gi"],
            extraLimits: ["example.org/card": "2"],
            volumes: [
                PodVolume(.claim("data"), at: "/data", subPath: "in", readOnly: true),
                PodVolume(.hostPath("/scratch"), at: "/scratch"),
                PodVolume(.empty(sizeLimit: "1Gi", inMemory: true), at: "/dev/shm"),
                PodVolume(.secret("keys"), at: "/keys"), PodVolume(.configMap("settings"), at: "/settings"),
            ],
            nodeSelector: ["disk": "ssd"],
            tolerations: [PodToleration(key: "gpu", value: "yes", effect: "NoSchedule"), PodToleration()],
            labels: ["team": "words", "apus/run": "not yours"], annotations: ["example.org/note": "a note"],
            userID: 1000,
            groupID: 1001, runAsNonRoot: true, priorityClassName: "low", environment: ["B": "$(A)", "A": "x y"],
            workingDirectory: "/work", workerInit: "export X=$(date)", grace: .seconds(60),
            blocks: BlockParameters(walltime: .seconds(3600)))
    }

    @Test("a pod with every parameter, and one with none")
    func pods() throws {
        let most = Manifest.workload(Self.most, Self.job, namespace: "batch").text(forPeople: true) + "\n"
        let expected = try Self.golden("kubernetes-pod-most")
        #expect(most == expected)
        let least =
            Manifest.workload(KubernetesProvider(image: "words"), Self.job, namespace: "default")
            .text(forPeople: true) + "\n"
        let expectedLeast = try Self.golden("kubernetes-pod-least")
        #expect(least == expectedLeast)
    }

    @Test("a block of several nodes is an indexed job")
    func job() throws {
        var provider = KubernetesProvider(image: "words")
        provider.blocks = BlockParameters(nodesPerBlock: 3, walltime: .seconds(90))
        let text = Manifest.workload(provider, Self.job, namespace: "default").text(forPeople: true) + "\n"
        let expected = try Self.golden("kubernetes-job")
        #expect(text == expected)
    }

    @Test("the secret belongs to its pod and holds the parameters; nothing else does")
    func secret() throws {
        let provider = KubernetesProvider(image: "words")
        let owner: JSONValue = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "uid": "u-1"]]
        let secret = Manifest.secret(provider, Self.job, namespace: "default", owner: owner)
        #expect(secret["data"]["parameters"].string == "c2VjcmV0")
        #expect(secret["metadata"]["ownerReferences"].elements.first?["uid"].string == "u-1")
        #expect(secret["metadata"]["name"] == "apus-htex-block-0-1a2b3c4d")
        let pod = Manifest.workload(provider, Self.job, namespace: "default").text()
        #expect(!pod.contains("c2VjcmV0"))
        #expect(!pod.contains("/here/words"))
    }

    @Test(
        "names are DNS labels, whatever they are made of",
        arguments: [
            "apus.htex.block-0.1a2b3c4d", "7", "", "Ähre_§", "a.", String(repeating: "long.", count: 40), "-x-",
        ])
    func names(_ text: String) {
        let name = ObjectName.label(text)
        #expect(ObjectName.isLabel(name), "\(name)")
        #expect(name.first?.isLetter == true)
        #expect(name.count <= 57)
        #expect(ObjectName.isLabel("\(name)-x7k2p"))
    }

    @Test("long names that differ in the middle stay different")
    func longNames() {
        let texts = (0..<100).map {
            "apus-\(String(repeating: "x", count: 30))\($0)\(String(repeating: "y", count: 40))"
        }
        #expect(Set(texts.map { ObjectName.label($0) }).count == 100)
    }

    @Test(
        "values of labels are what the API takes",
        arguments: [
            ("run 1", "run_1"), ("-a-", "a"), ("", ""), ("é", ""),
            (String(repeating: "a", count: 70), String(repeating: "a", count: 63)),
        ])
    func labelValues(_ text: String, _ value: String) {
        #expect(ObjectName.labelValue(text) == value)
    }

    /// One wrong value.
    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var apply: @Sendable (inout KubernetesProvider) -> Void

        init(_ name: String, _ apply: @escaping @Sendable (inout KubernetesProvider) -> Void) {
            self.name = name
            self.apply = apply
        }

        var testDescription: String { name }
    }

    @Test(
        "values that cannot work are named",
        arguments: [
            Change("image") { $0.image = "" },
            Change("image") { $0.image = "two words" },
            Change("namespace") { $0.namespace = "Batch" },
            Change("podName") { $0.podName = "" },
            Change("cpu.request") { $0.cpu = .exactly("lots") },
            Change("memory.limit") { $0.memory = ResourceRange(limit: "4 GB") },
            Change("extraLimits of x") { $0.extraLimits = ["x": "-1"] },
            Change("volumes") { $0.volumes = [PodVolume(.claim("c"), at: "data")] },
            Change("program") { $0.program = "words" },
            Change("workerInit") { $0.workerInit = "module load gcc" },
            Change("environment") { $0.environment = ["A=B": "c"] },
            Change("gpus") { $0.gpus = -1 },
            Change("attempts") { $0.attempts = 0 },
            Change("userID") { $0.userID = -5 },
            Change("userID") {
                $0.userID = 0; $0.runAsNonRoot = true
            },
            Change("requestTimeout") { $0.requestTimeout = .zero },
            Change("minBlocks") { $0.blocks.minBlocks = -1 },
            Change("imagePullSecrets") { $0.imagePullSecrets = [""] },
            Change("context") { $0.context = "" },
        ])
    func faults(_ change: Change) {
        var provider = KubernetesProvider(image: "words")
        #expect(provider.fault == nil)
        change.apply(&provider)
        #expect(provider.fault?.hasPrefix(change.name) == true, "\(provider.fault ?? "no fault")")
    }

    @Test(
        "quantities of the API are known",
        arguments: ["1", "0.5", "500m", "250Mi", "4Gi", "1e3", "", "Mi", "1 Gi", "1MB"])
    func quantities(_ text: String) {
        #expect(ObjectName.isQuantity(text) == !["1e3", "", "Mi", "1 Gi", "1MB"].contains(text))
    }
}

@Suite("A provider of Kubernetes, as files describe it", .paced)
struct DescriptionTests {
    @Test("every key arrives")
    func keys() throws {
        var file = ProviderDescription(kind: "kubernetes", blocks: BlockParameters(maxBlocks: 7))
        file.workerInit = "true"
        file.values = [
            "image": .text("words"), "program": .text("/words"), "namespace": .text("batch"),
            "imagePullPolicy": .text("Never"), "imagePullSecrets": .texts(["r"]), "cpuLimit": .text("4"),
            "memoryRequest": .text("1Gi"), "gpus": .integer(2), "environment": .texts(["A=b=c"]),
            "volumes": .texts(["claim:data:/data:ro", "memory:1Gi:/dev/shm"]), "runAsNonRoot": .flag(true),
            "tolerations": .texts(["gpu=yes:NoSchedule", "spot:NoExecute", "any"]), "grace": .duration(.seconds(5)),
        ]
        let provider = try KubernetesProvider(described: file)
        var expected = KubernetesProvider(
            image: "words", program: "/words", namespace: "batch", imagePullPolicy: .never, imagePullSecrets: ["r"],
            cpu: ResourceRange(request: "1", limit: "4"), memory: ResourceRange(request: "1Gi", limit: "500Mi"),
            gpus: 2,
            volumes: [
                PodVolume(.claim("data"), at: "/data", readOnly: true),
                PodVolume(.empty(sizeLimit: "1Gi", inMemory: true), at: "/dev/shm"),
            ],
            tolerations: [
                PodToleration(key: "gpu", value: "yes", effect: "NoSchedule"),
                PodToleration(key: "spot", effect: "NoExecute"), PodToleration(key: "any"),
            ], runAsNonRoot: true, environment: ["A": "b=c"], workerInit: "true", grace: .seconds(5),
            statusPollingInterval: .seconds(60), blocks: BlockParameters(maxBlocks: 7))
        #expect(provider == expected)
        expected.gpus = 1
        #expect(provider != expected)
    }

    @Test(
        "a wrong value is named by its key",
        arguments: [
            ("imagePullPolicy", ProviderDescription.Value.text("Sometimes")), ("volumes", .texts(["data"])),
            ("volumes", .texts(["tape:x:/y"])), ("namespace", .text("No Name")), ("gpus", .integer(-1)),
        ])
    func wrong(_ key: String, _ value: ProviderDescription.Value) {
        var file = ProviderDescription(kind: "kubernetes")
        file.values = ["image": .text("words"), key: value]
        let error = #expect(throws: ProviderError.self) { _ = try KubernetesProvider(described: file) }
        #expect(error?.message.hasPrefix(key) == true, "\(error?.message ?? "")")
    }
}

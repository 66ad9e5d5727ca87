import HighThroughput
import Provisioning

extension SettingsSchema {
    /// Pods of Kubernetes; the provider itself is in a product of its own, which knows these keys by their names.
    static let kubernetes: ExecutorKind = {
        let code = MissingProvider(
            kind: "kubernetes", product: "Kubernetes", type: "KubernetesProvider",
            blocks: BlockParameters(walltime: nil))
        return ExecutorKind(
            "kubernetes", "Worker processes in pods of Kubernetes; it needs the product `\(code.product)`.",
            settings: podImage + podSize + podPlace + podUser + cluster,
            groups: [blocks(of: code), blockProcesses, everyExecutor],
            starters: [
                ("image", .text("registry.example.org/my-workflow:1")),
                ("program", .text("/usr/local/bin/my-workflow")),
                ("maxBlocks", .integer(4)),
            ],
            product: code.product,
            check: { $0["image"] == nil ? "image is not set; name the container image with the program in it" : nil },
            placement: { .processes(HighThroughputConfiguration(label: $0, provider: code)) })
    }()

    private static let podImage: [Setting] = [
        word(
            "image", "the name of a container image", "none",
            "The image, with the program in it; it has to be named."),
        word(
            "program", "a path in the image", "none",
            "The program in the image, which a shell starts; `none` starts the image's entry point."),
        word(
            "imagePullPolicy", "`Always`, `IfNotPresent` or `Never`", "automatic", "When the image is fetched."),
        list("imagePullSecrets", "[registry]", "Secrets with which images are fetched."),
    ]

    private static let podSize: [Setting] = [
        word("cpuRequest", "processors such as `1` or `500m`", "automatic", "Processors that a pod asks for: 1."),
        word("cpuLimit", "processors such as `1` or `500m`", "automatic", "Processors that it may use: 2."),
        word("memoryRequest", "memory such as `4Gi`", "automatic", "Memory that a pod asks for: 250Mi."),
        word("memoryLimit", "memory such as `4Gi`", "automatic", "Memory that it may use: 500Mi."),
        described("gpus", SettingType(words: ["none"], .integer(1...1024)), "none", "GPUs of a pod."),
        word("gpuResource", "the name of a resource", "automatic", "What the cluster calls GPUs: nvidia.com/gpu."),
        list("extraRequests", "[ephemeral-storage=1Gi]", "Further requests."),
        list("extraLimits", "[ephemeral-storage=1Gi]", "Further limits."),
    ]

    private static let podPlace: [Setting] = [
        word(
            "namespace", "the name of a namespace", "automatic",
            "Where the pods are; `automatic` is the namespace of the account that is used."),
        word("podName", "a word", "automatic", "What the names of pods begin with: apus."),
        list("nodeSelector", "[disk=ssd]", "Labels that nodes must have."),
        list("tolerations", "[gpu=yes:NoSchedule]", "Taints of nodes that the pods bear."),
        word("priorityClassName", "the name of a class", "none", "The priority class of the pods."),
        list("labels", "[team=words]", "Further labels of the pods."),
        list("annotations", "[example.org/note=text]", "Annotations of the pods."),
    ]

    private static let podUser: [Setting] = [
        word("serviceAccountName", "the name of an account", "none", "The account of the pods, and its token in them."),
        described("userID", SettingType(words: ["automatic"], .integer(0...4_294_967_294)), "automatic", "The user."),
        described("groupID", SettingType(words: ["automatic"], .integer(0...4_294_967_294)), "automatic", "The group."),
        described(
            "runAsNonRoot", SettingType(words: ["automatic"], .boolean), "automatic",
            "Whether the cluster must refuse to run the container as root."),
        list(
            "volumes", "[claim:data:/data, hostPath:/scratch:/scratch:ro]",
            "What is mounted: claim, hostPath, secret, configMap, empty or memory, its name or size, the path, perhaps ro."
        ),
        list("environment", "[OMP_NUM_THREADS=1]", "Variables of the container."),
        word("workingDirectory", "a path in the container", "automatic", "Where tasks run."),
    ]

    private static let cluster: [Setting] = [
        word(
            "kubeconfig", "a path", "automatic",
            "How the cluster is reached; `automatic` is $KUBECONFIG, this pod's account, or ~/.kube/config."),
        word("context", "the name of a context", "automatic", "Which context of that file is used."),
        time("requestTimeout", "How long one request may take: 30 s."),
        described(
            "attempts", SettingType(words: ["automatic"], .integer(1...100)), "automatic",
            "How often a request is made at most when the server is overloaded or cannot be reached: 5."),
        time("startLimit", "How long an image that cannot be fetched is waited for: 2 min."),
        time("grace", "How long a pod may take to end: 30 s."),
        described(
            "keepsEndedPods", SettingType(words: ["automatic"], .boolean), "automatic",
            "Whether pods that are over are left in the cluster: no."),
    ]

    private static func word(_ name: String, _ phrase: String, _ word: String, _ summary: String) -> Setting {
        described(name, SettingType(words: [word], .text(phrase)), word, summary)
    }

    private static func list(_ name: String, _ example: String, _ summary: String) -> Setting {
        described(name, SettingType(words: ["none"], .items("a list such as `\(example)`")), "none", summary)
    }

    private static func time(_ name: String, _ summary: String) -> Setting {
        described(name, SettingType(words: ["automatic"], .duration(atLeast: .milliseconds(1))), "automatic", summary)
    }

    /// A setting that goes to a provider of another product by its name.
    static func described(
        _ name: String, _ type: SettingType, _ word: String, _ summary: String, isSecret: Bool = false
    ) -> Setting {
        Setting(name, type, .word(word), summary, isSecret: isSecret) { value, configuration in
            guard case .processes(var processes) = configuration.placement,
                var provider = processes.provider as? MissingProvider
            else { return }
            provider.description.values[name] = ProviderDescription.Value(value)
            processes.provider = provider
            configuration.executors[0].placement = .processes(processes)
        }
    }
}

extension ProviderDescription.Value {
    /// A value of a file; `nil` for a word, which means that nothing is set.
    init?(_ value: SettingValue) {
        switch value {
        case .word, .ports: return nil
        case .boolean(let flag): self = .flag(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .text(let text): self = .text(text)
        case .duration(let duration): self = .duration(duration)
        case .list(let texts): self = .texts(texts)
        }
    }
}

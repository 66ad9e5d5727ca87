package import Provisioning

extension KubernetesProvider {
    /// What stands in files as the kind of executors.
    package static let kindName = "kubernetes"

    /// The provider that a file describes.
    ///
    /// - Throws: ``ProviderError`` that begins with the name of a key.
    package init(described file: ProviderDescription) throws(ProviderError) {
        guard let image = file.text("image") else {
            throw ProviderError(.badParameter, "image is not set; name the container image with the program in it")
        }
        self.init(image: image)
        program = file.text("program")
        namespace = file.text("namespace")
        podName = file.text("podName") ?? podName
        if let word = file.text("imagePullPolicy") {
            guard let policy = ImagePullPolicy(rawValue: word) else {
                throw ProviderError(
                    .badParameter,
                    "imagePullPolicy is '\(word)'; it is \(ImagePullPolicy.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            imagePullPolicy = policy
        }
        imagePullSecrets = file.texts("imagePullSecrets")
        serviceAccountName = file.text("serviceAccountName")
        cpu = ResourceRange(request: file.text("cpuRequest") ?? cpu.request, limit: file.text("cpuLimit") ?? cpu.limit)
        memory = ResourceRange(
            request: file.text("memoryRequest") ?? memory.request, limit: file.text("memoryLimit") ?? memory.limit)
        gpus = file.integer("gpus") ?? gpus
        gpuResource = file.text("gpuResource") ?? gpuResource
        extraRequests = file.assignments("extraRequests")
        extraLimits = file.assignments("extraLimits")
        volumes = try file.texts("volumes").map { text throws(ProviderError) in try Self.volume(text) }
        nodeSelector = file.assignments("nodeSelector")
        tolerations = file.texts("tolerations").map(Self.toleration)
        labels = file.assignments("labels")
        annotations = file.assignments("annotations")
        userID = file.integer("userID")
        groupID = file.integer("groupID")
        runAsNonRoot = file.flag("runAsNonRoot")
        priorityClassName = file.text("priorityClassName")
        environment = file.assignments("environment")
        workingDirectory = file.text("workingDirectory")
        workerInit = file.workerInit
        grace = file.duration("grace") ?? grace
        startLimit = file.duration("startLimit") ?? startLimit
        keepsEndedPods = file.flag("keepsEndedPods") ?? keepsEndedPods
        kubeconfig = file.text("kubeconfig")
        context = file.text("context")
        requestTimeout = file.duration("requestTimeout") ?? requestTimeout
        attempts = file.integer("attempts") ?? attempts
        statusPollingInterval = file.statusPollingInterval
        blocks = file.blocks
        if let fault { throw ProviderError(.badParameter, fault) }
    }

    /// A volume as files write it: `claim:NAME:/path`, `hostPath:/on/node:/path`, `secret:…`, `configMap:…`, `empty:SIZE:/path`.
    static func volume(_ text: String) throws(ProviderError) -> PodVolume {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || parts.count == 4 && parts[3] == "ro", parts[2].hasPrefix("/") else {
            throw ProviderError(
                .badParameter,
                "volumes has '\(text)'; it is KIND:NAME:/PATH, and :ro at its end when nothing is written there")
        }
        let source: PodVolume.Source
        switch parts[0] {
        case "claim": source = .claim(parts[1])
        case "hostPath": source = .hostPath(parts[1])
        case "secret": source = .secret(parts[1])
        case "configMap": source = .configMap(parts[1])
        case "empty": source = .empty(sizeLimit: parts[1].isEmpty ? nil : parts[1], inMemory: false)
        case "memory": source = .empty(sizeLimit: parts[1].isEmpty ? nil : parts[1], inMemory: true)
        default:
            throw ProviderError(
                .badParameter,
                "volumes has the kind '\(parts[0])'; it is claim, hostPath, secret, configMap, empty or memory")
        }
        return PodVolume(source, at: parts[2], readOnly: parts.count == 4)
    }

    /// A toleration as `kubectl taint` writes taints: `key=value:Effect`, `key:Effect`, `key`.
    static func toleration(_ text: String) -> PodToleration {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let words = (parts.first ?? "").split(separator: "=", maxSplits: 1).map(String.init)
        return PodToleration(
            key: words.first, value: words.count > 1 ? words[1] : nil, effect: parts.count > 1 ? parts[1] : nil)
    }
}

public import Provisioning

/// Blocks are pods of Kubernetes: one for a block of one node, those of an indexed job for a block of several.
///
/// The program is in the image. Parameters and keys come as a secret that is mounted into the pods and goes with them, so
/// that nothing is shared with the submitting host but a connection: pods open it to that host, which is best a pod itself.
public struct KubernetesProvider: Sendable, Equatable {
    /// The container image with the program in it.
    public var image: String
    /// The program in the image; `nil` starts the image's own entry point.
    ///
    /// With a path the container's command is `/bin/sh`, which runs ``workerInit`` and then the program.
    public var program: String?
    /// Where the pods are; `nil` is the namespace of the context, or that of the pod in which this program runs.
    public var namespace: String?
    /// What the names of pods begin with.
    public var podName: String
    /// When the image is fetched; `nil` is the cluster's rule.
    public var imagePullPolicy: ImagePullPolicy?
    /// Secrets with which images are fetched.
    public var imagePullSecrets: [String]
    /// The account of the pods; `nil` is the namespace's own, of which the pods then get no token.
    public var serviceAccountName: String?
    /// Processors that a pod asks for, and may use: `1`, `500m`.
    public var cpu: ResourceRange
    /// Memory that a pod asks for, and may use: `250Mi`, `4Gi`.
    public var memory: ResourceRange
    /// GPUs of a pod.
    public var gpus: Int
    /// What the cluster calls its GPUs.
    public var gpuResource: String
    /// Further requests, by the name of the resource.
    public var extraRequests: [String: String]
    /// Further limits, by the name of the resource.
    public var extraLimits: [String: String]
    /// What is mounted.
    public var volumes: [PodVolume]
    /// Labels that nodes must have.
    public var nodeSelector: [String: String]
    /// Taints of nodes that the pods bear.
    public var tolerations: [PodToleration]
    /// Further labels of the pods.
    public var labels: [String: String]
    /// Annotations of the pods.
    public var annotations: [String: String]
    /// The user in the container; `nil` is the image's.
    public var userID: Int?
    /// The group in the container, which mounted volumes belong to as well; `nil` is the image's.
    public var groupID: Int?
    /// Whether the cluster must refuse to run the container as root; `nil` leaves it open.
    public var runAsNonRoot: Bool?
    /// The priority class of the pods.
    public var priorityClassName: String?
    /// Variables of the container.
    public var environment: [String: String]
    /// Where tasks run; `nil` is the image's own working directory.
    public var workingDirectory: String?
    /// Shell text that runs before the manager starts; it needs ``program``.
    public var workerInit: String
    /// How long a pod may take to end when it is asked to.
    public var grace: Duration
    /// How long an image that cannot be fetched, or a container that cannot be made, is waited for.
    public var startLimit: Duration
    /// Whether pods that are over are left in the cluster, to be looked at.
    public var keepsEndedPods: Bool
    /// The file that says how the cluster is reached; `nil` is `$KUBECONFIG`, the account of the pod in which this program
    /// runs, or `~/.kube/config`.
    public var kubeconfig: String?
    /// Which of its contexts is used; `nil` is the current one.
    public var context: String?
    /// How long one request may take.
    public var requestTimeout: Duration
    /// How often a request is made at most when the server is overloaded or cannot be reached.
    public var attempts: Int
    /// How often the state of pods is asked for.
    public var statusPollingInterval: Duration
    /// How many blocks, and how large.
    public var blocks: BlockParameters

    /// Blocks of Kubernetes; the defaults are Parsl's where it has them, but for the number of blocks.
    public init(
        image: String, program: String? = nil, namespace: String? = nil, podName: String = "apus",
        imagePullPolicy: ImagePullPolicy? = nil, imagePullSecrets: [String] = [], serviceAccountName: String? = nil,
        cpu: ResourceRange = ResourceRange(request: "1", limit: "2"),
        memory: ResourceRange = ResourceRange(request: "250Mi", limit: "500Mi"), gpus: Int = 0,
        gpuResource: String = "nvidia.com/gpu", extraRequests: [String: String] = [:],
        extraLimits: [String: String] = [:], volumes: [PodVolume] = [], nodeSelector: [String: String] = [:],
        tolerations: [PodToleration] = [], labels: [String: String] = [:], annotations: [String: String] = [:],
        userID: Int? = nil, groupID: Int? = nil, runAsNonRoot: Bool? = nil, priorityClassName: String? = nil,
        environment: [String: String] = [:], workingDirectory: String? = nil, workerInit: String = "",
        grace: Duration = .seconds(30), startLimit: Duration = .seconds(120), keepsEndedPods: Bool = false,
        kubeconfig: String? = nil, context: String? = nil, requestTimeout: Duration = .seconds(30), attempts: Int = 5,
        statusPollingInterval: Duration = .seconds(10), blocks: BlockParameters = BlockParameters()
    ) {
        self.image = image
        self.program = program
        self.namespace = namespace
        self.podName = podName
        self.imagePullPolicy = imagePullPolicy
        self.imagePullSecrets = imagePullSecrets
        self.serviceAccountName = serviceAccountName
        self.cpu = cpu
        self.memory = memory
        self.gpus = gpus
        self.gpuResource = gpuResource
        self.extraRequests = extraRequests
        self.extraLimits = extraLimits
        self.volumes = volumes
        self.nodeSelector = nodeSelector
        self.tolerations = tolerations
        self.labels = labels
        self.annotations = annotations
        self.userID = userID
        self.groupID = groupID
        self.runAsNonRoot = runAsNonRoot
        self.priorityClassName = priorityClassName
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.workerInit = workerInit
        self.grace = grace
        self.startLimit = startLimit
        self.keepsEndedPods = keepsEndedPods
        self.kubeconfig = kubeconfig
        self.context = context
        self.requestTimeout = requestTimeout
        self.attempts = attempts
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
    }
}

import Commands
package import Provisioning

/// The objects of one block, as pure functions.
package enum Manifest {
    /// Says which objects are ours.
    package static let managedBy = "apus"
    /// The label with the run.
    package static let runLabel = "apus/run"
    /// The label with the block's name, on all of its objects.
    package static let blockLabel = "apus/block"
    /// Where the parameters appear in the container.
    static let parametersDirectory = "/run/apus"
    static let containerName = "manager"

    /// The name of a block's objects.
    package static func name(_ provider: KubernetesProvider, _ job: JobRequest) -> String {
        let rest = job.name.hasPrefix("apus.") ? job.name.dropFirst("apus.".count) : job.name[...]
        return ObjectName.label("\(provider.podName)-\(rest)")
    }

    /// What is created first: a pod, or a job for several nodes.
    package static func workload(_ provider: KubernetesProvider, _ job: JobRequest, namespace: String) -> JSONValue {
        provider.blocks.nodesPerBlock == 1
            ? pod(provider, job, namespace: namespace) : indexedJob(provider, job, namespace: namespace)
    }

    /// The secret with the parameters; it goes when its owner goes.
    package static func secret(
        _ provider: KubernetesProvider, _ job: JobRequest, namespace: String, owner: JSONValue
    ) -> JSONValue {
        var metadata = metadata(provider, job, namespace: namespace).members
        metadata["ownerReferences"] = [
            [
                "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
            ]
        ]
        return [
            "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": .object(metadata),
            "data": ["parameters": .string(Base64.text(job.program?.parameters ?? []))],
        ]
    }

    private static func metadata(_ provider: KubernetesProvider, _ job: JobRequest, namespace: String) -> JSONValue {
        let name = name(provider, job)
        var labels = provider.labels
        labels["app.kubernetes.io/managed-by"] = managedBy
        labels[runLabel] = ObjectName.labelValue(job.runID)
        labels[blockLabel] = name
        var result: [String: JSONValue] = [
            "name": .string(name), "namespace": .string(namespace), "labels": JSONValue(labels),
        ]
        if !provider.annotations.isEmpty { result["annotations"] = JSONValue(provider.annotations) }
        return .object(result)
    }

    private static func pod(_ provider: KubernetesProvider, _ job: JobRequest, namespace: String) -> JSONValue {
        [
            "apiVersion": "v1", "kind": "Pod", "metadata": metadata(provider, job, namespace: namespace),
            "spec": .object(podSpec(provider, job, deadline: true)),
        ]
    }

    /// As many pods as the block has nodes, none of them started again: the executor asks for another block instead.
    private static func indexedJob(_ provider: KubernetesProvider, _ job: JobRequest, namespace: String) -> JSONValue {
        let own = metadata(provider, job, namespace: namespace)
        var template: [String: JSONValue] = ["labels": own["labels"]]
        if own["annotations"] != .null { template["annotations"] = own["annotations"] }
        let nodes = JSONValue.number(Double(provider.blocks.nodesPerBlock))
        var spec: [String: JSONValue] = [
            "completions": nodes, "parallelism": nodes, "completionMode": "Indexed", "backoffLimit": 0,
            "template": [
                "metadata": .object(template), "spec": .object(podSpec(provider, job, deadline: false)),
            ],
        ]
        if let walltime = provider.blocks.walltime { spec["activeDeadlineSeconds"] = seconds(walltime) }
        return ["apiVersion": "batch/v1", "kind": "Job", "metadata": own, "spec": .object(spec)]
    }

    private static func podSpec(
        _ provider: KubernetesProvider, _ job: JobRequest, deadline: Bool
    ) -> [String: JSONValue] {
        var spec: [String: JSONValue] = [
            "restartPolicy": "Never",
            // The cluster's own first process takes care of orphans then; the manager is no init.
            "shareProcessNamespace": true,
            "terminationGracePeriodSeconds": seconds(provider.grace),
            "containers": [.object(container(provider, job))],
            "volumes": .array(volumes(provider, job)),
            // Tasks have no business with the cluster, unless somebody gives them an account for it.
            "automountServiceAccountToken": .bool(provider.serviceAccountName != nil),
            "enableServiceLinks": false,
        ]
        if deadline, let walltime = provider.blocks.walltime { spec["activeDeadlineSeconds"] = seconds(walltime) }
        if let account = provider.serviceAccountName { spec["serviceAccountName"] = .string(account) }
        if let priority = provider.priorityClassName { spec["priorityClassName"] = .string(priority) }
        if !provider.imagePullSecrets.isEmpty {
            spec["imagePullSecrets"] = .array(provider.imagePullSecrets.map { ["name": .string($0)] })
        }
        if !provider.nodeSelector.isEmpty { spec["nodeSelector"] = JSONValue(provider.nodeSelector) }
        if !provider.tolerations.isEmpty { spec["tolerations"] = .array(provider.tolerations.map(toleration)) }
        var security: [String: JSONValue] = [:]
        if let user = provider.userID { security["runAsUser"] = .number(Double(user)) }
        if let group = provider.groupID {
            security["runAsGroup"] = .number(Double(group))
            security["fsGroup"] = .number(Double(group))
        }
        if let nonRoot = provider.runAsNonRoot { security["runAsNonRoot"] = .bool(nonRoot) }
        if !security.isEmpty { spec["securityContext"] = .object(security) }
        return spec
    }

    private static func container(_ provider: KubernetesProvider, _ job: JobRequest) -> [String: JSONValue] {
        var variables = provider.environment.merging(job.environment) { $1 }
        var container: [String: JSONValue] = [
            "name": .string(containerName), "image": .string(provider.image),
            "resources": resources(provider),
            // The end of what it printed comes with its state, so that nobody needs the right to read logs.
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": .array(mounts(provider)),
        ]
        let parameters = parametersDirectory + "/parameters"
        if let program = job.program, let path = provider.program {
            let start = program.command(executable: ShellQuote.quote(path), parameters: parameters)
            let shell = provider.workerInit.isEmpty ? "exec \(start)" : "\(provider.workerInit)\nexec \(start)"
            container["command"] = ["/bin/sh", "-c", .string(escaped(shell))]
        } else if let program = job.program {
            variables.merge(program.environment) { $1 }
            variables[JobProgram.parametersVariable] = parameters
            if !program.arguments.isEmpty { container["args"] = JSONValue(program.arguments.map(escaped)) }
        }
        if let policy = provider.imagePullPolicy { container["imagePullPolicy"] = .string(policy.rawValue) }
        if let directory = provider.workingDirectory { container["workingDir"] = .string(directory) }
        if !variables.isEmpty {
            container["env"] = .array(
                variables.sorted { $0.key < $1.key }.map {
                    ["name": .string($0.key), "value": .string(escaped($0.value))]
                })
        }
        return container
    }

    /// `$(NAME)` in arguments and values stands for a variable; two dollar signs are one that means itself.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "$(", omittingEmptySubsequences: false).joined(separator: "$$(")
    }

    private static func resources(_ provider: KubernetesProvider) -> JSONValue {
        var requests = provider.extraRequests
        var limits = provider.extraLimits
        requests["cpu"] = provider.cpu.request
        limits["cpu"] = provider.cpu.limit
        requests["memory"] = provider.memory.request
        limits["memory"] = provider.memory.limit
        if provider.gpus > 0 { limits[provider.gpuResource] = "\(provider.gpus)" }
        return ["requests": JSONValue(requests), "limits": JSONValue(limits)]
    }

    private static func volumes(_ provider: KubernetesProvider, _ job: JobRequest) -> [JSONValue] {
        let own: JSONValue = [
            "name": "apus-parameters",
            // Readable by the container's user, whoever that is; nobody else is in the pod.
            "secret": ["secretName": .string(name(provider, job)), "defaultMode": 0o444],
        ]
        return [own]
            + provider.volumes.enumerated().map { index, volume in
                var result: [String: JSONValue] = ["name": .string("volume-\(index)")]
                switch volume.source {
                case .claim(let name):
                    result["persistentVolumeClaim"] = ["claimName": .string(name), "readOnly": .bool(volume.readOnly)]
                case .hostPath(let path): result["hostPath"] = ["path": .string(path)]
                case .empty(let sizeLimit, let inMemory):
                    var source: [String: JSONValue] = inMemory ? ["medium": "Memory"] : [:]
                    if let sizeLimit { source["sizeLimit"] = .string(sizeLimit) }
                    result["emptyDir"] = .object(source)
                case .secret(let name): result["secret"] = ["secretName": .string(name)]
                case .configMap(let name): result["configMap"] = ["name": .string(name)]
                }
                return .object(result)
            }
    }

    private static func mounts(_ provider: KubernetesProvider) -> [JSONValue] {
        let own: JSONValue = [
            "name": "apus-parameters", "mountPath": .string(parametersDirectory), "readOnly": true,
        ]
        return [own]
            + provider.volumes.enumerated().map { index, volume in
                var result: [String: JSONValue] = [
                    "name": .string("volume-\(index)"), "mountPath": .string(volume.mountPath),
                ]
                if volume.readOnly { result["readOnly"] = true }
                if let part = volume.subPath { result["subPath"] = .string(part) }
                return .object(result)
            }
    }

    private static func toleration(_ toleration: PodToleration) -> JSONValue {
        var result: [String: JSONValue] = ["operator": toleration.value == nil ? "Exists" : "Equal"]
        if let key = toleration.key { result["key"] = .string(key) }
        if let value = toleration.value { result["value"] = .string(value) }
        if let effect = toleration.effect { result["effect"] = .string(effect) }
        return .object(result)
    }

    private static func seconds(_ duration: Duration) -> JSONValue {
        let parts = duration.components
        return .number(Double(max(1, parts.seconds + (parts.attoseconds > 0 ? 1 : 0))))
    }
}

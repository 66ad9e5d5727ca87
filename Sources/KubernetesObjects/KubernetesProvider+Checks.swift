import Provisioning

extension KubernetesProvider {
    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        if let fault = blocks.fault { return fault }
        for (name, text) in [("image", image), ("podName", podName)] + named
        where text.isEmpty || text.contains(where: \.isWhitespace) {
            return "\(name) is '\(text)'; it is one word"
        }
        if let namespace, !ObjectName.isLabel(namespace) {
            return "namespace is '\(namespace)'; it has small letters, digits and hyphens"
        }
        return quantityFault ?? pathFault ?? numberFault
    }

    private var named: [(String, String)] {
        [
            ("serviceAccountName", serviceAccountName), ("priorityClassName", priorityClassName),
            ("context", context), ("kubeconfig", kubeconfig), ("gpuResource", gpuResource),
        ].compactMap { name, text in text.map { (name, $0) } } + imagePullSecrets.map { ("imagePullSecrets", $0) }
    }

    private var quantityFault: String? {
        let quantities: [(String, String?)] =
            [
                ("cpu.request", cpu.request), ("cpu.limit", cpu.limit), ("memory.request", memory.request),
                ("memory.limit", memory.limit),
            ] + extraRequests.sorted { $0.key < $1.key }.map { ("extraRequests of \($0.key)", $0.value) }
            + extraLimits.sorted { $0.key < $1.key }.map { ("extraLimits of \($0.key)", $0.value) }
        for case (let name, let text?) in quantities where !ObjectName.isQuantity(text) {
            return "\(name) is '\(text)'; it is a number, with a unit such as m, Mi or Gi"
        }
        return nil
    }

    private var pathFault: String? {
        for case (let name, let path?) in [("program", program), ("workingDirectory", workingDirectory)]
            + volumes.map({ ("volumes", $0.mountPath) })
        where !path.hasPrefix("/") {
            return "\(name) is '\(path)'; it is a path from the root of the container"
        }
        if program == nil, !workerInit.isEmpty {
            return "workerInit is set, and program is not; only a shell can run it, and then it must know what to start"
        }
        for name in environment.keys.sorted()
        where name.isEmpty || name.contains(where: { $0 == "=" || $0.isWhitespace }) {
            return "environment has a variable '\(name)'; a name has no '=' and no spaces"
        }
        return nil
    }

    private var numberFault: String? {
        if gpus < 0 { return "gpus is \(gpus); it is 0 or more" }
        if attempts < 1 { return "attempts is \(attempts); it is 1 or more" }
        for case (let name, let id?) in [("userID", userID), ("groupID", groupID)] where id < 0 {
            return "\(name) is \(id); it is 0 or more"
        }
        if runAsNonRoot == true, userID == 0 { return "userID is 0, and runAsNonRoot is true" }
        for (name, value) in [
            ("requestTimeout", requestTimeout), ("startLimit", startLimit), ("grace", grace),
        ] where value <= .zero {
            return "\(name) is \(value); it is positive"
        }
        return nil
    }
}

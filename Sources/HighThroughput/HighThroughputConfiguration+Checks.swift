import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore

extension HighThroughputConfiguration {
    /// The cores this process may use.
    public static var coreCount: Int { max(1, CurrentProcess.availableCores.count) }

    /// Where the interchange binds; `nil` is everywhere, as Parsl writes it.
    ///
    /// It binds other interfaces than that of this machine alone only when a block can be elsewhere.
    var listeningAddress: String? {
        if let address { return address == "*" ? nil : address }
        return provider?.isLocal == false ? nil : "127.0.0.1"
    }

    /// Where managers look for the interchange: side by side, and the first address that answers is used.
    var managerAddresses: [String] { ownAddresses + gateways }

    private var ownAddresses: [String] {
        if let listeningAddress { return [listeningAddress] }
        guard provider?.isLocal == false else { return ["127.0.0.1"] }
        let addresses = CurrentProcess.networkAddresses
        // The loopback address is another machine's own on each node; it is of use only when there is nothing else.
        return addresses.isEmpty ? ["127.0.0.1"] : addresses
    }

    /// How managers divide their nodes.
    var nodeOptions: NodeOptions {
        NodeOptions(
            coresPerWorker: coresPerWorker, memoryPerWorker: memoryPerWorker, affinity: affinity,
            accelerators: accelerators, mpiLauncher: mpiLauncher, labels: nodeLabels)
    }

    /// When managers take no more tasks; `nil` for never.
    package var effectiveDrainPeriod: Duration? {
        if let drainPeriod { return drainPeriod }
        guard drainsBeforeWalltime, let walltime = provider?.blocks.walltime, walltime >= .seconds(60) else {
            return nil
        }
        return walltime - min(max(walltime / 10, .seconds(10)), .seconds(300))
    }

    /// Refuses a call that asks for nodes where none are handed out, and one that asks for none where they are.
    func checkNodes(_ resources: ResourceSpecification) throws(ExecutionError) {
        guard resources.isMultiNode != (mpiLauncher != nil) else { return }
        let text =
            mpiLauncher == nil
            ? "it asks for nodes, and executor '\(label)' hands out none; set its mpiLauncher, or choose another "
                + "executor"
            : "executor '\(label)' hands out nodes (mpiLauncher), and the call does not say how many; give `nodes`, or "
                + "`ranks` and `ranksPerNode`, in its resources"
        throw ExecutionError(.invalidResources, "the resources of this call cannot be had: \(text)")
    }

    /// What is wrong with the division of a node; `nil` when it can work, as far as that can be said from afar.
    private var nodeFault: String? {
        for (name, value) in [("coresPerWorker", coresPerWorker), ("memoryPerWorker", memoryPerWorker)] {
            if let value, !(value > 0 && value <= 1e9) { return "\(name) is \(value); it is a positive number" }
        }
        if mpiLauncher != nil {
            guard let provider else {
                return "mpiLauncher needs a provider of batch jobs, whose nodes are handed out; workers of this "
                    + "machine have none"
            }
            // A second manager would hand out the same nodes.
            if let launcher = (provider as? any LaunchingProvider)?.launcher,
                !(launcher is SimpleLauncher || launcher is WrappedLauncher)
            {
                return "mpiLauncher needs one manager for each block: set the provider's launcher to SimpleLauncher(); "
                    + "it is \(type(of: launcher))"
            }
        }
        if case .list(let parts) = affinity {
            // A list has no form on its way that could be empty.
            guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (0..<65_536).contains($0) } })
            else {
                return "affinity is \(parts); a list has processors, by number, for each worker"
            }
            if workers > 0, parts.count != workers {
                return "affinity has \(Counted.text(parts.count, "part")) for \(Counted.text(workers, "worker")); "
                    + "it has one for each"
            }
        }
        return accelerators.fault ?? NodeLabels.fault(ofNode: nodeLabels).map { "nodeLabels: \($0)" }
    }

    /// What is wrong with the gateways; `nil` when they can work.
    private var gatewayFault: String? {
        for gateway in gateways where gateway.isEmpty || gateway.contains(where: { $0.isWhitespace || $0 == "/" }) {
            return "gateways has '\(gateway)'; a gateway is a host name or an address, without a port"
        }
        if !gateways.isEmpty, workerPort == nil {
            return "gateways is \(gateways) without a workerPort; a relay forwards one fixed port, so choose one"
        }
        return nil
    }

    /// What is wrong with the values; `nil` when they can work.
    package var fault: String? {
        if let fault = provider?.fault ?? executable.fault { return fault }
        if let fault = scalingFault { return fault }
        if workers < 0 || (workers == 0 && provider == nil) { return "workers is \(workers); at least 1 is needed" }
        if workers > 4096 { return "workers is \(workers); one manager starts at most 4096" }
        if case .fixed(let count) = prefetch, count < 0 { return "prefetch is \(count); it is 0 or more" }
        if let workerPort, !(1...65_535).contains(workerPort) {
            return "workerPort is \(workerPort); a port is 1 to 65535"
        }
        if let fault = gatewayFault { return fault }
        for (name, range) in [("workerPortRange", workerPortRange), ("interchangePortRange", interchangePortRange)]
        where range.lowerBound < 1 || range.upperBound > 65_536 || range.count < 3 {
            return "\(name) is \(range); it is at least three ports between 1 and 65535"
        }
        if let nodeFault { return nodeFault }
        if let drainPeriod, drainPeriod <= .zero { return "drainPeriod is \(drainPeriod); it is positive" }
        if label.isEmpty || label.contains("/") { return "label is '\(label)'; it is a file name" }
        if maximumUnfinishedBytes < 1 { return "maximumUnfinishedBytes is \(maximumUnfinishedBytes); it is positive" }
        guard cancelGrace >= 0, cancelGrace <= 1e6 else {
            return "cancelGrace is \(cancelGrace); it is a number of seconds, 0 or more, and at most a million"
        }
        guard heartbeatPeriod > 0, heartbeatThreshold > heartbeatPeriod else {
            return "heartbeatPeriod is \(heartbeatPeriod) and heartbeatThreshold \(heartbeatThreshold); "
                + "the period is positive and shorter than the threshold"
        }
        return nil
    }
}

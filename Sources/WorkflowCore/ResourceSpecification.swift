/// What a call asks of the place where it runs.
///
/// A call that asks for nothing takes one worker. Managers start a call only when what it asks for is free on their node;
/// calls on threads of the own process run without regard to it.
public struct ResourceSpecification: Sendable, Hashable {
    /// Lower numbers run first; `nil` runs after all that have one (Parsl's rule).
    public var priority: Int?
    /// Processors; `nil` is the share of one worker.
    public var cores: Int?
    /// Bytes of memory, which are kept free for the call, and are its limit.
    ///
    /// The limit holds for what the worker and the programs it starts use more than when the call began. Beyond it the
    /// worker is killed and replaced, and the call fails with ``MemoryLimitExceeded``.
    public var memory: Int?
    /// Accelerators, of those that the executor has for tasks (`accelerators = .perTask(…)`).
    public var gpus: Int?
    /// Nodes of the block, for programs that run on several: needs an executor with `mpiLauncher`.
    public var nodes: Int?
    /// Processes of such a program on each node.
    public var ranksPerNode: Int?
    /// Processes of such a program in all.
    public var ranks: Int?
    /// Further words for the program that starts them, as they stand.
    public var launcherOptions: String?
    /// Labels that the node must carry, all of them: `gpu=a100`, `fast-disk`, `host=node17`.
    ///
    /// Nodes have them from `nodeLabels` of their executor and from the variable `APUS_NODE_LABELS` of the node.
    public var labels: [String]

    /// Asks for nothing but what is named.
    public init(
        priority: Int? = nil, cores: Int? = nil, memory: Int? = nil, gpus: Int? = nil, nodes: Int? = nil,
        ranksPerNode: Int? = nil, ranks: Int? = nil, launcherOptions: String? = nil,
        labels: [String] = []
    ) {
        self.priority = priority
        self.cores = cores
        self.memory = memory
        self.gpus = gpus
        self.nodes = nodes
        self.ranksPerNode = ranksPerNode
        self.ranks = ranks
        self.launcherOptions = launcherOptions
        self.labels = labels
    }

    /// Whether it asks for something that one worker is not enough for, or may not be.
    package var isDemanding: Bool {
        cores != nil || memory != nil || gpus != nil || isMultiNode || !labels.isEmpty
    }

    /// Whether it asks for nodes.
    package var isMultiNode: Bool {
        nodes != nil || ranks != nil || ranksPerNode != nil || launcherOptions != nil
    }

    /// The specification with what follows from it: of nodes, ranks and ranks on each node two give the third.
    ///
    /// - Throws: ``ExecutionError`` with the code `invalidResources` when it contradicts itself.
    package func completed() throws(ExecutionError) -> ResourceSpecification {
        for (name, value) in [
            ("cores", cores), ("memory", memory), ("gpus", gpus), ("nodes", nodes), ("ranksPerNode", ranksPerNode),
            ("ranks", ranks),
        ] {
            if let value, value < 1 { throw Self.fault("\(name) is \(value); it is 1 or more, or left out") }
        }
        for label in labels { if let fault = NodeLabels.fault(of: label) { throw Self.fault(fault) } }
        guard labels.count <= NodeLabels.most else {
            throw Self.fault("it asks for \(labels.count) labels; \(NodeLabels.most) is the most")
        }
        guard isMultiNode else { return self }
        var copy = self
        switch (nodes, ranksPerNode, ranks) {
        case (let nodes?, let each?, let all?):
            guard let product = Self.product(nodes, each), product == all else {
                throw Self.fault(
                    "\(Counted.text(nodes, "node")) with \(Counted.text(each, "rank")) each are not "
                        + "\(Counted.text(all, "rank")); leave one of them out")
            }
        case (let nodes?, let each, nil):
            guard let all = Self.product(nodes, each ?? 1) else { throw Self.fault("\(nodes) nodes are too many") }
            copy.ranksPerNode = each ?? 1
            copy.ranks = all
        case (let nodes?, nil, let all?):
            guard all % nodes == 0 else {
                throw Self.fault(
                    "\(Counted.text(all, "rank")) cannot be shared evenly by \(Counted.text(nodes, "node"))")
            }
            copy.ranksPerNode = all / nodes
        case (nil, let each?, let all?):
            guard all % each == 0 else {
                throw Self.fault("\(Counted.text(all, "rank")) are no whole number of nodes with \(each) each")
            }
            copy.nodes = all / each
        case (nil, _, _):
            throw Self.fault("of nodes, ranks and ranksPerNode at least nodes, or the two others, must be given")
        }
        if let options = launcherOptions, options.contains(where: { $0 == "\0" || $0.isNewline }) {
            throw Self.fault("launcherOptions has a line break or a NUL; it is one line of words")
        }
        return copy
    }

    private static func product(_ left: Int, _ right: Int) -> Int? {
        let (product, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? nil : product
    }

    private static func fault(_ text: String) -> ExecutionError {
        ExecutionError(.invalidResources, "the resources of this call cannot be had: \(text)")
    }
}

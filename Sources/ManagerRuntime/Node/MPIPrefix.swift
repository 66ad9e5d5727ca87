import WireProtocol
import WorkflowCore

/// The words before a program that runs on several nodes (wire document §12.4).
enum MPIPrefix {
    /// The prefix for one launcher, as Parsl composes it.
    static func compose(_ launcher: MPILauncher, _ layout: RankLayout, nodes: [String]) -> String {
        let list = nodes.joined(separator: ",")
        let words: [String] =
            switch launcher {
            case .mpiexec:
                ["mpiexec", "-n", "\(layout.ranks)", "-ppn", "\(layout.ranksPerNode)", "-hosts", list]
            case .srun:
                [
                    "srun", "--ntasks", "\(layout.ranks)", "--ntasks-per-node", "\(layout.ranksPerNode)",
                    "--nodelist", list, "--nodes", "\(nodes.count)",
                ]
            case .aprun: ["aprun", "-n", "\(layout.ranks)", "-N", "\(layout.ranksPerNode)", "-node-list", list]
            }
        return (words + (layout.launcherOptions.isEmpty ? [] : [layout.launcherOptions])).joined(separator: " ")
    }

    /// What a task finds in its environment: Parsl's names and ours.
    static func variables(_ launcher: MPILauncher, _ layout: RankLayout, nodes: [String]) -> [String: String] {
        let list = nodes.joined(separator: ",")
        var result = [
            "PARSL_MPI_NODELIST": list, "PARSL_NUM_NODES": "\(nodes.count)", "PARSL_NUM_RANKS": "\(layout.ranks)",
            "PARSL_RANKS_PER_NODE": "\(layout.ranksPerNode)", "PARSL_LAUNCHER_OPTIONS": layout.launcherOptions,
            "APUS_MPI_NODES": list, "APUS_MPI_NODE_COUNT": "\(nodes.count)", "APUS_MPI_RANKS": "\(layout.ranks)",
            "APUS_MPI_RANKS_PER_NODE": "\(layout.ranksPerNode)",
        ]
        for each in MPILauncher.allCases {
            result["PARSL_\(each.rawValue.uppercased())_PREFIX"] = compose(each, layout, nodes: nodes)
        }
        let own = compose(launcher, layout, nodes: nodes)
        result["PARSL_MPI_PREFIX"] = own
        result["APUS_MPI_PREFIX"] = own
        return result
    }
}

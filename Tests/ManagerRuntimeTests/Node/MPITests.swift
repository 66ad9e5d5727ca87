import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@testable import ManagerRuntime

@Suite("Nodes of a block, and prefixes", .paced)
struct MPITests {
    @Test(
        "Slurm's short form of a list is written out",
        arguments: [
            ("n1", ["n1"]), ("n[1-3,7],m5", ["n1", "n2", "n3", "n7", "m5"]),
            ("n[08-11]", ["n08", "n09", "n10", "n11"]),
            ("r[1-2]n[1-2]-ib", ["r1n1-ib", "r1n2-ib", "r2n1-ib", "r2n2-ib"]), ("a-b,c.d", ["a-b", "c.d"]),
            ("n[5]", ["n5"]),
        ])
    func expansion(list: String, names: [String]) throws {
        #expect(try BlockNodes.expand(list) == names)
    }

    @Test(
        "a list that is none is refused",
        arguments: ["", "n[1-3", "n1-3]", "n[3-1]", "n[a-b]", "n[]", "a,,b", "n[1-2-3]", "n[0-99999999]", "n[-1]"])
    func badLists(list: String) {
        let error = #expect(throws: ManagerError.self) { try BlockNodes.expand(list) }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test("PBS, Cobalt and LSF name a file, with a line for each processor or node")
    func files() throws {
        let path = "/tmp/apus-nodes-\(CurrentProcess.pid)"
        defer { Removal.remove(path) }
        try SmallFile.write(Array("n1\nn1\nn2 slots=4\n\nn1\n".utf8), to: path, mode: 0o600)
        for name in ["PBS_NODEFILE", "COBALT_NODEFILE", "LSB_DJOB_HOSTFILE"] {
            #expect(try BlockNodes.find { $0 == name ? path : nil } == ["n1", "n2"])
        }
        #expect(try BlockNodes.find { $0 == "SLURM_NODELIST" ? "s[1-2]" : path } == ["s1", "s2"])
        try SmallFile.write([], to: path, mode: 0o600)
        #expect(throws: ManagerError.self) { try BlockNodes.find { $0 == "PBS_NODEFILE" ? path : nil } }
        #expect(throws: ManagerError.self) { try BlockNodes.find { $0 == "PBS_NODEFILE" ? "/nonexistent" : nil } }
        let error = #expect(throws: ManagerError.self) { try BlockNodes.find { _ in nil } }
        #expect(error?.message.contains("SLURM_NODELIST, PBS_NODEFILE") == true)
    }

    @Test("prefixes are those of Parsl, under its names and ours")
    func prefixes() {
        let layout = RankLayout(ranksPerNode: 4, ranks: 8, launcherOptions: "--mpi=pmix -v")
        let variables = MPIPrefix.variables(.mpiexec, layout, nodes: ["a", "b"])
        #expect(variables["PARSL_MPIEXEC_PREFIX"] == "mpiexec -n 8 -ppn 4 -hosts a,b --mpi=pmix -v")
        #expect(
            variables["PARSL_SRUN_PREFIX"]
                == "srun --ntasks 8 --ntasks-per-node 4 --nodelist a,b --nodes 2 --mpi=pmix -v")
        #expect(variables["PARSL_APRUN_PREFIX"] == "aprun -n 8 -N 4 -node-list a,b --mpi=pmix -v")
        #expect(variables["PARSL_MPI_PREFIX"] == variables["PARSL_MPIEXEC_PREFIX"])
        #expect(variables["APUS_MPI_PREFIX"] == variables["PARSL_MPIEXEC_PREFIX"])
        #expect(variables["PARSL_NUM_NODES"] == "2" && variables["PARSL_NUM_RANKS"] == "8")
        #expect(variables["PARSL_RANKS_PER_NODE"] == "4" && variables["PARSL_MPI_NODELIST"] == "a,b")
        #expect(variables["PARSL_LAUNCHER_OPTIONS"] == "--mpi=pmix -v")
        let bare = MPIPrefix.compose(.srun, RankLayout(ranksPerNode: 1, ranks: 1), nodes: ["a"])
        #expect(bare == "srun --ntasks 1 --ntasks-per-node 1 --nodelist a --nodes 1")
    }
}

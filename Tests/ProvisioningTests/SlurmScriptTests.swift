import Provisioning
import TestSupport
import Testing
import WorkflowCore

@Suite("Job scripts of Slurm", .paced)
struct SlurmScriptTests {
    static let job = JobRequest(
        command: "env APUS_ROLE=manager '/home/a b/prog' --x", blockID: BlockID("0"), name: "apus.htex.block-0",
        directory: "/run/blocks", workingDirectory: "/home/a b")

    @Test("the least that can be said")
    func least() {
        let provider = SlurmProvider(exclusive: false, launcher: SimpleLauncher(), blocks: BlockParameters())
        #expect(
            SlurmScript.render(provider, Self.job) == """
                #!/bin/bash
                #SBATCH --job-name=apus.htex.block-0
                #SBATCH --output=/run/blocks/apus.htex.block-0.stdout
                #SBATCH --error=/run/blocks/apus.htex.block-0.stderr
                #SBATCH --nodes=1
                #SBATCH --ntasks-per-node=1
                #SBATCH --no-requeue

                cd -- '/home/a b' || exit 72

                env APUS_ROLE=manager '/home/a b/prog' --x

                """)
    }

    @Test("everything that can be said")
    func most() throws {
        var job = Self.job
        job.directory = "/run/100% \"mine\""
        job.environment = ["B": "it's", "A": "1"]
        let provider = SlurmProvider(
            partition: "gpu", account: "a b", qos: "high", constraint: "haswell&ssd", clusters: "one,two",
            coresPerNode: 64, memoryPerNode: 1.5, gpusPerNode: 4, gres: "gpu:a100:4", exclusive: true, requeue: true,
            signal: "USR1@120", schedulerOptions: "#SBATCH --mail-type=END\n#SBATCH --comment=x",
            workerInit: "module load gcc\nexport OMP_NUM_THREADS=1",
            blocks: BlockParameters(nodesPerBlock: 2, walltime: .seconds(90_061)))
        #expect(SlurmScript.render(provider, job) == (try Golden.text("slurm-most.sh")))
    }

    @Test(
        "what cannot be a parameter is named",
        arguments: [
            (SlurmProvider(partition: ""), "partition"), (SlurmProvider(account: "a\nb"), "account"),
            (SlurmProvider(coresPerNode: 0), "coresPerNode"), (SlurmProvider(memoryPerNode: 0), "memoryPerNode"),
            (SlurmProvider(statusBatchSize: 0), "statusBatchSize"),
            (SlurmProvider(commandTimeout: .zero), "commandTimeout"),
            (SlurmProvider(blocks: BlockParameters(nodesPerBlock: 0)), "nodesPerBlock"),
            (SlurmProvider(blocks: BlockParameters(initBlocks: 2)), "initBlocks"),
            (SlurmProvider(blocks: BlockParameters(parallelism: 2)), "parallelism"),
        ])
    func faults(_ provider: SlurmProvider, _ field: String) {
        #expect(provider.fault?.hasPrefix("\(field) is") == true)
    }

    @Test("two providers are equal when all their values are")
    func equality() {
        #expect(SlurmProvider() == SlurmProvider())
        #expect(SlurmProvider() != SlurmProvider(partition: "x"))
        #expect(SlurmProvider() != SlurmProvider(launcher: SimpleLauncher()))
        #expect(SlurmProvider() != SlurmProvider(launcher: SrunLauncher(overrides: "-v")))
        #expect(!SlurmProvider().isEqual(to: LocalProvider()))
    }
}

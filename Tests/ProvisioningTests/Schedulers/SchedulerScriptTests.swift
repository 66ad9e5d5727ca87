import Provisioning
import TestSupport
import Testing
import WorkflowCore

@Suite("Job scripts of the other schedulers", .paced)
struct SchedulerScriptTests {
    /// A request in which everything has to be quoted.
    static let awkward = JobRequest(
        command: "env APUS_ROLE=manager '/home/a b/prog' --x", blockID: BlockID("7"), name: "apus.htex.block-7",
        tasksPerNode: 2, directory: "/run/100% $x 'mine'", workingDirectory: "/home/it's mine",
        environment: ["B": "it's \"so\" $HOME", "A": "1"])
    static let plain = JobRequest(
        command: "run me", blockID: BlockID("0"), name: "apus.block-0", directory: "/run/blocks",
        workingDirectory: "/home/me")

    static let blocks = BlockParameters(nodesPerBlock: 2, walltime: .seconds(90_061))

    @Test("Grid Engine, everything that can be said")
    func gridEngine() throws {
        let provider = GridEngineProvider(
            queue: "all.q@@big", parallelEnvironment: "smp", slots: 8, coresPerNode: 8,
            schedulerOptions: "#$ -l mem_free=4G\n#$ -M me@example.org", workerInit: "module load gcc",
            launcher: SimpleLauncher(), blocks: Self.blocks)
        #expect(GridEngineScript.render(provider, Self.awkward) == (try Golden.text("grid-engine-most.sh")))
    }

    @Test("PBS Pro, everything that can be said")
    func pbsPro() throws {
        let provider = PBSProProvider(
            account: "proj", queue: "prod", selectOptions: "ngpus=4:system=polaris", cpusPerNode: 64,
            schedulerOptions: "#PBS -l filesystems=home", workerInit: "module load conda",
            launcher: SimpleLauncher(), blocks: Self.blocks)
        #expect(PBSScript.render(provider, Self.awkward) == (try Golden.text("pbspro-most.sh")))
    }

    @Test("options of a selection may begin with their colon")
    func select() {
        for options in ["ngpus=4", ":ngpus=4"] {
            let text = PBSScript.render(PBSProProvider(selectOptions: options), Self.plain)
            #expect(text.contains("#PBS -l select=1:ncpus=1:ngpus=4\n"))
        }
        #expect(PBSScript.render(PBSProProvider(), Self.plain).contains("#PBS -l select=1:ncpus=1\n"))
    }

    @Test("Torque, everything that can be said")
    func torque() throws {
        let provider = TorqueProvider(
            account: "proj", queue: "prod", coresPerNode: 16, schedulerOptions: "#PBS -l mem=4gb",
            workerInit: "module load gcc", launcher: SimpleLauncher(), blocks: Self.blocks)
        #expect(PBSScript.render(provider, Self.awkward) == (try Golden.text("torque-most.sh")))
    }

    @Test("LSF, by nodes and by processors")
    func lsf() throws {
        let nodes = LSFProvider(
            project: "a b", queue: "batch", schedulerOptions: "#BSUB -alloc_flags smt1",
            workerInit: "module load gcc", launcher: SimpleLauncher(), blocks: Self.blocks)
        #expect(LSFScript.render(nodes, Self.awkward) == (try Golden.text("lsf-nodes.sh")))
        let cores = LSFProvider(resources: .cores(perBlock: 100, perNode: 42), launcher: SimpleLauncher())
        #expect(LSFScript.render(cores, Self.plain) == (try Golden.text("lsf-cores.sh")))
        #expect(cores.blocks.nodesPerBlock == 3)
    }

    @Test("HTCondor: a description and a script")
    func condor() throws {
        let provider = CondorProvider(
            coresPerSlot: 4, memoryPerSlot: 1.5, environment: ["X": "a 'b' \"c\"", "Y": "$(HOME)"],
            project: "my \"own\"", transferInputFiles: ["/data/a b"], requirements: "(OpSys == \"LINUX\")",
            schedulerOptions: "+WantGPU = true\nrank = Memory", workerInit: "module load gcc",
            launcher: SimpleLauncher(), blocks: Self.blocks)
        #expect(CondorScript.render(provider, Self.awkward) == (try Golden.text("condor-most.submit")))
        #expect(CondorScript.script(provider, Self.awkward) == (try Golden.text("condor-most.sh")))
    }

    @Test("the least that can be said has no empty directive")
    func least() {
        let blocks = BlockParameters()
        let scripts = [
            GridEngineScript.render(GridEngineProvider(blocks: blocks), Self.plain),
            PBSScript.render(PBSProProvider(blocks: blocks), Self.plain),
            PBSScript.render(TorqueProvider(blocks: blocks), Self.plain),
            LSFScript.render(LSFProvider(blocks: blocks), Self.plain),
            CondorScript.render(CondorProvider(blocks: blocks), Self.plain),
        ]
        for script in scripts {
            #expect(!script.contains("walltime") && !script.contains("h_rt") && !script.contains("-W "))
            #expect(!script.contains("= \n") && !script.contains("Optional"))
        }
    }

    @Test("what cannot be a parameter is named")
    func faults() {
        let cases: [(any Provider, String)] = [
            (GridEngineProvider(queue: ""), "queue"), (GridEngineProvider(slots: 0), "slots"),
            (GridEngineProvider(blocks: BlockParameters(maxBlocks: 0)), "maxBlocks"),
            (PBSProProvider(account: "a\nb"), "account"), (PBSProProvider(cpusPerNode: 0), "cpusPerNode"),
            (PBSProProvider(selectOptions: "a\nb"), "selectOptions"), (TorqueProvider(queue: ""), "queue"),
            (TorqueProvider(coresPerNode: -1), "coresPerNode"), (TorqueProvider(statusBatchSize: 0), "statusBatchSize"),
            (LSFProvider(resources: .cores(perBlock: 0, perNode: 4)), "resources.perBlock"),
            (LSFProvider(resources: .cores(perBlock: 4, perNode: 0)), "resources.perNode"),
            (LSFProvider(project: ""), "project"), (LSFProvider(commandTimeout: .zero), "commandTimeout"),
            (CondorProvider(memoryPerSlot: 0), "memoryPerSlot"),
            (CondorProvider(commandChunkSize: 0), "commandChunkSize"),
            (CondorProvider(transferInputFiles: ["a,b"]), "transferInputFiles"),
            (CondorProvider(requirements: ""), "requirements"),
        ]
        for (provider, field) in cases {
            #expect(provider.fault?.hasPrefix(field) == true, "\(provider.label): \(provider.fault ?? "no fault")")
        }
        let sound: [any Provider] = [
            GridEngineProvider(), PBSProProvider(), TorqueProvider(), LSFProvider(), CondorProvider(),
        ]
        for provider in sound { #expect(provider.fault == nil) }
    }

    @Test("two providers are equal when all their values are, the launcher included")
    func equality() {
        #expect(PBSProProvider() == PBSProProvider())
        #expect(PBSProProvider() != PBSProProvider(launcher: SimpleLauncher()))
        #expect(CondorProvider() != CondorProvider(project: "x"))
        #expect(!PBSProProvider().isEqual(to: TorqueProvider()))
    }
}

import SystemSupport
import TestSupport
import Testing

extension RealSlurm {
    /// A file that `apus config init` wrote, as it is, on a real Slurm.
    @Suite("Ready-made files")
    struct SettingsFileTests {
        @Test("the file for Slurm places calls in a job, and a variable changes it")
        func slurm() throws {
            let folder = try TestFolder()
            #expect(try folder.apus("config", "init", "slurm").code == 0)
            let program = Built.products + "/ConfiguredProgram"
            let ran = try folder.execute(
                program, ["apus.yaml"],
                environment: [
                    "APUS_EXECUTORS_SLURM_WORKERS_PER_NODE": "1", "APUS_EXECUTORS_SLURM_STATUS_POLLING_INTERVAL": "5 s",
                    "APUS_EXECUTORS_SLURM_WORKER_INIT": "echo from a variable", "APUS_PROGRESS": "false",
                ])
            #expect(ran.output == "retries 0, another process\n", "\(ran.errors)")
            let log = try SmallFile.readText(folder.path + "/runinfo/000/slurm/blocks.log")
            #expect(log.contains("block 0 is job"), "\(log)")
            let script = try folder.execute("/bin/sh", ["-c", "cat runinfo/000/slurm/blocks/*.submit"]).output
            #expect(script.contains("echo from a variable") && script.contains("--time=00:30:00"), "\(script)")
        }
    }
}

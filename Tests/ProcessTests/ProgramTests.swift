import SystemSupport
import TestSupport
import Testing

/// Whole programs, other than the probe.
@Suite("Programs", .tags(.realProcess), .blocking, .serialized)
struct ProgramTests {
    @Test("apps in three files work when they are listed, and one that is not is refused by name")
    func spread() throws {
        let run = try ProbeRun([], program: "SpreadProgram")
        #expect(run.finish() == .exited(0))
        #expect(run.output.contains("number 42"))
        #expect(
            run.output.contains("app 'spread.forgotten' was declared after the workflow started; list it in `apps:`"))
    }

    @Test(
        "what a program links: libzmq, and neither SQLite nor a web server nor NIO",
        arguments: ["ProbeProgram", "apus"])
    func linkage(program: String) throws {
        let output = try Command.output("ldd", [Command.built(program)])
        #expect(output.contains("libzmq"))
        // The command reads YAML, with a library that needs all of Foundation.
        for unwanted in ["sqlite", "nio", "hummingbird"] + (program == "apus" ? [] : ["libFoundation.so"]) {
            #expect(!output.lowercased().contains(unwanted.lowercased()), "\(program) links \(unwanted)")
        }
    }

    @Test(
        "the command line refuses wrong usage with code 2 and says what is accepted",
        arguments: [
            (["perf", "--tasks", "0"], "1 or more is accepted"),
            (["perf", "--workers", "many"], "workers"),
            (["perf", "--payload", "9999999999"], "256 MiB"),
            (["interchange", "--parsl-version", "1"], "python-version"),
            (["interchange", "--parsl-version", "1", "--python-version", "three"], "such as 3.11"),
            (["manager"], "addresses"),
            (["manager", "-a", "127.0.0.1", "-P", "99999", "--cert_dir", "None"], "1 to 65535"),
            (["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "-m", "lots"], "positive number or None"),
            (
                ["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--cpu-affinity", "near"],
                "block-reverse"
            ),
            (
                ["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--cpu-affinity", "list:0:x"],
                "a range such as 4-7"
            ),
            (
                ["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--available-accelerators", "0,1"],
                "no blanks and no commas"
            ),
            (
                ["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--mpi-launcher", "mpirun"],
                "srun, aprun or mpiexec"
            ),
            (
                [
                    "manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--label", "gpu=a100", "--label",
                    "a b",
                ],
                "--label: 'a b' is no label"
            ),
            (
                ["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--label", "host=n1"],
                "each manager adds that itself"
            ),
            (["nonsense"], "nonsense"),
        ])
    func usage(arguments: [String], text: String) throws {
        let run = try ProbeRun(arguments, program: "apus")
        #expect(run.finish() == .exited(2))
        #expect(run.errors.contains(text), "\(run.errors)")
    }

    @Test("a manager that is started by hand joins a workflow, and calls that ask for its label run there")
    func managerByHand() throws {
        let run = try ProbeRun(["by-hand", "plain", "one"])
        #expect(run.waits(for: "waiting"), "\(run.errors)")
        let log = "runinfo/000/htex/interchange.log"
        let line = try #require(run.file(log).split(separator: "\n").first { $0.contains("managers connect to") })
        let port = try #require(line.split(separator: " ").last.map(String.init))
        let program = Command.built("ProbeProgram")
        let manager = try ProbeRun(
            [
                "manager", "-a", "127.0.0.1", "-P", port, "--cert_dir", "None", "-u", "hand", "-b", "hand",
                "--max_workers_per_node", "1", "--label", "gpu=a100", "--label", "fast", "--program", program,
            ], program: "apus")
        let isThere = eventually { run.file(log).contains("manager hand registered") }
        #expect(isThere, "\(run.file(log))\(manager.errors)")
        try SmallFile.write([], to: run.directory + "/go", mode: 0o644)
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        #expect(run.number("labelled ") == Int(manager.child.pid), "\(run.output)")
        #expect(run.output.contains("unlabelled true"), "\(run.output)")
        #expect(manager.finish() == .exited(0), "\(manager.output)\(manager.errors)")
    }

    @Test("a manager in MPI mode outside of a batch job says which variables would name its nodes")
    func mpiWithoutJob() throws {
        let run = try ProbeRun(
            ["manager", "-a", "127.0.0.1", "-P", "9", "--cert_dir", "None", "--enable_mpi_mode"], program: "apus")
        #expect(run.finish() == .exited(4))
        #expect(run.errors.contains("SLURM_NODELIST, PBS_NODEFILE"), "\(run.errors)")
    }

    @Test("an interchange without a configuration says what it reads")
    func interchangeWithoutConfiguration() throws {
        let run = try ProbeRun(
            ["interchange", "--parsl-version", "1", "--python-version", "3.11"], program: "apus")
        #expect(run.finish() == .exited(2))
        #expect(run.errors.contains("one pickled dict"))
    }

    @Test("the version and the help are where people look for them")
    func help() throws {
        let version = try ProbeRun(["--version"], program: "apus")
        #expect(version.finish() == .exited(0))
        #expect(version.output.hasPrefix("apus 0."))
        let help = try ProbeRun(["help", "interchange"], program: "apus")
        #expect(help.finish() == .exited(0))
        #expect(help.output.contains("interchange.py"))
    }

    @Test("perf measures the whole path", arguments: ["--curve", "--no-curve"])
    func perf(encryption: String) throws {
        let run = try ProbeRun(
            [
                "perf", "--tasks", "300", "--sequential", "20", "--payload", "100", "--returns", "10", "--json",
                encryption,
            ],
            program: "apus")
        #expect(run.finish() == .exited(0))
        for field in [
            "tasks_per_second", "latency_median_us", "latency_p99_us", "encryption", "submit", "interchange", "manager",
            "workers", "cpu_us_per_task", "peak_rss_bytes",
        ] {
            #expect(run.output.contains("\"\(field)\""), "\(field) is missing")
        }
    }
}

import DataFlow
import HighThroughput
import Launch
import Provisioning
import TestSupport
import Testing
import WorkflowCore

@testable import ConfigurationFiles

/// Executors in files: several of them, and blocks of schedulers.
@Suite("Executors in files", .paced)
struct ExecutorTests {
    private func load(
        _ text: String, environment: [String: String] = [:], providers: [any DescribedProvider.Type]? = []
    ) throws -> LoadedSettings {
        let folder = try TestFolder()
        try folder.write("apus.yaml", text)
        return try LoadedSettings.load(
            file: folder.path + "/apus.yaml", environment: environment, providers: providers)
    }

    /// All that is wrong with a file, one mistake a line, without its folder.
    private func problems(
        _ text: String, environment: [String: String] = [:], providers: [any DescribedProvider.Type]? = []
    ) throws -> String {
        let error = #expect(throws: ConfigurationFileError.self) {
            try load(text, environment: environment, providers: providers)
        }
        return error.map { "\($0)".replacing(#/\/tmp\/apus-test-\w+\//#, with: "") } ?? ""
    }

    private func provider<Code: Provider>(_ loaded: LoadedSettings, _ index: Int = 0) throws -> Code {
        guard case .processes(let processes) = loaded.configuration.executors[index].placement else {
            throw WorkflowTestError.noProvider
        }
        return try #require(processes.provider as? Code)
    }

    private enum WorkflowTestError: Error { case noProvider }

    private static let two = """
        maxUnfinishedTasks: 500
        executors:
          small:
            kind: threads
            threads: 3
          big:
            kind: slurm
            partition: batch
            memoryPerNode: 1.5 GiB
            nodesPerBlock: 2
            maxBlocks: 4
            parallelism: 0.25
            walltime: 2 h
            workersPerNode: 8
            maxUnfinishedTasks: 50
            workerInit: |
              module load gcc
              ulimit -c 0
            launcher: srunMPI
            launcherOptions: --mem=0

        """

    @Test("several executors keep their order, labels and settings")
    func several() throws {
        let loaded = try load(Self.two)
        var slurm = SlurmProvider(
            partition: "batch", memoryPerNode: 1.5, workerInit: "module load gcc\nulimit -c 0\n",
            launcher: SrunMPILauncher(overrides: "--mem=0"))
        slurm.blocks = BlockParameters(nodesPerBlock: 2, maxBlocks: 4, parallelism: 0.25, walltime: .seconds(7200))
        let big = HighThroughputConfiguration(label: "big", provider: slurm, workersPerNode: 8)
        var expected = WorkflowConfiguration(executors: [
            .threads("small", 3), ExecutorConfiguration("big", .processes(big), maxUnfinishedTasks: 50),
        ])
        expected.maxUnfinishedTasks = 500
        #expect(loaded.configuration == expected)

        // What a script is handed says the same, and replaces all of the script's executors.
        var script = WorkflowConfiguration(executors: [.threads("a"), .threads("b"), .threads("c")])
        try loaded.handed.apply(to: &script)
        #expect(script == expected)
    }

    @Test("variables reach each executor, and show their names")
    func variables() throws {
        let environment = [
            "APUS_EXECUTORS_BIG_MAX_BLOCKS": "9", "APUS_EXECUTORS_SMALL_THREADS": "1",
            "APUS_EXECUTORS_BIG_PARTITION": "debug", "APUS_EXECUTORS_BIG_WALLTIME": "unlimited",
        ]
        let loaded = try load(Self.two, environment: environment)
        let slurm: SlurmProvider = try provider(loaded, 1)
        #expect(slurm.blocks.maxBlocks == 9 && slurm.blocks.walltime == nil && slurm.partition == "debug")
        #expect(loaded.configuration.executors[0].placement == .threads(1, throughCodec: false))
        let sources = Dictionary(uniqueKeysWithValues: loaded.entries.map { ($0.path, $0.source) })
        #expect(sources["executors.big.maxBlocks"] == .environment("APUS_EXECUTORS_BIG_MAX_BLOCKS"))
        #expect(sources["executors.small.kind"] != .fallback)
        #expect(SettingsListing.text(loaded).contains(#/(?m)^executors\.big\.maxBlocks: 9 +# APUS_EXECUTORS_BIG_MAX/#))
        let wrong = try problems(Self.two, environment: ["APUS_EXECUTORS_BIG_MAXBLOCKS": "9"])
        #expect(wrong.contains("did you mean APUS_EXECUTORS_BIG_MAX_BLOCKS?"), "\(wrong)")
    }

    @Test("an executor that the file does not name is not added by a variable")
    func noNewExecutor() throws {
        let wrong = try problems(Self.two, environment: ["APUS_EXECUTORS_HUGE_KIND": "slurm"])
        #expect(wrong.contains("APUS_EXECUTORS_HUGE_KIND: error:"), "\(wrong)")
    }

    /// The settings of an executor, with a ^ before the wrong place, and words of the message.
    static let wrong: [(settings: String, words: String)] = [
        ("kind: slurm, ^partitoin: x", "there is no key 'partitoin' of kind slurm; did you mean 'partition'?"),
        ("kind: slurm, ^threads: 2", "it belongs to kind threads"),
        ("kind: slurm, ^queue: x", "it belongs to kind gridEngine, pbsPro, torque, lsf"),
        ("kind: slurm, nodesPerBlock: ^0", "nodesPerBlock is 0; it takes a whole number from 1"),
        ("kind: slurm, maxBlocks: 1, ^minBlocks: 2", "executors.a: minBlocks is 2, above maxBlocks"),
        ("kind: slurm, ^initBlocks: 3", "executors.a: initBlocks is 3, above maxBlocks, which is 1"),
        ("kind: slurm, parallelism: ^1.5", "it takes a number from 0 to 1"),
        ("kind: slurm, parallelism: ^1e-1", "it takes a number from 0 to 1"),
        ("kind: slurm, parallelism: ^.5", "it takes a number from 0 to 1"),
        ("kind: slurm, parallelism: ^\"1\"", "the text '1' in quotes"),
        ("kind: slurm, walltime: ^30", "it takes `unlimited` or a duration"),
        ("kind: slurm, walltime: ^0 s", "1 s or longer"),
        ("kind: slurm, memoryPerNode: ^64", "a size such as `64 MiB`"),
        ("kind: slurm, exclusive: ^maybe", "`true` or `false`"),
        ("kind: slurm, ^partition: \"a\\nb\"", "executors.a: partition is"),
        ("kind: slurm, launcher: ^sruun", "`mpirun` or `gnuParallel`"),
        ("kind: slurm, launcher: simple, ^launcherOptions: x", "does not take it; it belongs to `wrapped`, `srun`"),
        ("kind: slurm, ^launcherBindOption: x", "the launcher `srun` does not take it; it belongs to `mpiexec`"),
        ("kind: torque, ^launcherShell: /bin/sh", "the launcher `singleNode` does not take it"),
        ("kind: slurm, ^launcher: wrapped", "launcherOptions does not say in what"),
        ("kind: slurm, workersPerNode: ^0", "`automatic` or a whole number from 1 to 4096"),
        ("kind: slurm, ^workers: 2", "it belongs to kind local"),
        ("kind: slurm, ^heartbeatThreshold: 1 s", "shorter than the threshold"),
        ("kind: slurm, commandTimeout: ^0 s", "10 ms or longer"),
        ("kind: local, affinity: ^near", "`none`, `block`, `block-reverse`, `alternating` or lists such as"),
        ("kind: local, affinity: ^\"list:a\"", "lists such as `list:0-3:4-7`"),
        ("kind: local, coresPerWorker: ^0", "`automatic` or a number from 0.001 to 4096"),
        ("kind: slurm, ^accelerators: [\"a b\"]", "a name has no blanks and no commas"),
        (
            "kind: slurm, nodeLabels: ^[a, \"b c\"]",
            "a list in which 'b c' is no label; a label is a word or key=value of"
        ),
        ("kind: local, nodeLabels: ^host=n1", "it takes `none` or a list of labels such as `[gpu=a100, fast-disk]`"),
        (
            "kind: slurm, blockErrorHandler: ^sometimes",
            "it takes `simple`, `none`, `failedStarts N` or `windowed N`, where N is 1 or more"
        ),
        ("kind: slurm, blockErrorHandler: ^windowed 0", "`windowed N`, where N is 1 or more"),
        ("kind: slurm, blockErrorHandler: ^windowed", "`windowed N`, where N is 1 or more"),
        ("kind: slurm, blockErrorHandler: ^failedStarts -1", "where N is 1 or more"),
        ("kind: slurm, blockErrorHandler: ^failedStarts 2 3", "where N is 1 or more"),
        ("kind: local, ^blockErrorHandler: none", "it belongs to kind "),
        ("kind: slurm, strategy: ^eager", "it takes `none`, `simple` or `auto`"),
        ("^kind: ssh", "executors.a: hosts is not set"),
        ("kind: ssh, ^hosts: [a, a]", "hosts names a twice"),
        ("kind: ssh, ^hosts: [-oProxyCommand=x]", "it is a word that begins with no hyphen"),
        ("kind: ssh, ^hosts: [a, b], nodesPerBlock: 2, maxBlocks: 2", "blocks can be 2 of 2 hosts each"),
        ("kind: ssh, hosts: [a], executable: ^linked", "it takes `shared` or `copied`"),
        ("kind: ssh, hosts: [a], ^workingDirectory: here", "it is a path from the root"),
        ("kind: gridEngine, ^slots: 4", "slots is set without parallelEnvironment"),
        ("kind: pbsPro, cpusPerNode: ^0", "a whole number from 1"),
        ("kind: lsf, ^coresPerBlock: 4", "coresPerBlock is set without coresPerNode"),
        ("kind: lsf, ^coresPerNode: 4", "coresPerNode is set without coresPerBlock"),
        ("kind: lsf, coresPerBlock: 4, coresPerNode: 2, ^nodesPerBlock: 2", "nodesPerBlock is set, and follows"),
        ("kind: condor, environment: ^[A]", "it takes `none` or a list such as `[NAME=value, OTHER=value]`"),
        ("kind: condor, environment: ^[A=1, A=2]", "each name once"),
        ("kind: condor, environment: ^[9A=1]", "each name once"),
        ("kind: condor, transferInputFiles: ^[/nonexistent]", "cannot be read"),
        ("^kind: kubernetes", "executors.a: image is not set"),
        ("^kind: kubernetes, image: x", "kind kubernetes needs the product Kubernetes:"),
        ("kind: threads, maxUnfinishedTasks: ^0", "`automatic` or a whole number, 1 or more"),
    ]

    @Test("what cannot be used is refused with its place", arguments: wrong.indices)
    func refused(index: Int) throws {
        let (settings, words) = Self.wrong[index]
        let line = "  a: {\(settings)}"
        let column = line.prefix { $0 != "^" }.count + 1
        let found = try problems("executors:\n\(line.replacing("^", with: ""))\n")
        #expect(found.hasPrefix("apus.yaml:2:\(column): error: "), "\(settings) gave \(found)")
        #expect(found.contains(words), "\(found)")
        #expect(!found.contains("\n"), "\(found)")
    }

    @Test("mistakes of several executors are reported together")
    func together() throws {
        let found = try problems("executors:\n  a: {kind: slurm, initBlocks: 3}\n  b: {kind: lsf, coresPerNode: 2}\n")
        let lines = found.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(lines == ["apus.yaml:2:20:", "apus.yaml:3:18:"], "\(found)")
    }

    @Test("the processors of LSF say how many nodes a block has")
    func processors() throws {
        let loaded = try load("executors:\n  a: {kind: lsf, coresPerBlock: 10, coresPerNode: 4}\n")
        let lsf: LSFProvider = try provider(loaded)
        #expect(lsf == LSFProvider(resources: .cores(perBlock: 10, perNode: 4)))
        #expect(lsf.blocks.nodesPerBlock == 3)
    }

    @Test("hosts of ssh are blocks of their own, unless the file says otherwise")
    func hosts() throws {
        let loaded = try load(
            "executors:\n  a: {kind: ssh, hosts: [n1, me@n2:22], executable: copied, options: [-4]}\n")
        let ssh: SSHProvider = try provider(loaded)
        #expect(ssh == SSHProvider(hosts: ["n1", "me@n2:22"], executable: .copied(), options: ["-4"]))
        #expect(ssh.blocks.maxBlocks == 2)
        let one: SSHProvider = try provider(
            load("executors:\n  a: {kind: ssh, hosts: [n1, n2], initBlocks: 0, maxBlocks: 1, nodesPerBlock: 2}\n"))
        #expect(one.blocks == BlockParameters(nodesPerBlock: 2, initBlocks: 0, maxBlocks: 1))
    }

    @Test("variables of jobs may be secret: they are read, and never shown")
    func secrets() throws {
        let text = "executors:\n  a: {kind: condor, environment: [TOKEN=hunter2, EMPTY=]}\n"
        let loaded = try load(text)
        let condor: CondorProvider = try provider(loaded)
        #expect(condor.environment == ["TOKEN": "hunter2", "EMPTY": ""])
        let shown = SettingsListing.text(loaded) + SettingsListing.json(loaded)
        #expect(!shown.contains("hunter2") && shown.contains("executors.a.environment: ********"))
        let found = try problems(text.replacing("TOKEN=", with: "TO KEN="))
        #expect(!found.contains("hunter2"), "\(found)")
    }

    @Test("each launcher is made with its options", arguments: LauncherCase.all)
    func launchers(of launch: LauncherCase) throws {
        let loaded = try load("executors:\n  a: {kind: pbsPro, launcher: \(launch.settings)}\n")
        let pbs: PBSProProvider = try provider(loaded)
        #expect(pbs.launcher.isEqual(to: launch.launcher))
    }

    /// A launcher in a file and in code.
    struct LauncherCase: Sendable, CustomTestStringConvertible {
        var settings: String
        var launcher: any Launcher
        var testDescription: String { settings }

        static let all: [Self] = [
            .init(settings: "simple", launcher: SimpleLauncher()),
            .init(settings: "singleNode, launcherFailsOnAny: true", launcher: SingleNodeLauncher(failsOnAny: true)),
            .init(
                settings: "wrapped, launcherOptions: podman run x", launcher: WrappedLauncher(prefix: "podman run x")),
            .init(settings: "srun, launcherOptions: -v", launcher: SrunLauncher(overrides: "-v")),
            .init(settings: "srunMPI", launcher: SrunMPILauncher()),
            .init(settings: "aprun, launcherOptions: -v", launcher: AprunLauncher(overrides: "-v")),
            .init(settings: "jsrun, launcherOptions: -v", launcher: JsrunLauncher(overrides: "-v")),
            .init(
                settings: "mpiexec, launcherBindOption: -bind, launcherOptions: -v",
                launcher: MpiExecLauncher(bindOption: "-bind", overrides: "-v")),
            .init(
                settings: "mpirun, launcherOptions: -v, launcherShell: /bin/sh",
                launcher: MpiRunLauncher(shellPath: "/bin/sh", overrides: "-v")),
            .init(settings: "gnuParallel", launcher: GnuParallelLauncher()),
        ]
    }

    /// A provider as another product would bring it.
    private struct Pods: DescribedProvider {
        static var kind: String { "kubernetes" }
        var description: ProviderDescription
        var label: String { "pods" }
        var blocks: BlockParameters { description.blocks }

        init(_ description: ProviderDescription) throws {
            if description.text("image") == "bad" {
                throw ProviderError(.badParameter, "image is bad; name another one")
            }
            self.description = description
        }

        func submit(_ job: JobRequest) async throws -> JobID { JobID("0") }
        func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] { [:] }
        func cancel(_ jobs: [JobID]) async throws {}
    }

    @Test("a provider of another product gets what the file says of it")
    func described() throws {
        let text = """
            executors:
              pods: {kind: kubernetes, image: "example.org/x:1", maxBlocks: 3, workerInit: echo, workersPerNode: 2}

            """
        let loaded = try load(text, providers: [Pods.self])
        let pods: Pods = try provider(loaded)
        #expect(pods.description.text("image") == "example.org/x:1" && pods.description.text("namespace") == nil)
        #expect(pods.blocks.maxBlocks == 3 && pods.description.workerInit == "echo")
        #expect(loaded.configuration.fault == nil)

        let bad = try problems(text.replacing("example.org/x:1", with: "bad"), providers: [Pods.self])
        #expect(bad == "apus.yaml:2:28: error: executors.pods: image is bad; name another one", "\(bad)")

        // A mere check needs no product; a program that is handed the file without it refuses it at its start.
        let checked = try load(text, providers: nil)
        var script = WorkflowConfiguration.threads(1)
        try checked.handed.apply(to: &script)
        #expect(script.fault?.contains("needs the product Kubernetes:") == true)

        // One that knows the provider gets it; what the provider does not take ends the program before it begins.
        var program = WorkflowConfiguration.threads(1).knowing([Pods.self])
        try checked.handed.apply(to: &program)
        #expect(program.fault == nil)
        guard case .processes(let processes) = program.placement else {
            Issue.record("no processes")
            return
        }
        let made = try #require(processes.provider as? Pods)
        #expect(made.description == pods.description)
        let refused = try load(text.replacing("example.org/x:1", with: "bad"), providers: nil)
        let error = #expect(throws: WorkflowError.self) { try refused.handed.apply(to: &program) }
        #expect(error?.message.contains("the executor 'pods': image is bad") == true, "\(error?.message ?? "")")
    }

    @Test("values of a description are found by key and type")
    func values() {
        var description = ProviderDescription(kind: "x")
        description.values = [
            "flag": .flag(true), "count": .integer(3), "part": .number(0.5), "name": .text("n"),
            "time": .duration(.seconds(1)), "labels": .texts(["A=1", "B=x=y", "A=2"]),
        ]
        #expect(description.flag("flag") == true && description.flag("count") == nil)
        #expect(description.integer("count") == 3 && description.number("count") == 3)
        #expect(description.number("part") == 0.5 && description.integer("part") == nil)
        #expect(description.text("name") == "n" && description.text("labels") == nil)
        #expect(description.duration("time") == .seconds(1) && description.duration("none") == nil)
        #expect(description.texts("labels").count == 3 && description.texts("name").isEmpty)
        #expect(description.assignments("labels") == ["A": "1", "B": "x=y"])
    }
}

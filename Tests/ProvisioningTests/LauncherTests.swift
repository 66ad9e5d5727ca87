import Glibc
import Provisioning
import SystemSupport
import TestSupport
import Testing

@Suite("Launchers", .paced)
struct LauncherTests {
    /// Each launcher with a command that needs quoting, twice on each of three nodes.
    static let all: [(name: String, launcher: any Launcher)] = [
        ("simple", SimpleLauncher()), ("single-node", SingleNodeLauncher()),
        ("single-node-any", SingleNodeLauncher(failsOnAny: true)), ("srun", SrunLauncher(overrides: "--mpi=none")),
        ("srun-mpi", SrunMPILauncher()), ("aprun", AprunLauncher(overrides: "-b")), ("jsrun", JsrunLauncher()),
        ("mpiexec", MpiExecLauncher(overrides: "-v")), ("mpirun", MpiRunLauncher()),
        ("gnu-parallel", GnuParallelLauncher()), ("wrapped", WrappedLauncher(prefix: "apptainer exec image.sif")),
    ]

    @Test("the text is that of the golden file, and bash can read it", arguments: all.map(\.name))
    func golden(_ name: String) throws {
        let launcher = try #require(Self.all.first { $0.name == name }?.launcher)
        let text = launcher.script(command: "run 'it' \"$HOME\"", tasksPerNode: 2, nodesPerBlock: 3)
        #expect(text == (try Golden.text("launcher-\(name).sh")))
        #expect(try Self.run(text, "-n").status == .exited(0))
    }

    @Test("all copies run on this machine, and the script waits for them")
    func copies() throws {
        let script = SingleNodeLauncher().script(command: "echo \"copy $apus_copy\"", tasksPerNode: 2, nodesPerBlock: 2)
        let (status, output) = try Self.run(script)
        #expect(status == .exited(0))
        #expect(output.split(separator: "\n").sorted() == ["copy 0", "copy 1", "copy 2", "copy 3"])
    }

    @Test(
        "one failed copy fails the script only when it is told so; all failed copies do in any case",
        arguments: [
            (false, "[ $apus_copy != 1 ] || exit 9", 0), (true, "[ $apus_copy != 1 ] || exit 9", 9),
            (false, "exit 9", 9), (true, "exit 9", 9), (true, "true", 0),
        ] as [(Bool, String, Int32)])
    func failures(_ any: Bool, _ command: String, _ status: Int32) throws {
        let script = SingleNodeLauncher(failsOnAny: any).script(
            command: "(\(command))", tasksPerNode: 3, nodesPerBlock: 1)
        #expect(try Self.run(script).status == .exited(status))
    }

    @Test("a prefix goes before the command")
    func wrapped() throws {
        let script = WrappedLauncher(prefix: "env WRAPPED=yes").script(
            command: "bash -c 'echo $WRAPPED'", tasksPerNode: 1, nodesPerBlock: 1)
        #expect(try Self.run(script).output == "yes\n")
    }

    /// Programs of launchers, and how to find out that the right one is there.
    private static let programs: [(name: String, launcher: any Launcher, check: String)] = [
        ("gnu-parallel", GnuParallelLauncher(), "parallel --version | grep 'GNU parallel'"),
        ("mpiexec", MpiExecLauncher(), "mpiexec --version | grep HYDRA"),
        ("mpirun", MpiRunLauncher(), "mpirun --version | grep 'Open MPI'"),
    ]

    @Test("where its program is installed, a launcher starts all copies", arguments: programs.map(\.name))
    func really(_ name: String) throws {
        let (_, launcher, check) = try #require(Self.programs.first { $0.name == name })
        guard try Self.run(check).status == .exited(0) else { return }
        let folder = try TemporaryDirectory()
        // GNU parallel takes ':' for this machine, which needs no sshd.
        let host = name == "gnu-parallel" ? ":" : "localhost"
        let prelude = """
            cd '\(folder.path)'; mkdir home; export HOME="$PWD/home" PBS_NODEFILE="$PWD/hosts" GREETING=hello
            echo \(host) >hosts; export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

            """
        let script = launcher.script(command: "echo \"$GREETING from a copy\"", tasksPerNode: 2, nodesPerBlock: 1)
        let (status, output) = try Self.run(prelude + "{\n" + script + "} </dev/null")
        #expect(status == .exited(0), "\(output)")
        #expect(output.split(separator: "\n").count { $0 == "hello from a copy" } == 2, "\(output)")
    }

    static func run(
        _ script: String, _ options: String...
    ) throws -> (status: SystemSupport.ExitStatus, output: String) {
        let output = try MemoryFile("output")
        let child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: "/bin/bash", arguments: ["bash"] + options, standardInput: .bytes(Array(script.utf8)),
                standardOutput: .descriptor(output.descriptor), standardError: .descriptor(output.descriptor)))
        let status = child.wait()
        return (status, String(decoding: output.read(limit: 1 << 20), as: UTF8.self))
    }
}

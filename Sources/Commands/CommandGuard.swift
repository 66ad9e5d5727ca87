package import SystemSupport

/// A process that kills a command's group when the process that runs the command ends in any way, SIGKILL included.
///
/// A small shell in a group of its own that waits for the end of a stream, whose other end only this process holds.
package final class CommandGuard {
    /// `kill -KILL -- -N` is not understood by every `sh`; this form is that of POSIX.
    private static let script = "trap '' HUP INT TERM; read -r _ <&3; kill -s KILL -- \"-$1\""

    private let child: ChildProcess
    private let lifeline: Int32

    /// Starts a guard of that group.
    package init(group: Int32) throws(SystemError) {
        let (mine, theirs) = try StreamPair.make()
        defer { DescriptorIO.close(theirs) }
        do throws(SystemError) {
            child = try ChildProcess(
                spawning: ChildProcess.Options(
                    executable: "/bin/sh", arguments: ["apus-guard", "-c", Self.script, "apus-guard", "\(group)"],
                    environment: [:], workingDirectory: "/", standardOutput: .null, standardError: .null,
                    extraDescriptors: [(child: 3, parent: theirs)]))
        } catch {
            DescriptorIO.close(mine)
            throw error
        }
        lifeline = mine
    }

    /// Dismisses the guard, and reaps it.
    deinit {
        // Killed before it can see the end of its stream: the group's number may be another's by now.
        child.teardown([])
        DescriptorIO.close(lifeline)
    }
}

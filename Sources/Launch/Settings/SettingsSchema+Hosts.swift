import HighThroughput
import Provisioning

extension SSHProvider: BlockProvider {}

extension SettingsSchema {
    /// Hosts that are reached by ssh.
    static let ssh: ExecutorKind = {
        let code = SSHProvider(hosts: [])
        let keys = ProviderKeys(code: code)
        return ExecutorKind(
            "ssh", "Worker processes on hosts that are reached by `ssh`, without any scheduler.",
            settings: [
                keys.setting(
                    "hosts",
                    SettingType(words: ["none"], .items("a list of hosts such as `[node1, me@node2:2222]`")),
                    .word("none"),
                    "The hosts, which have to be named; without `initBlocks` and `maxBlocks` each is a block of its own."
                ) { value, provider in
                    guard case .list(let names) = value else { return }
                    provider.hosts = names.map { SSHHost(parsing: $0) }
                    provider.blocks.initBlocks = names.count
                    provider.blocks.maxBlocks = max(1, names.count)
                },
                keys.setting(
                    "executable", SettingType(words: ["shared", "copied"]), .word("shared"),
                    "Whether hosts see the program under the same path, or get a copy that they keep."
                ) { value, provider in
                    provider.executable = value == .word("copied") ? .copied() : .shared
                },
                keys.text(
                    "workingDirectory", \.workingDirectory, "a path from the root",
                    "Where tasks run when the program is copied; `automatic` is the job's directory on its host."),
                keys.text(
                    "remoteDirectory", \.remoteDirectory, "a path from the root",
                    "Where jobs keep their logs on the hosts; `automatic` is below the directory for temporary files."),
                keys.setting(
                    "options",
                    SettingType(words: ["none"], .items("a list of arguments such as `[-F, /home/me/ssh.config]`")),
                    .word("none"), "Further arguments of `ssh`."
                ) { value, provider in
                    if case .list(let words) = value { provider.options = words } else { provider.options = [] }
                },
                keys.setting(
                    "sshProgram", SettingType(.text("a program")), .text(code.sshProgram), "The program `ssh`."
                ) { value, provider in
                    if case .text(let path) = value { provider.sshProgram = path }
                },
                keys.duration("connectTimeout", \.connectTimeout, "How long a connection may take to come about."),
                keys.duration("commandTimeout", \.commandTimeout, "How long one command on a host may take."),
                keys.duration("copyTimeout", \.copyTimeout, "How long the copy of the program may take."),
                keys.setting(
                    "connectionSharing", SettingType(words: ["none"], .duration(atLeast: .seconds(1))),
                    .word("none"),
                    "How long a connection is kept for the next command; `none` makes a new one for each."
                ) { value, provider in
                    if case .duration(let time) = value {
                        provider.connectionSharing = time
                    } else {
                        provider.connectionSharing = nil
                    }
                },
                keys.count(
                    "silenceLimit", \.silenceLimit,
                    "Questions in a row that a host leaves unanswered, after which its job counts as lost."),
                keys.duration("grace", \.grace, "How long a manager may take to end before it is killed."),
            ],
            groups: [blocks(of: code), blockProcesses, everyExecutor],
            starters: [("hosts", .list(["node1", "node2"]))],
            check: { $0["hosts"] == nil ? "hosts is not set; name at least one host" : nil },
            placement: { .processes(HighThroughputConfiguration(label: $0, provider: code)) })
    }()
}

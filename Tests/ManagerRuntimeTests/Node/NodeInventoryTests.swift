import Glibc
import SystemSupport
import TestSupport
import Testing

@testable import ManagerRuntime

@Suite("What of its node a manager may use", .paced)
struct NodeInventoryTests {
    private static let gibibyte = 1_073_741_824.0

    /// A folder with files as the kernel shows them.
    private func folder(_ files: [String: String]) throws -> String {
        var template = Array("/tmp/apus-node-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, text) in files {
            var path = root
            for part in name.split(separator: "/").dropLast() {
                path += "/\(part)"
                mkdir(path, 0o700)
            }
            try SmallFile.write(Array(text.utf8), to: "\(root)/\(name)", mode: 0o600)
        }
        return root
    }

    @Test("the least limit of a group and those above it holds, in the new hierarchy")
    func unified() throws {
        let root = try folder([
            "proc/self/cgroup": "0::/slurm/job_7/step_0\n",
            "sys/fs/cgroup/slurm/memory.max": "max\n",
            "sys/fs/cgroup/slurm/job_7/memory.max": "2147483648\n",
            "sys/fs/cgroup/slurm/job_7/step_0/memory.max": "4294967296\n",
            "sys/fs/cgroup/slurm/job_7/cpu.max": "250000 100000\n",
            "sys/fs/cgroup/slurm/job_7/step_0/cpu.max": "max 100000\n",
        ])
        defer { Removal.remove(root) }
        let group = ControlGroup.current(root: root)
        #expect(group.memory?.value == 2 * Self.gibibyte)
        #expect(group.memory?.path.hasSuffix("job_7/memory.max") == true)
        #expect(group.processors?.value == 2.5)
    }

    @Test("and in the old one, where a very large number is no limit")
    func legacy() throws {
        let root = try folder([
            "proc/self/cgroup": "9:memory:/job\n5:cpu,cpuacct:/job\n1:name=systemd:/x\n",
            "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "1073741824\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "150000\n",
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
        ])
        defer { Removal.remove(root) }
        let group = ControlGroup.current(root: root)
        #expect(group.memory?.value == Self.gibibyte)
        #expect(group.processors?.value == 1.5)
    }

    @Test("files that are missing or hold no numbers are no limits")
    func garbage() throws {
        let root = try folder([
            "proc/self/cgroup": "no colon\n0::/a\n", "sys/fs/cgroup/a/memory.max": "much\n",
            "sys/fs/cgroup/a/cpu.max": "\n",
        ])
        defer { Removal.remove(root) }
        #expect(ControlGroup.current(root: root) == ControlGroup())
        #expect(ControlGroup.current(root: "\(root)/nowhere") == ControlGroup())
    }

    @Test("the least of affinity, control group and free memory counts, and the batch script's numbers before all")
    func inventory() {
        let group = ControlGroup(
            memory: .init(value: 2 * Self.gibibyte, path: "/g/memory.max"),
            processors: .init(value: 1.5, path: "/g/cpu.max"))
        let limited = NodeInventory(
            processors: [0, 1, 2, 5], free: 8 * Self.gibibyte, group: group, variable: { _ in nil })
        #expect(limited.cores == 1.5)
        #expect(limited.memory == 2 * Self.gibibyte)
        #expect(
            limited.sources
                == "4 processors (0-2,5), of which 1.5 may be used (/g/cpu.max), 2 GiB of memory (/g/memory.max)")
        let told = NodeInventory(
            processors: [0, 1, 2, 5], free: 8 * Self.gibibyte, group: group,
            variable: { ["PARSL_CORES": "3", "PARSL_MEMORY_GB": "0.5"][$0] })
        #expect(told.cores == 3)
        #expect(told.memory == Self.gibibyte / 2)
        #expect(told.sources.contains("PARSL_CORES") && told.sources.contains("PARSL_MEMORY_GB"))
        let free = NodeInventory(
            processors: [0], free: Self.gibibyte, group: group,
            variable: { ["PARSL_CORES": "many", "PARSL_MEMORY_GB": "-1"][$0] })
        #expect(free.cores == 1)
        #expect(free.memory == Self.gibibyte)
    }

    @Test(
        "the log says which bound decided the number of workers",
        arguments: [
            (WorkerSizing(maximumWorkers: 3), 0, 3, "given"), (WorkerSizing(), 0, 8, "1 processor for each"),
            (WorkerSizing(memoryPerWorker: 5), 0, 3, "5 GiB"), (WorkerSizing(), 2, 2, "accelerator"),
            (WorkerSizing(coresPerWorker: 20), 0, 1, "not even one fits"),
        ])
    func reasons(sizing: WorkerSizing, accelerators: Int, count: Int, text: String) {
        let bound = sizing.bound(cores: 8, memoryGiB: 16, accelerators: accelerators)
        #expect(bound.count == count)
        #expect(bound.reason.contains(text))
    }
}

/// Removes folders of tests.
enum Removal {
    static func remove(_ folder: String) {
        _ = try? ChildProcess(
            spawning: .init(
                executable: "/bin/rm", arguments: ["rm", "-rf", folder], standardOutput: .null, standardError: .null)
        ).wait()
    }
}

@preconcurrency import Glibc  // why: `stdout` and `stderr` are variables there
import PickleCoding
import SystemSupport
import WorkflowCore

/// What a probe can do.
enum ProbeTasks {
    struct Refusal: Error, Codable {
        var reason: String
    }

    struct Opaque: Error, CustomStringConvertible {
        let description = "an error without a coding"
    }

    struct Unencodable: Encodable {
        func encode(to encoder: any Encoder) throws { throw Opaque() }
    }

    static let table: TaskTable = {
        var table = TaskTable()
        let none: [UInt8] = [0x80, 0x04, 0x4e, 0x2e]
        func add(_ name: String, _ body: @escaping TaskDefinition.EncodedBody) {
            let signature = TaskSignature(parameters: ["[Int]"], result: "Any")
            do {
                try table.add(TaskDefinition(name: name, version: 1, signature: signature, body: body))
            } catch {
                preconditionFailure("\(error)")
            }
        }

        add("nothing") { _ in none }
        add("sum") { try encoded(try numbers($0).reduce(0, +)) }
        add("exit") { exit(Int32(try numbers($0)[0])) }
        add("fatal") { _ in fatalError("the probe gives up") }
        add("spin") { _ in
            var number: UInt64 = 1
            while number != 0 { number = number &* 6_364_136_223_846_793_005 | 1 }
            return none
        }
        add("block") { arguments in
            usleep(UInt32(try numbers(arguments)[0]) * 1000)
            return none
        }
        add("suspend") { arguments in
            try await Task.sleep(for: .milliseconds(try numbers(arguments)[0]))
            return none
        }
        add("untilCancelled") { _ in
            while !Task.isCancelled {}
            return none
        }
        add("nested") { arguments in
            let milliseconds = try numbers(arguments)[0]
            async let child: Void = Task.sleep(for: .milliseconds(milliseconds))
            try await child
            return none
        }
        add("mainActor") { _ in
            let answer = await MainActor.run { 42 }
            return try encoded(answer)
        }
        add("threads") { _ in
            let own = ThreadName.current
            await Task.yield()
            async let child = ThreadName.current
            return try encoded([own, ThreadName.current, await child])
        }
        add("refuse") { _ in
            fputs("about to refuse\n", stderr)
            throw Refusal(reason: "too small")
        }
        add("opaque") { _ in throw Opaque() }
        add("unencodable") { _ in try encoded(Unencodable()) }
        add("print") { arguments in
            print("printed \(try numbers(arguments)[0])")
            fputs("complained\n", stderr)
            return none
        }
        add("chatter") { arguments in
            print("still here")
            usleep(UInt32(try numbers(arguments)[0]) * 1000)
            return none
        }
        add("pid") { _ in try encoded(Int(getpid())) }
        add("place") { _ in
            var buffer = [CChar](repeating: 0, count: 4096)
            let directory = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? ""
            let names = [
                "PARSL_WORKER_RANK", "PARSL_WORKER_COUNT", "PARSL_WORKER_POOL_ID", "PARSL_WORKER_BLOCK_ID", "APUS_ROLE",
                "PROBE_VARIABLE",
            ]
            return try encoded([directory] + names.map { EnvironmentVariables.get($0) ?? "-" })
        }
        add("binding") { _ in
            let names = [
                "OMP_NUM_THREADS", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
                "ZE_AFFINITY_MASK", "ZE_ENABLE_PCI_ID_DEVICE_ORDER", "APUS_ACCELERATORS",
            ]
            let status = try SmallFile.readText("/proc/self/status").split(separator: "\n")
            let allowed = status.first { $0.hasPrefix("Cpus_allowed_list:") } ?? ""
            let processors = String(allowed.drop { !$0.isNumber })
            return try encoded([processors] + names.map { EnvironmentVariables.get($0) ?? "-" })
        }
        add("interval") { arguments in
            let start = Int(Monotonic.nanoseconds)
            usleep(UInt32(try numbers(arguments)[0]) * 1000)
            return try encoded([start, Int(Monotonic.nanoseconds)])
        }
        add("processors") { arguments in
            let start = Int(Monotonic.nanoseconds)
            let first = CurrentProcess.availableCores
            usleep(UInt32(try numbers(arguments)[0]) * 1000)
            return try encoded([first, CurrentProcess.availableCores, [start, Int(Monotonic.nanoseconds)]])
        }
        add("eat") { arguments in
            let block = try MemoryBlock(mebibytes: try numbers(arguments)[0])
            usleep(60_000_000)
            return try encoded(block.count)
        }
        add("eatBelow") { arguments in
            // A program with a process group of its own, as those of bash apps have.
            let count = try numbers(arguments)[0]
            let child = try ChildProcess(
                spawning: .init(
                    executable: "/bin/bash",
                    arguments: ["bash", "-c", "x=$(head -c \(count)M /dev/zero | tr '\\0' x); sleep 60"],
                    standardOutput: .null, standardError: .null))
            return try encoded("\(child.wait())")
        }
        add("keep") { arguments in
            let block = try MemoryBlock(mebibytes: try numbers(arguments)[0])
            MemoryBlock.kept.withLock { $0.append(block) }
            return none
        }
        add("child") { _ in
            // Lives on in the worker's process group.
            var words: [UnsafeMutablePointer<CChar>?] = []
            for word in ["sleep", "1000"] { words.append(strdup(word)) }
            words.append(nil)
            var pid: pid_t = 0
            posix_spawnp(&pid, "sleep", nil, nil, words, words.suffix(1) + [])
            return try encoded(Int(pid))
        }
        add("bytes") { arguments in try encoded([UInt8](repeating: 7, count: try numbers(arguments)[0])) }
        add("same") { Array($0.message[$0.range]) }
        add("length") { arguments in try encoded(arguments.range.count) }
        return table
    }()

}

private func numbers(_ arguments: EncodedArguments) throws -> [Int] {
    try PickleDecoder().decode([Int].self, from: Array(arguments.message[arguments.range]))
}

private func encoded(_ value: some Encodable) throws -> [UInt8] { try PickleEncoder().encode(value) }

/// Memory that is in use.
struct MemoryBlock: Sendable {
    static let kept = Locked<[MemoryBlock]>([])

    let count: Int
    private let address: UInt

    init(mebibytes: Int) throws {
        count = mebibytes << 20
        guard let block = malloc(count) else { throw ProbeTasks.Refusal(reason: "no memory") }
        memset(block, 1, count)
        address = UInt(bitPattern: block)
    }
}

/// The name the kernel has for the calling thread.
enum ThreadName {
    static var current: String {
        let text = (try? SmallFile.readText("/proc/thread-self/comm")) ?? ""
        return String(text.filter { $0 != "\n" })
    }
}

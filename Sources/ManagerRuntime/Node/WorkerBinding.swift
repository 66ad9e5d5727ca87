import SystemSupport
import WorkflowCore

/// What of the node one worker gets: processors and an accelerator, as it finds them in its environment.
struct WorkerBinding: Sendable, Equatable {
    /// The processors it is bound to; `nil` when it is not bound.
    var processors: [Int]?
    /// Variables that say so to libraries, which read them when they are loaded.
    var variables: [String: String]

    /// The bindings of all workers of a manager.
    ///
    /// - Throws: ``ManagerError`` when the affinity does not fit the workers and the node.
    static func all(
        _ count: Int, affinity: CPUAffinity, accelerators: Accelerators, node: NodeInventory, devices: Int
    ) throws(ManagerError) -> [WorkerBinding] {
        var result: [WorkerBinding] = []
        for worker in 0..<count {
            let processors: [Int]?
            do throws(CPUAffinity.Fault) {
                processors = try affinity.processors(ofWorker: worker, of: count, available: node.processors)
            } catch {
                throw ManagerError(.invalidConfiguration, "the CPU affinity cannot be had: \(error)")
            }
            var variables = processors.map(threads) ?? [:]
            switch accelerators.sharing {
            case .perWorker where worker < accelerators.names.count:
                variables.merge(own(accelerators.names[worker], workers: count, devices: devices)) { $1 }
            case .perTask where !accelerators.names.isEmpty:
                variables.merge(Accelerators.variables([])) { $1 }
            case .perWorker, .perTask: break
            }
            result.append(WorkerBinding(processors: processors, variables: variables))
        }
        return result
    }

    /// What OpenMP libraries (GCC's, Intel's and LLVM's) must know of a binding.
    static func threads(_ processors: [Int]) -> [String: String] {
        let numbers = processors.map(String.init)
        return [
            "OMP_NUM_THREADS": "\(processors.count)",
            "GOMP_CPU_AFFINITY": numbers.joined(separator: " "),
            "KMP_AFFINITY": "explicit,proclist=[\(numbers.joined(separator: ","))]",
        ]
    }

    /// A worker's own accelerator.
    ///
    /// With more workers than NVIDIA devices neighbours share one, as in Parsl: the name is then the number of a share.
    private static func own(_ name: String, workers: Int, devices: Int) -> [String: String] {
        var variables = Accelerators.variables([name])
        if devices > 0, workers > devices, let number = Int(name) {
            variables["CUDA_VISIBLE_DEVICES"] = String(number / (workers / devices))
        }
        return variables
    }
}

/// The NVIDIA devices of this node, as `nvidia-smi -L` lists them.
enum NVIDIADevices {
    /// A driver that hangs must not hold up the manager for longer than this.
    private static let patience = Duration.seconds(10)

    /// How many there are; 0 without the program.
    static var count: Int {
        guard let output = try? MemoryFile("nvidia-smi"),
            let child = try? ChildProcess(
                spawning: ChildProcess.Options(
                    executable: "nvidia-smi", arguments: ["nvidia-smi", "-L"],
                    standardOutput: .descriptor(output.descriptor), standardError: .null))
        else { return 0 }
        guard child.wait(deadlineNanoseconds: Monotonic.deadline(after: patience)) != nil else {
            child.teardown([])
            return 0
        }
        return String(decoding: output.read(limit: 1 << 16), as: UTF8.self)
            .split(separator: "\n").count { $0.hasPrefix("GPU ") }
    }
}

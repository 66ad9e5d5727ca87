/// The accelerators of a node, GPUs mostly, and who gets them.
public struct Accelerators: Sendable, Hashable, Codable {
    /// Who gets them.
    public enum Sharing: String, Sendable, Hashable, Codable {
        /// Each worker has one of its own, and there are no more workers than accelerators: Parsl's way.
        case perWorker
        /// Tasks that ask for some (`resources: .init(gpus: 2)`) get them while they run; others see none.
        case perTask
    }

    /// Their names, as the drivers take them: numbers mostly.
    public var names: [String]
    /// Who gets them.
    public var sharing: Sharing

    /// Describes the accelerators of a node.
    public init(_ names: [String] = [], sharing: Sharing = .perWorker) {
        self.names = names
        self.sharing = sharing
    }

    /// One accelerator for each worker, numbered from 0.
    public static func perWorker(_ count: Int) -> Self { perWorker(numbers(count)) }

    /// One accelerator for each worker, by name.
    public static func perWorker(_ names: [String]) -> Self { Self(names, sharing: .perWorker) }

    /// So many accelerators for tasks that ask for them, numbered from 0.
    public static func perTask(_ count: Int) -> Self { perTask(numbers(count)) }

    /// Accelerators for tasks that ask for them, by name.
    public static func perTask(_ names: [String]) -> Self { Self(names, sharing: .perTask) }

    private static func numbers(_ count: Int) -> [String] { (0..<max(0, count)).map(String.init) }

    /// What is wrong with the names; `nil` when they can work.
    package var fault: String? {
        let unusable = names.first { name in
            name.isEmpty || name.contains { $0 == "," || $0.isWhitespace || $0 == "\0" }
        }
        if let unusable { return "accelerators has the name '\(unusable)'; a name has no blanks and no commas" }
        if Set(names).count < names.count, sharing == .perTask {
            return "accelerators names one device twice: \(names.joined(separator: ", "))"
        }
        return names.count > 4096 ? "accelerators has \(names.count) names; 4096 are accepted" : nil
    }

    /// The variables with which programs see these devices and no others.
    package static func variables(_ devices: [String]) -> [String: String] {
        let list = devices.joined(separator: ",")
        return [
            "CUDA_VISIBLE_DEVICES": list, "ROCR_VISIBLE_DEVICES": list, "ZE_AFFINITY_MASK": list,
            "ZE_ENABLE_PCI_ID_DEVICE_ORDER": "1", "APUS_ACCELERATORS": list,
        ]
    }
}

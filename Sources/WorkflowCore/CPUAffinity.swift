/// Which processors each worker of a node is bound to.
///
/// The processors are those that the manager itself may use: in a batch job often fewer than the node has.
public enum CPUAffinity: Sendable, Hashable {
    /// Workers run wherever the system puts them.
    case none
    /// Neighbouring processors: with 8 of them and 2 workers, 0–3 and 4–7.
    case block
    /// Neighbouring processors, the last ones to the first worker.
    case blockReverse
    /// Every Nth processor: with 8 of them and 2 workers, 0, 2, 4, 6 and 1, 3, 5, 7.
    case alternating
    /// The processors of each worker by number, one list for each worker.
    case list([[Int]])
}

extension CPUAffinity: CustomStringConvertible {
    /// What is wrong with a text or a number of workers.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// In words.
        package var description: String

        init(_ description: String) { self.description = description }
    }

    /// Parsl's word for it: `none`, `block`, `block-reverse`, `alternating` or `list:0,1:2,3`.
    public var description: String {
        switch self {
        case .none: "none"
        case .block: "block"
        case .blockReverse: "block-reverse"
        case .alternating: "alternating"
        case .list(let parts):
            "list:" + parts.map { $0.map(String.init).joined(separator: ",") }.joined(separator: ":")
        }
    }

    /// Reads Parsl's word; in lists ranges such as `4-7` are understood.
    package init(parsing text: String) throws(Fault) {
        switch text {
        case "none": self = .none
        case "block": self = .block
        case "block-reverse": self = .blockReverse
        case "alternating": self = .alternating
        default:
            guard text.hasPrefix("list:") else {
                throw Fault(
                    "'\(text)' is no affinity; it is none, block, block-reverse, alternating or list:0,1:2-3, "
                        + "with one part for each worker")
            }
            var parts: [[Int]] = []
            for part in text.dropFirst(5).split(separator: ":", omittingEmptySubsequences: false) {
                parts.append(try Self.processors(in: part, of: text))
            }
            self = .list(parts)
        }
    }

    private static func processors(in part: Substring, of text: String) throws(Fault) -> [Int] {
        var result: [Int] = []
        for piece in part.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = piece.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 0,
                first <= last, last < largestNumber
            else { throw Fault("'\(text)' has '\(piece)' where a processor's number or a range such as 4-7 belongs") }
            result += first...last
        }
        return result
    }

    /// More processors than Linux knows; a larger number is a mistake, and a range up to it would fill the memory.
    private static let largestNumber = 1 << 16

    /// The processors of one worker; `nil` when it is not bound.
    ///
    /// - Parameters:
    ///   - worker: its number, from 0.
    ///   - count: how many workers there are.
    ///   - available: the processors that may be used, ascending.
    package func processors(ofWorker worker: Int, of count: Int, available: [Int]) throws(Fault) -> [Int]? {
        let share = available.count / max(1, count)
        switch self {
        case .none: return nil
        case .list(let parts):
            guard parts.count == count else {
                throw Fault(
                    "'\(self)' has \(Counted.text(parts.count, "part")) for \(Counted.text(count, "worker")); "
                        + "it has one for each")
            }
            let foreign = parts[worker].filter { !available.contains($0) }
            guard foreign.isEmpty, !parts[worker].isEmpty else {
                throw Fault(
                    "'\(self)' gives worker \(worker) the processors \(foreign); this manager may use \(available)")
            }
            return parts[worker]
        case .block, .blockReverse, .alternating:
            guard share > 0 else {
                throw Fault(
                    "'\(self)' needs a processor for each worker, and \(Counted.text(count, "worker")) "
                        + "\(count == 1 ? "has" : "have") \(available.count); "
                        + "start fewer workers, or none is to be bound")
            }
        }
        switch self {
        case .alternating: return stride(from: worker, to: available.count, by: count).map { available[$0] }
        case .blockReverse: return Array(available[((count - worker - 1) * share)..<((count - worker) * share)])
        default: return Array(available[(worker * share)..<((worker + 1) * share)])
        }
    }
}

extension CPUAffinity: Codable {
    /// Reads the word.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let word = try container.decode(String.self)
        do throws(Fault) {
            self = try Self(parsing: word)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    /// Writes the word.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

import Glibc
import Synchronization
import WorkflowCore

/// What a bash app declares about its runs.
struct BashSettings: Sendable {
    /// As Parsl has it: so many calls share a directory.
    private static let callsPerDirectory = 10_000

    var stdout: BashStream
    var stderr: BashStream
    var outputs: [String]
    var directory: String?
    var environment: [String: String]

    /// The plan of the next call, made where the call is submitted.
    func plan(app: String, options: AppOptions, context: ExecutorContext?) -> BashPlan {
        var stem: String?
        if stdout == .autoNamed || stderr == .autoNamed {
            let name = options.label.map { "\(app)_\($0)" } ?? app
            stem = Self.stem(app: name, number: lastNumber.add(1, ordering: .relaxed).newValue, context: context)
        }
        return BashPlan(
            stdout: Self.stream(stdout, stem, "stdout"), stderr: Self.stream(stderr, stem, "stderr"),
            walltime: options.walltime.map { $0 / .seconds(1) }, outputs: outputs, directory: directory,
            environment: environment)
    }

    /// What counts for the key of a cached call: all but the names that each call gets anew.
    func addMemo(to words: inout [String]) {
        for (name, stream) in [("stdout", stdout), ("stderr", stderr)] {
            switch stream {
            case .inherit: words.append("\(name) inherit")
            case .file(let path, let append): words.append("\(name) file \(append) \(path)")
            case .output(let output): words.append("\(name) output \(output)")
            case .autoNamed: words.append("\(name) autoNamed")
            }
        }
        words.append("directory \(directory ?? "")")
        for output in outputs { words.append("output \(output)") }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) { words.append("variable \(name)=\(value)") }
    }

    private static func stream(_ stream: BashStream, _ stem: String?, _ kind: String) -> BashPlan.Stream? {
        switch stream {
        case .inherit: nil
        case .file(let path, let append): BashPlan.Stream(path: path, append: append)
        case .output(let output):
            BashPlan.Stream(path: (try? output.localPath) ?? output.description, append: false, output: output)
        // Appended, so that a further try of the call does not remove what the first one said.
        case .autoNamed: stem.map { BashPlan.Stream(path: "\($0).\(kind)", append: true) }
        }
    }

    /// `<run>/task_logs/0000/call_000007_app_1f2e3d4c`, with the begin of the run's name: on threads several runs share
    /// a directory.
    static func stem(app: String, number: Int, context: ExecutorContext?) -> String {
        let folder = padded(number / callsPerDirectory, 4)
        let name = String(app.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }.prefix(100))
        let run = context.map { "_\($0.runID)".prefix(9) } ?? ""
        let directory = absolute(context?.runDirectory ?? "runinfo")
        return "\(directory)/task_logs/\(folder)/call_\(padded(number, 6))_\(name)\(run)"
    }

    /// The command may run in a directory of its own.
    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let raw = getcwd(nil, 0) else { return path }
        defer { free(raw) }
        return String(cString: raw) + "/" + path
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// The number of the last call with automatic file names in this process.
private let lastNumber = Atomic<Int>(0)

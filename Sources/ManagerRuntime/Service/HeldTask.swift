import WireProtocol

/// What the service keeps of a task until its result is there.
struct HeldTask {
    /// The bytes; `nil` once they will not be needed again.
    var payload: TaskPayload?
    /// The app's number in ``AppNames``.
    var app: Int
    /// The app's name, for the report of a loss, when the bytes are gone.
    var name: String?
    /// How a program on several nodes is started.
    var layout: RankLayout?

    init(payload: TaskPayload, app: Int, layout: RankLayout? = nil) {
        self.payload = payload
        self.app = app
        self.layout = layout
    }

    /// From this size on bytes are given up when a worker has them all.
    ///
    /// A task that dies with its worker is not run again here, and a worker gives back only what fits its read buffer,
    /// which is much smaller.
    private static let releaseLimit = 1 << 20

    /// Gives up large bytes that the worker has.
    mutating func release() {
        guard let count = payload?.count, count >= Self.releaseLimit else { return }
        name = nameInPayload
        payload = nil
    }

    /// The app's name; `nil` when the task has none that can be read.
    var appName: String? { name ?? nameInPayload }

    /// How a report calls the task: `'fib'`, or its number.
    func title(_ id: Int) -> String { appName.map { "'\($0)'" } ?? "task \(id)" }

    private var nameInPayload: String? {
        payload?.withUnsafeBytes { bytes in
            guard let envelope = try? TaskEnvelope.parseBatch(bytes).first else { return nil }
            return TaskCall.name(in: bytes, range: envelope.buffer)
        }
    }
}

/// Numbers for the names of apps.
struct AppNames {
    private(set) var names = ["worker"]
    private var numbers: [String: Int] = [:]

    /// The name's number, from 1.
    mutating func number(of name: String) -> Int {
        if let number = numbers[name] { return number }
        numbers[name] = names.count
        names.append(name)
        return names.count - 1
    }
}

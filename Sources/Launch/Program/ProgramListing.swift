import DataFlow
import WorkflowCore

/// The texts of `tasks` and `describe`, for people and as JSON.
struct ProgramListing {
    let apps: [AppCard]
    let program: String

    /// One line for each app.
    func tasks(json: Bool) throws(UsageError) -> String {
        if json { return try Self.json(apps.map(Task.init)) }
        return apps.map { "\($0.title), version \($0.definition.version)\(Self.unusual($0.options))\n" }.joined()
    }

    /// What the whole program is.
    func describe(json: Bool) throws(UsageError) -> String {
        let whole = try Program(self)
        if json { return try Self.json(whole) }
        let rows = [
            ("program", whole.program), ("build", whole.build), ("apus", whole.apus),
            ("fingerprint", whole.fingerprint), ("tasks", "\(whole.tasks.count)"),
        ]
        return rows.map { "\($0.0.padded(to: 13))\($0.1)\n" }.joined()
            + (try tasks(json: false)).split(separator: "\n").map { "  \($0)\n" }.joined()
    }

    /// What one app is.
    func describe(_ app: AppCard, json: Bool) throws(UsageError) -> String {
        let task = Task(app)
        if json { return try Self.json(task) }
        var rows = [("kind", task.kind.rawValue), ("version", "\(task.version)")]
        rows += task.parameters.enumerated().map { ("argument \($0 + 1)", $1) }
        rows += [("result", task.result)] + Self.rows(app.options)
        // What travels differs from what the author wrote, for a bash app.
        rows.append(("in table", app.definition.row))
        return task.name + "\n" + rows.map { "  \($0.0.padded(to: 12))\($0.1)\n" }.joined()
    }

    /// What an app declares about itself beyond its version, as words behind its line.
    private static func unusual(_ options: AppOptions) -> String {
        rows(options).map { ", \($0.0) \($0.1)" }.joined()
    }

    private static func rows(_ options: AppOptions) -> [(String, String)] {
        var rows: [(String, String)] = []
        if let retries = options.retries { rows.append(("retries", "\(retries)")) }
        if let priority = options.priority { rows.append(("priority", "\(priority)")) }
        if let executor = options.executor { rows.append(("executor", executor)) }
        if let walltime = options.walltime { rows.append(("walltime", "\(walltime)")) }
        if options.cache { rows.append(("cached", ignored(options) ?? "by all arguments")) }
        return rows
    }

    private static func ignored(_ options: AppOptions) -> String? {
        guard !options.ignoreForCache.isEmpty else { return nil }
        let numbers = options.ignoreForCache.sorted().map { "\($0 + 1)" }
        return "but for argument \(numbers.joined(separator: ", "))"
    }

    private static func json(_ value: some Encodable) throws(UsageError) -> String {
        do {
            return String(decoding: try JSONText.encode(value, pretty: true), as: UTF8.self) + "\n"
        } catch {
            throw UsageError("\(error)")
        }
    }

    /// The JSON of one task.
    private struct Task: Encodable {
        var name: String
        var kind: AppCard.Kind
        var version: Int
        var parameters: [String]
        var result: String
        var options: Options

        struct Options: Encodable {
            var retries: Int?
            var priority: Int?
            var executor: String?
            var walltimeSeconds: Double?
            var cache: Bool
            var ignoreForCache: [Int]
        }

        init(_ app: AppCard) {
            name = app.definition.name
            kind = app.kind
            version = app.definition.version
            parameters = app.signature.parameters
            result = app.signature.result
            options = Options(
                retries: app.options.retries, priority: app.options.priority, executor: app.options.executor,
                walltimeSeconds: app.options.walltime.map { $0 / .seconds(1) }, cache: app.options.cache,
                ignoreForCache: app.options.ignoreForCache.sorted())
        }
    }

    /// The JSON of the program.
    private struct Program: Encodable {
        var program: String
        var build: String
        var apus: String
        var fingerprint: String
        var tasks: [Task]

        init(_ listing: ProgramListing) throws(UsageError) {
            program = listing.program
            do {
                build = try BuildIdentity.current().bytes.map { byte in
                    (byte < 16 ? "0" : "") + String(byte, radix: 16)
                }.joined()
                fingerprint = try AppRegistry.sealedTable().fingerprint
            } catch {
                throw UsageError("\(error)")
            }
            apus = ApusVersion.current
            tasks = listing.apps.map(Task.init)
        }
    }
}

extension String {
    /// With spaces behind it, up to so many characters.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

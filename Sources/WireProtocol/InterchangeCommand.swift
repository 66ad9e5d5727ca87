import PickleCoding

/// What an executor asks the interchange on the command channel (wire document §6).
package enum InterchangeCommand: Sendable {
    /// The port that managers connect to.
    case workerBinds
    /// The blocks of all registrations so far.
    case connectedBlocks
    /// The managers that are there.
    case managers
    /// The packages they have.
    case managersPackages
    /// Give this manager no more tasks.
    case hold(String)
    /// An Apus executor presents itself.
    case hello(ExecutorHello)
    /// An Apus executor has connected again and waits for these tasks.
    case resume(outstanding: [Int])
    /// An Apus executor asks what managers its blocks have, after these blocks have been held.
    case blocks(hold: [String])
    /// An Apus executor asks for all managers, and where these tasks are.
    case inspect(tasks: [Int])
    /// Anything else: answered by None.
    case unknown(String)

    /// Reads a command; what is not one becomes ``unknown(_:)``, since every request needs a reply.
    package static func parse(_ message: UnsafeRawBufferPointer) -> InterchangeCommand {
        do {
            let document = try PickleDocument(envelope: message)
            return try parse(document.root)
        } catch {
            return .unknown("\(error)")
        }
    }

    private static func parse(_ root: PickleValue) throws(WireError) -> InterchangeCommand {
        switch root.stringValue {
        case "WORKER_BINDS": return .workerBinds
        case "CONNECTED_BLOCKS": return .connectedBlocks
        case "MANAGERS": return .managers
        case "MANAGERS_PACKAGES": return .managersPackages
        case .some(let text): return .unknown("'\(text.prefix(60))'")
        case nil: break
        }
        guard let name = root[0]?.stringValue, root.count == 2, let argument = root[1] else {
            return .unknown("neither a text nor a pair")
        }
        switch name {
        case "HOLD_MANAGER":
            guard let manager = argument.stringValue else { return .unknown("HOLD_MANAGER without a text") }
            return .hold(manager)
        case "APUS_HELLO":
            guard let hello = ExecutorHello(argument) else { return .unknown("APUS_HELLO with missing fields") }
            return .hello(hello)
        case "APUS_RESUME":
            return .resume(outstanding: try PackedIDs.decode(argument.bytesValue))
        case "APUS_BLOCKS":
            guard let items = argument.items, items.allSatisfy({ $0.stringValue != nil }) else {
                return .unknown("APUS_BLOCKS without a list of texts")
            }
            return .blocks(hold: items.compactMap(\.stringValue))
        case "APUS_INSPECT":
            return .inspect(tasks: try PackedIDs.decode(argument.bytesValue))
        default:
            return .unknown("'\(name.prefix(60))'")
        }
    }

    /// The request's bytes.
    package func encode() -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        switch self {
        case .workerBinds: writer.string("WORKER_BINDS" as StaticString)
        case .connectedBlocks: writer.string("CONNECTED_BLOCKS" as StaticString)
        case .managers: writer.string("MANAGERS" as StaticString)
        case .managersPackages: writer.string("MANAGERS_PACKAGES" as StaticString)
        case .hold(let manager):
            writer.pair("HOLD_MANAGER") { $0.string(manager) }
        case .hello(let hello):
            writer.pair("APUS_HELLO") { hello.write(into: &$0) }
        case .resume(let outstanding):
            writer.pair("APUS_RESUME") { $0.bytes(PackedIDs.encode(outstanding)) }
        case .blocks(let hold):
            writer.pair("APUS_BLOCKS") { writer in
                writer.emptyList()
                guard !hold.isEmpty else { return }
                writer.mark()
                for block in hold { writer.string(block) }
                writer.appends()
            }
        case .inspect(let tasks):
            writer.pair("APUS_INSPECT") { $0.bytes(PackedIDs.encode(tasks)) }
        case .unknown(let text): writer.string(text)
        }
        writer.stop()
        return writer.finish()
    }
}

extension PickleWriter {
    fileprivate mutating func pair(_ name: StaticString, _ argument: (inout PickleWriter) -> Void) {
        emptyList()
        mark()
        string(name)
        argument(&self)
        appends()
    }
}

/// How an Apus executor presents itself to the interchange.
package struct ExecutorHello: Sendable, Equatable {
    /// The version of the additions it speaks.
    package var version: Int
    /// The fingerprint of its task table.
    package var fingerprint: String
    /// The table's rows.
    package var rows: [String]
    /// Whether monitoring records shall come on the results channel.
    package var monitoring: Bool

    /// Describes an executor.
    package init(version: Int = WireExtensions.version, fingerprint: String, rows: [String], monitoring: Bool) {
        self.version = version
        self.fingerprint = fingerprint
        self.rows = rows
        self.monitoring = monitoring
    }

    init?(_ value: PickleValue) {
        guard let version = value["version"]?.intValue, let fingerprint = value["fingerprint"]?.stringValue,
            let monitoring = value["monitoring"]?.boolValue
        else { return nil }
        self.init(version: version, fingerprint: fingerprint, rows: value["rows"].strings, monitoring: monitoring)
    }

    func write(into writer: inout PickleWriter) {
        writer.emptyDict()
        writer.mark()
        writer.field("version", version)
        writer.field("fingerprint", fingerprint)
        writer.field("rows", rows)
        writer.field("monitoring", monitoring)
        writer.setItems()
    }
}

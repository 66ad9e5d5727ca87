import SystemSupport
import ZeroMQ

/// How long a first answer of the interchange is waited for, and what there is to say when none came.
///
/// Without a connection the limit holds. Where a connection stands somebody listens, who may be stopped or overloaded, and it
/// is waited for four times as long, as long as the connection stands: a manager that gives up costs its job. No run has
/// shown yet that this is needed; 1,000 managers register within half of the usual limit.
struct AnswerWait {
    /// How much longer than the limit an open connection is waited for; with the usual limit of 30 s as long as a
    /// registered manager bears the silence of its interchange.
    static let patience = 4

    /// What is known of one address.
    private struct Way {
        var address: String
        var isOpen = false
        var wasOpen = false
        /// What the last handshake failed with.
        var failure: SocketEvent.Kind?
    }

    private let start: UInt64
    private let limit: Duration
    private let port: Int
    private var ways: [Way]

    init(addresses: [String], port: Int, limit: Duration, since start: UInt64) {
        self.start = start
        self.limit = limit
        self.port = port
        ways = addresses.map { Way(address: $0) }
    }

    /// What a monitor should report.
    static let events: [SocketEvent.Kind] = [
        .connected, .disconnected, .handshakeSucceeded, .handshakeFailed, .handshakeFailedProtocol,
        .handshakeFailedAuthentication,
    ]

    /// Takes note of what happened to the connection to one of the addresses.
    mutating func note(_ kind: SocketEvent.Kind, at index: Int) {
        switch kind {
        case .connected:
            ways[index].isOpen = true
            ways[index].wasOpen = true
        case .disconnected: ways[index].isOpen = false
        case .handshakeSucceeded: ways[index].failure = nil
        case let kind where kind.isHandshakeFailure:
            ways[index].failure = kind
            ways[index].isOpen = false
        default: break
        }
    }

    /// The time at which it is looked at next.
    func deadline(at now: UInt64) -> UInt64 { now < soon ? soon : late }

    /// Whether there is nothing left to wait for.
    func isOver(at now: UInt64) -> Bool { now >= late || (now >= soon && !ways.contains { $0.isOpen }) }

    private var soon: UInt64 { start &+ limit.clampedNanoseconds }
    private var late: UInt64 { start &+ (limit * Self.patience).clampedNanoseconds }

    /// What to say when it is over.
    func error(at now: UInt64) -> ManagerError {
        let waited = Duration.milliseconds(Int64(clamping: (now &- start) / 1_000_000))
        return ManagerError(
            .interchangeUnreachable,
            "no interchange answered within \(waited) at port \(port) of "
                + "\(ways.map(\.address).joined(separator: ", ")): \(reason)")
    }

    private var reason: String {
        if let way = ways.first(where: \.isOpen) {
            return "a connection to \(way.address) stands, and nothing comes; the workflow's host may be overloaded or "
                + "its interchange stopped, or another program listens there"
        }
        if let way = ways.first(where: { $0.failure == .handshakeFailedAuthentication }) {
            return "\(way.address) refused the keys of this manager; they are those of another run"
        }
        if let way = ways.first(where: \.wasOpen) {
            return "\(way.address) took a connection and ended it; check that both ends use encryption or neither, and "
                + "that it is the interchange which listens there"
        }
        return "no connection came about; check that this node can reach one of these addresses, and that no "
            + "firewall is between"
    }
}

import SystemSupport
import ZeroMQ

/// Until when the interchange's first answer is waited for, and what there is to say when none came.
struct FirstAnswer {
    /// A connection that ends after so long, in nanoseconds, ends because nothing came: three quarters of what libzmq gives
    /// a handshake.
    private static let silence = UInt64(SocketOptions().handshakeTimeout) * 750_000

    /// What came of the last connection to an address.
    private enum Finding { case none, silent, ended, refused }

    /// What is known of one address.
    private struct Way {
        var address: String
        var openSince: UInt64?
        var finding = Finding.none
    }

    /// When the limit is over.
    let deadline: UInt64
    private let limit: Duration
    private let port: Int
    private var ways: [Way]

    init(addresses: [String], port: Int, limit: Duration, since start: UInt64) {
        deadline = start &+ limit.clampedNanoseconds
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
    mutating func note(_ kind: SocketEvent.Kind, of index: Int, at now: UInt64) {
        switch kind {
        case .connected:
            ways[index].openSince = now
            // One that is opened again after it was ended says nothing new yet.
            if ways[index].finding == .none { ways[index].finding = .silent }
        case .handshakeSucceeded: ways[index].finding = .silent
        case let kind where kind == .disconnected || kind.isHandshakeFailure:
            // The end that follows upon a failure comes second.
            guard let since = ways[index].openSince else { break }
            ways[index].openSince = nil
            ways[index].finding =
                kind == .handshakeFailedAuthentication ? .refused : now &- since < Self.silence ? .ended : .silent
        default: break
        }
    }

    /// What to say when none came.
    var error: ManagerError {
        ManagerError(
            .interchangeUnreachable,
            "no interchange answered within \(limit) at port \(port) of "
                + "\(ways.map(\.address).joined(separator: ", ")): \(reason)")
    }

    private var reason: String {
        func first(_ finding: Finding) -> String? { ways.first { $0.finding == finding }?.address }
        if let address = first(.silent) {
            return "a connection to \(address) stands, and nothing comes; the workflow's host may be overloaded or "
                + "its interchange stopped, or another program listens there"
        }
        if let address = first(.refused) {
            return "\(address) refused the keys of this manager; they are those of another run"
        }
        if let address = first(.ended) {
            return "\(address) took a connection and ended it; check that both ends use encryption or neither, and "
                + "that it is the interchange which listens there"
        }
        return "no connection came about; check that this node can reach one of these addresses, and that no "
            + "firewall is between"
    }
}

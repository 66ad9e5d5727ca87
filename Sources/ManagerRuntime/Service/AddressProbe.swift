import SystemSupport
import WireProtocol
import ZeroMQ

/// Finds the address at which the interchange answers (wire document §12.2).
struct AddressProbe {
    let addresses: [String]
    let port: Int
    let uid: String
    let curve: CurveRole?
    let timeout: Duration

    /// The first address that answers.
    ///
    /// All are asked at once, and again by the manager's ``ProbeSchedule``, since an interchange that was started again
    /// forgets what it was asked.
    /// Each probe has an identity of its own: with one identity for all, the ROUTER would take an address for a
    /// reconnect of another one, and hear neither.
    func firstReachable(_ context: Context) throws -> String {
        let poller = try Poller()
        var sockets: [Socket] = []
        var schedule = ProbeSchedule(name: uid)
        for (index, address) in addresses.enumerated() {
            var options = SocketOptions(identity: "\(uid).probe.\(index)", curve: curve)
            options.reconnectInterval = schedule.reconnectMilliseconds()
            options.reconnectIntervalMaximum = ProbeSchedule.longestReconnect
            let socket = try Socket(context, .dealer, options: options)
            try socket.connect(Endpoint.tcp(address, port: port))
            try socket.send(Message(copying: ManagerMessage.probeBytes))
            try poller.add(socket, id: index)
            sockets.append(socket)
        }
        let deadline = Monotonic.deadline(after: timeout)
        var again = Monotonic.nanoseconds + schedule.next()
        while true {
            let now = Monotonic.nanoseconds
            guard now < deadline else { throw unreachable }
            for item in try poller.wait(timeoutNanoseconds: min(deadline, max(again, now)) - now) {
                if let reply = try sockets[item.id].receive(), reply.count == 0 { return addresses[item.id] }
            }
            guard Monotonic.nanoseconds >= again else { continue }
            for socket in sockets { _ = try socket.trySend(copying: ManagerMessage.probeBytes) }
            again = Monotonic.nanoseconds + schedule.next()
        }
    }

    var unreachable: ManagerError {
        ManagerError(
            .interchangeUnreachable,
            "no interchange answered within \(timeout) at port \(port) of \(addresses.joined(separator: ", ")); "
                + "check that a node can reach one of these addresses, and that both ends use encryption or neither")
    }
}

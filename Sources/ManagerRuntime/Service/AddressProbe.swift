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
    /// Each probe has an identity of its own: with one identity for all, the ROUTER would take an address for a
    /// reconnect of another one, and hear neither.
    func firstReachable(_ context: Context) throws -> String {
        let poller = try Poller()
        var sockets: [Socket] = []
        for (index, address) in addresses.enumerated() {
            let socket = try Socket(
                context, .dealer, options: SocketOptions(identity: "\(uid).probe.\(index)", curve: curve))
            try socket.connect(Endpoint.tcp(address, port: port))
            try socket.send(Message(copying: ManagerMessage.probeBytes))
            try poller.add(socket, id: index)
            sockets.append(socket)
        }
        let deadline = Monotonic.deadline(after: timeout)
        while true {
            let now = Monotonic.nanoseconds
            guard now < deadline else { throw unreachable }
            for item in try poller.wait(timeoutNanoseconds: deadline - now) {
                if let reply = try sockets[item.id].receive(), reply.count == 0 { return addresses[item.id] }
            }
        }
    }

    var unreachable: ManagerError {
        ManagerError(
            .interchangeUnreachable,
            "no interchange answered within \(timeout) at port \(port) of \(addresses.joined(separator: ", ")); "
                + "check that a node can reach one of these addresses, and that both ends use encryption or neither")
    }
}

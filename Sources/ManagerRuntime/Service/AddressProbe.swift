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
        var monitors: [SocketMonitor] = []
        var schedule = ProbeSchedule(name: uid)
        for (index, address) in addresses.enumerated() {
            var options = SocketOptions(identity: "\(uid).probe.\(index)", curve: curve)
            options.reconnectInterval = schedule.reconnectMilliseconds()
            options.reconnectIntervalMaximum = ProbeSchedule.longestReconnect
            let socket = try Socket(context, .dealer, options: options)
            let monitor = try socket.monitor(FirstAnswer.events)
            try poller.add(monitor.socket, id: addresses.count + index)
            try socket.connect(Endpoint.tcp(address, port: port))
            try socket.send(Message(copying: ManagerMessage.probeBytes))
            try poller.add(socket, id: index)
            sockets.append(socket)
            monitors.append(monitor)
        }
        let start = Monotonic.nanoseconds
        var answer = FirstAnswer(addresses: addresses, port: port, limit: timeout, since: start)
        var again = start + schedule.next()
        while true {
            let now = Monotonic.nanoseconds
            guard now < answer.deadline else { throw answer.error }
            for item in try poller.wait(timeoutNanoseconds: min(answer.deadline, max(again, now)) - now) {
                if item.id >= addresses.count {
                    let index = item.id - addresses.count
                    while let event = try monitors[index].next() {
                        answer.note(event.kind, of: index, at: Monotonic.nanoseconds)
                    }
                } else if let reply = try sockets[item.id].receive(), reply.count == 0 {
                    return addresses[item.id]
                }
            }
            guard Monotonic.nanoseconds >= again else { continue }
            for socket in sockets { _ = try socket.trySend(copying: ManagerMessage.probeBytes) }
            again = Monotonic.nanoseconds + schedule.next()
        }
    }
}

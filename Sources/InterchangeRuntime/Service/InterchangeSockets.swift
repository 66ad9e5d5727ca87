import WireProtocol
import ZeroMQ

/// The interchange's sockets (wire document §2.1), all on one thread.
final class InterchangeSockets {
    /// Tasks from the executor.
    let tasks: Socket
    /// Results to the executor; acknowledgements from an Apus one.
    let results: Socket
    /// Commands from the executor.
    let commands: Socket
    /// Everything to and from managers.
    let managers: Socket
    /// Connections of managers that close.
    let connections: SocketMonitor
    /// The monitoring hub; nil when monitoring is off.
    let hub: Socket?
    /// Where managers connect.
    let workerPort: Int

    private let context: Context
    private let authenticator: KeyAuthenticator?

    /// Ports tried of a range before giving up (wire document §1.1).
    private static let bindAttempts = 100

    init(_ start: InterchangeStartMessage, log: InterchangeLog) throws(InterchangeError) {
        do throws(ZeroMQError) {
            context = try Context()
            var server = SocketOptions()
            var client = SocketOptions()
            if let directory = start.certificateDirectory {
                // The server of every socket is the interchange, even of those that connect; at the hub it is a client.
                server.curve = try CurveCertificates.loadServerRole(from: directory)
                client.curve = try CurveCertificates.loadClientRole(from: directory)
                authenticator = try KeyAuthenticator(
                    context, accepting: CurveCertificates.clientKeys(in: directory))
            } else {
                authenticator = nil
            }
            tasks = try Socket(context, .dealer, options: server)
            try tasks.connect(Endpoint.tcp(start.clientAddress, port: start.taskPort))
            results = try Socket(context, .dealer, options: server)
            try results.connect(Endpoint.tcp(start.clientAddress, port: start.resultPort))
            commands = try Socket(context, .reply, options: server)
            try commands.connect(Endpoint.tcp(start.clientAddress, port: start.commandPort))
            managers = try Socket(context, .router, options: server)
            connections = try managers.monitor([.disconnected])
            workerPort = try Self.bind(managers, start)
            if let port = start.hubPort {
                let hub = try Socket(context, .dealer, options: client)
                try hub.connect(Endpoint.tcp(start.hubAddress ?? start.clientAddress, port: port))
                self.hub = hub
            } else {
                hub = nil
            }
        } catch {
            throw InterchangeError(.socketUnusable, error.description, cause: error)
        }
        log.log(.info, "managers connect to \(start.interchangeAddress ?? "*"), port \(workerPort)")
    }

    private static func bind(_ socket: Socket, _ start: InterchangeStartMessage) throws(ZeroMQError) -> Int {
        let address = start.interchangeAddress ?? "*"
        if let port = start.workerPort {
            try socket.bind(Endpoint.tcp(address, port: port))
            return port
        }
        return try socket.bindToRandomPort(
            address: address, ports: start.workerPortRange, attempts: bindAttempts)
    }

    /// Closes everything, after waiting this long for what is queued to executor, managers and hub.
    func close(lingerMilliseconds: Int32) {
        for socket in [results, managers, hub].compactMap({ $0 }) {
            // A refusal leaves no linger time, which ends the process all the same.
            try? socket.setLinger(lingerMilliseconds)
        }
        connections.close()
        tasks.close()
        commands.close()
        results.close()
        managers.close()
        hub?.close()
        authenticator?.stop()
    }
}

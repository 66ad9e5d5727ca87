import ArgumentParser
import Glibc
import RelayRuntime
import SystemSupport

/// `apus relay`: one port of a gateway for nodes that cannot reach the submitting host.
struct RelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Forwards the port of a workflow for nodes that cannot reach its host.",
        discussion: """
            Runs on a host that the nodes can reach and that can reach the workflow's. The workflow names it in \
            `gateways` and fixes its `workerPort`, on which the relay listens:

              apus relay login.cluster.org:54321

            What goes through is not looked at: keys and encryption stay between the workflow and its managers. It \
            runs until SIGTERM or Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("Where the workflow runs, and its workerPort.", valueName: "host:port"))
    var target: String

    @Option(help: ArgumentHelp("The port to listen on; by default the target's.", valueName: "port"))
    var port: Int?

    @Option(help: ArgumentHelp("The address to listen on; by default all.", valueName: "address"))
    var listen: String?

    @Option(help: ArgumentHelp("Connections at once.", valueName: "count"))
    var maxConnections = 4096

    @Option(help: ArgumentHelp("How long the target may take to answer.", valueName: "seconds"))
    var connectTimeout = 10.0

    func validate() throws {
        _ = try parsedTarget()
        if let port, !(0...65_535).contains(port) { throw ValidationError("--port is \(port); a port is 0 to 65535") }
        if maxConnections < 1 { throw ValidationError("--max-connections is \(maxConnections); it is 1 or more") }
        if !(connectTimeout > 0 && connectTimeout < 86_400) {
            throw ValidationError("--connect-timeout is \(connectTimeout); it is a positive number of seconds")
        }
    }

    func run() throws {
        let (host, targetPort) = try parsedTarget()
        CurrentProcess.ignoreSignal(SIGPIPE)
        let signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP])
        var configuration = RelayConfiguration(
            listeningAddress: listen, port: port ?? targetPort, targetHost: host, targetPort: targetPort)
        configuration.maximumConnections = maxConnections
        configuration.connectTimeout = .seconds(connectTimeout)
        let service: RelayService
        do {
            service = try RelayService(configuration) { StandardStreams.error("apus relay: \($0)\n") }
        } catch {
            StandardStreams.error("apus relay: \(error)\n")
            throw ExitCode(1)
        }
        try service.run(signals: signals)
    }

    /// The host and the port; an IPv6 address stands in brackets.
    private func parsedTarget() throws -> (host: String, port: Int) {
        guard let colon = target.lastIndex(of: ":"), let port = Int(target[target.index(after: colon)...]),
            (1...65_535).contains(port), colon != target.startIndex
        else {
            throw ValidationError("'\(target)' is no host with a port; write it as host:54321")
        }
        var host = String(target[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return (host, port)
    }
}

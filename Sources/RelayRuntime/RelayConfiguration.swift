/// What a relay must be told.
package struct RelayConfiguration: Sendable, Hashable {
    /// The address it listens on; `nil` is every interface.
    package var listeningAddress: String?
    /// The port it listens on; 0 lets the kernel choose.
    package var port: Int
    /// The host it forwards to.
    package var targetHost: String
    /// The port it forwards to.
    package var targetPort: Int
    /// Connections forwarded at once; more are closed at once, and their owners try again.
    package var maximumConnections = 4096
    /// How long a connection to the target may take.
    package var connectTimeout = Duration.seconds(10)
    /// How long one direction may be silent after the other has ended.
    package var halfOpenTimeout = Duration.seconds(60)

    /// Describes a relay.
    package init(listeningAddress: String? = nil, port: Int, targetHost: String, targetPort: Int) {
        self.listeningAddress = listeningAddress
        self.port = port
        self.targetHost = targetHost
        self.targetPort = targetPort
    }
}

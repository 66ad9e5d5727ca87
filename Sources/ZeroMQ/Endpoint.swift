/// Endpoints as libzmq wants them.
package enum Endpoint {
    /// "tcp://127.0.0.1:5000", "tcp://[::1]:5000", "tcp://*:5000".
    package static func tcp(_ address: String, port: Int) -> String {
        "tcp://\(bracketed(address)):\(port)"
    }

    /// "tcp://127.0.0.1:*": the kernel chooses the port.
    package static func tcpAnyPort(_ address: String) -> String {
        "tcp://\(bracketed(address)):*"
    }

    /// The port at the end of an endpoint.
    package static func port(of endpoint: String) -> Int? {
        endpoint.lastIndex(of: ":").flatMap { Int(endpoint[endpoint.index(after: $0)...]) }
    }

    /// Shows an IPv4 address as such: sockets open to IPv6 report "tcp://[::ffff:127.0.0.1]:5000".
    static func withoutMapping(_ endpoint: String) -> String {
        let mark = "[::ffff:"
        guard let start = endpoint.firstIndex(of: "["), endpoint[start...].hasPrefix(mark),
            let end = endpoint[start...].firstIndex(of: "]")
        else { return endpoint }
        let address = endpoint[start..<end].dropFirst(mark.count)
        guard address.contains(".") else { return endpoint }
        return String(endpoint[..<start] + address + endpoint[endpoint.index(after: end)...])
    }

    /// An IPv6 address needs brackets: libzmq splits at the last colon.
    private static func bracketed(_ address: String) -> String {
        address.contains(":") && !address.hasPrefix("[") ? "[\(address)]" : address
    }
}

import Glibc
import SystemSupport

/// How a relay's sockets are made.
enum RelaySocket {
    /// What became of a connection attempt, or of a connection; 0 when all is well.
    static func fault(of descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    /// Throws what is wrong with a connection.
    static func check(_ descriptor: Int32, _ attempt: String) throws(SystemError) {
        let code = fault(of: descriptor)
        if code != 0 { throw SystemError(code: code, attempt: attempt) }
    }

    /// Opens the port to listen on.
    static func listen(_ configuration: RelayConfiguration) throws -> Int32 {
        var failure = SystemError(code: EADDRNOTAVAIL, attempt: "listen")
        // IPv6 first: such a socket takes connections of both families.
        let addresses = try SocketAddress.resolve(configuration.listeningAddress, port: configuration.port)
        for address in addresses.sorted(by: { $0.family == AF_INET6 && $1.family != AF_INET6 }) {
            let descriptor = socket(
                address.family,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else {
                failure = .last("make a socket")
                continue
            }
            set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            if address.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
            if address.withPointer({ bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 4096) == 0 {
                return descriptor
            }
            failure = .last(
                "listen on \(configuration.listeningAddress ?? "every interface"), port \(configuration.port)",
                remedy: "choose another port, or end the program that has it")
            close(descriptor)
        }
        throw failure
    }

    /// Nothing waits for one peer alone, and children get none of it.
    static func setNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Small messages go at once, and a peer whose host is gone is found within two minutes.
    static func prepare(_ descriptor: Int32) {
        set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
        set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 6)
        set(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 120_000)
    }

    /// A refusal leaves the kernel's own value, which also works.
    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}

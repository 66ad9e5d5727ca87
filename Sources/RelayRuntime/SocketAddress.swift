import Glibc

/// An address of a host with a port, as the kernel takes it.
struct SocketAddress: Sendable {
    private var storage: sockaddr_storage
    private let length: socklen_t
    /// IPv4 or IPv6.
    let family: Int32

    /// All addresses of a name.
    ///
    /// - Throws: ``RelayError`` with the resolver's words.
    static func resolve(_ host: String?, port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = host == nil ? Int32(AI_PASSIVE) : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw RelayError(
                "cannot find the address of '\(host ?? "*")': \(String(cString: gai_strerror(code))); check the name, or "
                    + "give a number")
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { bytes in
                bytes.copyMemory(
                    from: UnsafeRawBufferPointer(start: address, count: min(bytes.count, Int(entry.pointee.ai_addrlen)))
                )
            }
            addresses.append(
                SocketAddress(storage: storage, length: entry.pointee.ai_addrlen, family: entry.pointee.ai_family))
        }
        return addresses
    }

    /// Calls a function of the kernel with the address.
    func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// The port that a socket got.
    static func port(of descriptor: Int32) -> Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { return 0 }
        // Both families have the port in bytes 2 and 3, in the network's order.
        return withUnsafeBytes(of: &storage) { Int($0[2]) << 8 | Int($0[3]) }
    }
}

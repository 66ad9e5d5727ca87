internal import CLinux
import Glibc

/// Stream sockets that are found by the name of a file, for processes of one machine and one user.
///
/// A socket's path has 107 bytes at most, and directories of runs may lie deep: so the directory is opened, and the
/// path goes through its descriptor.
package enum LocalSocket {
    /// Makes a socket that others can connect to; the file must not be there yet.
    package static func listen(in directory: String, name: String) throws(SystemError) -> Int32 {
        let place = try open(directory)
        defer { DescriptorIO.close(place) }
        let socket = try make()
        let path = "/proc/self/fd/\(place)/\(name)"
        let result = withAddress(path) { bind(socket, $0, $1) }
        guard result == 0, chmod(path, 0o600) == 0, Glibc.listen(socket, 16) == 0 else {
            let error = SystemError.last("listen on the socket \(directory)/\(name)")
            DescriptorIO.close(socket)
            throw error
        }
        return socket
    }

    /// Connects to a socket, without waiting.
    ///
    /// - Throws: with the code `ENOENT` when there is no such file, `ECONNREFUSED` when nobody listens any more.
    package static func connect(in directory: String, name: String) throws(SystemError) -> Int32 {
        let place = try open(directory)
        defer { DescriptorIO.close(place) }
        let socket = try make()
        let result = withAddress("/proc/self/fd/\(place)/\(name)") { Glibc.connect(socket, $0, $1) }
        guard result == 0 else {
            let error = SystemError.last("connect to the socket \(directory)/\(name)")
            DescriptorIO.close(socket)
            throw error
        }
        return socket
    }

    /// Takes the next connection; nil when none waits, or when it is that of another user.
    package static func accept(_ socket: Int32) throws(SystemError) -> Int32? {
        let connection = Glibc.accept(socket, nil, nil)
        guard connection >= 0 else {
            // One who went away again is no failure of the socket.
            if [EAGAIN, EINTR, ECONNABORTED].contains(errno) { return nil }
            throw .last("take a connection")
        }
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        try DescriptorIO.setNonBlocking(connection)
        let user = clinux_peer_user(connection)
        guard user == 0 || user == Int32(bitPattern: geteuid()) else {
            DescriptorIO.close(connection)
            return nil
        }
        return connection
    }

    private static func open(_ directory: String) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .last("open the directory \(directory)") }
        return descriptor
    }

    private static func make() throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw .last("make a socket") }
        return descriptor
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { place in
            // Paths through /proc are short; the last byte stays 0.
            for (index, byte) in path.utf8.prefix(place.count - 1).enumerated() { place[index] = byte }
        }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

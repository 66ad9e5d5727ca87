import Glibc

/// A door that calls on threads of this process wait behind.
enum Gate {
    private static let descriptors: (Int32, Int32) = {
        var pair: [Int32] = [0, 0]
        precondition(pipe(&pair) == 0, "no pipe: errno \(errno)")
        return (pair[0], pair[1])
    }()

    /// Waits until the door is opened once for this caller.
    static func wait() {
        var byte: UInt8 = 0
        while read(descriptors.0, &byte, 1) < 0 && errno == EINTR {}
    }

    /// Lets one caller through.
    static func open() {
        var byte: UInt8 = 1
        _ = write(descriptors.1, &byte, 1)
    }
}

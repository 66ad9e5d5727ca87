import CLinux

extension UnsafeRawBufferPointer {
    /// Whether these bytes stand somewhere in it, in this order.
    package func contains(bytes: [UInt8]) -> Bool {
        bytes.isEmpty || clinux_find(baseAddress, UInt(count), bytes, UInt(bytes.count)) != nil
    }
}

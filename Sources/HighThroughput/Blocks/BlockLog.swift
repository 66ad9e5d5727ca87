import SystemSupport

/// What became of the blocks: lines in `blocks.log` of the executor's directory.
final class BlockLog: Sendable {
    private let descriptor: Int32

    init(directory: String) throws(SystemError) {
        descriptor = try DescriptorIO.openAppending("\(directory)/blocks.log")
    }

    func write(_ text: String) {
        var line = "\(WallClock.stamp) \(text)\n"
        line.withUTF8 { bytes in
            // A log that cannot be written is no reason to end.
            _ = try? DescriptorIO.writeFully(descriptor, UnsafeRawBufferPointer(bytes))
        }
    }

    deinit { DescriptorIO.close(descriptor) }
}

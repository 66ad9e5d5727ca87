import Glibc
import SystemSupport

/// A child that holds many pretended managers, seen from the benchmark.
final class ManagerGroup {
    let child: ChildProcess
    private let control: Int32
    private var text = ""

    init(first: Int, count: Int, port: Int, certificates: String?, workers: Int) throws {
        let (mine, its) = try StreamPair.make()
        defer { DescriptorIO.close(its) }
        control = mine
        try StreamPair.setNonBlocking(mine)
        let program = CurrentProcess.executablePath
        child = try ChildProcess(
            spawning: .init(
                executable: program,
                arguments: [
                    program, "hold", "\(first)", "\(count)", "\(port)", certificates ?? "none", "\(workers)",
                ],
                standardInput: .descriptor(its)))
    }

    /// Breaks all connections.
    func storm() throws {
        text = ""
        try [UInt8(ascii: "s")].withUnsafeBytes { _ = try DescriptorIO.writeSome(control, $0) }
    }

    /// The line that begins so, once it has come.
    func line(_ start: String) throws -> [Int]? {
        var bytes = [UInt8](repeating: 0, count: 256)
        while case .bytes(let count) = try bytes.withUnsafeMutableBytes({ try DescriptorIO.readSome(control, into: $0) }
        ) {
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(start) }) else { return nil }
        return line.split(separator: " ").dropFirst().compactMap { Int($0) }
    }

    deinit { DescriptorIO.close(control) }
}

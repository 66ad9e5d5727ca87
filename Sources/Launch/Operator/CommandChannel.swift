import Glibc
import SystemSupport

/// Answers an operator's questions about a run: a socket in the run's directory, and one thread that sleeps until
/// somebody asks.
///
/// It serves one question at a time, reads a few hundred bytes at most, waits for no slow asker for long, and changes
/// nothing: whatever happens here, the workflow goes on.
final class CommandChannel: Sendable {
    private let directory: String
    private let socket: Int32
    private let bell: WakeUp
    private let isClosed = Locked(false)

    /// How long one who asks may take to say what, and to take the answer.
    private static let patience: UInt64 = 2_000_000_000

    /// Opens the channel of a run.
    ///
    /// - Parameter answer: makes the answer to a question; called from the channel's thread.
    init(directory: String, answer: @escaping @Sendable (String) -> [UInt8]) throws(SystemError) {
        self.directory = directory
        bell = try WakeUp()
        socket = try LocalSocket.listen(in: directory, name: RunCard.socketName)
        let (socket, bell) = (socket, bell)
        startThread(named: "apus-command", stackSize: 1 << 20) {
            Self.serve(socket, bell, answer)
            DescriptorIO.close(socket)
        }
    }

    /// Closes the channel; a question that is being answered is answered.
    func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        unlink("\(directory)/\(RunCard.socketName)")
        bell.ring()
    }

    deinit { close() }

    private static func serve(_ socket: Int32, _ bell: WakeUp, _ answer: (String) -> [UInt8]) {
        while true {
            var entries = [
                pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&entries, 2, -1)
            if count < 0, errno != EINTR { return }
            if entries[0].revents != 0 { return }
            guard count > 0, entries[1].revents != 0 else { continue }
            do {
                guard let connection = try LocalSocket.accept(socket) else { continue }
                talk(connection, answer)
                DescriptorIO.close(connection)
            } catch {
                // No descriptor is left, say. The connection still waits, so that looking again at once would spin.
                let rang = try? DescriptorIO.poll(bell.descriptor, .read, timeoutNanoseconds: patience)
                if rang != [] { return }
            }
        }
    }

    /// Reads one question and answers it; one who says nothing, or too much, gets nothing.
    private static func talk(_ connection: Int32, _ answer: (String) -> [UInt8]) {
        guard let line = readLine(connection, by: Monotonic.nanoseconds &+ patience) else { return }
        let bytes = answer(line)
        bytes.withUnsafeBytes { write(connection, $0, by: Monotonic.nanoseconds &+ patience) }
    }

    private static func readLine(_ connection: Int32, by deadline: UInt64) -> String? {
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: OperatorQuestion.longest)
        while received.count <= OperatorQuestion.longest {
            guard isReady(connection, .read, by: deadline) else { return nil }
            let transfer = try? piece.withUnsafeMutableBytes { try DescriptorIO.readSome(connection, into: $0) }
            switch transfer {
            case .bytes(let count):
                received += piece[..<count]
                guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { continue }
                return String(decoding: received[..<end], as: UTF8.self)
            case .wouldBlock: continue
            case .end, nil: return nil
            }
        }
        return nil
    }

    private static func write(_ connection: Int32, _ bytes: UnsafeRawBufferPointer, by deadline: UInt64) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            switch try? DescriptorIO.writeSome(connection, rest) {
            case .bytes(let count): done += count
            case .wouldBlock: guard isReady(connection, .write, by: deadline) else { return }
            case .end, nil: return
            }
        }
    }

    private static func isReady(_ connection: Int32, _ events: PollEvents, by deadline: UInt64) -> Bool {
        let now = Monotonic.nanoseconds
        guard now < deadline else { return false }
        let ready = try? DescriptorIO.poll(connection, events, timeoutNanoseconds: deadline - now)
        return ready.map { !$0.isEmpty } ?? false
    }
}

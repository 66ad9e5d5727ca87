import Glibc
import SystemSupport
import WireProtocol
import ZeroMQ

/// Many managers in one process: each with a connection, an identity, a registration, heartbeats and results of its
/// own, as a real manager has them; its tasks end at once.
///
/// Commands are bytes on standard input, a socket: `s` breaks all connections, and they come back by themselves; the end
/// of the stream ends the process. Answers are lines on the same socket.
final class PretendManagers {
    private struct Member {
        var socket: Socket
        var name: String
        var began: UInt64
        var isAnswered = false
        var isRegistered = false
        /// Results that the interchange has not acknowledged.
        var results: [Int: [UInt8]] = [:]
    }

    /// Fewer than the 1,023 sockets that a context has by default.
    private static let socketsPerContext = 500
    private static let heartbeatPeriod: UInt64 = 2_000_000_000
    private static let control: Int32 = 0
    private static let controlID = 1_000_000

    private let endpoint: String
    private var contexts: [Context] = []
    private var members: [Member] = []
    private let poller: Poller
    private var registeredCount = 0
    private var isStorm = false
    private var probeTimes: [UInt64] = []
    private var nextBeat = 0

    init(first: Int, count: Int, port: Int, certificates: String?, workers: Int) throws {
        let limit = CurrentProcess.raiseDescriptorLimit()
        guard limit.soft > UInt64(count * 3 + 64) else {
            throw BenchmarkError("\(count) managers need \(count * 3 + 64) descriptors; the limit is \(limit.soft)")
        }
        endpoint = Endpoint.tcp("127.0.0.1", port: port)
        poller = try Poller()
        self.workers = workers
        let curve = try certificates.map { try CurveCertificates.loadClientRole(from: $0) }
        for index in 0..<count {
            if index % Self.socketsPerContext == 0 { contexts.append(try Context()) }
            let digits = String(first + index)
            let name = "m" + String(repeating: "0", count: 7 - digits.count) + digits
            let socket = try Socket(
                contexts[contexts.count - 1], .dealer,
                options: SocketOptions(
                    identity: name, curve: curve,
                    heartbeats: .init(interval: .seconds(2), timeout: .seconds(10), timeToLive: .seconds(10))))
            try poller.add(socket, id: index)
            members.append(Member(socket: socket, name: name, began: 0))
        }
        try poller.add(descriptor: Self.control, .read, id: Self.controlID)
    }

    private let workers: Int

    /// Serves until standard input ends.
    func run() throws {
        for index in members.indices {
            members[index].began = Monotonic.nanoseconds
            try members[index].socket.connect(endpoint)
            _ = try members[index].socket.trySend(copying: ManagerMessage.probeBytes)
        }
        let start = Monotonic.nanoseconds
        while true {
            for item in try poller.wait(timeoutNanoseconds: 10_000_000) {
                if item.id == Self.controlID {
                    guard try command() else { return }
                } else {
                    try read(item.id)
                }
            }
            // Heartbeats are spread evenly over their period.
            let due = Int(
                (Monotonic.nanoseconds - start) / 1000 * UInt64(members.count) / (Self.heartbeatPeriod / 1000))
            while nextBeat < due {
                let index = nextBeat % members.count
                nextBeat += 1
                if members[index].isRegistered {
                    _ = try members[index].socket.trySend(copying: ManagerMessage.heartbeatBytes)
                }
            }
        }
    }

    private func read(_ index: Int) throws {
        while let message = try members[index].socket.receive() {
            if message.count == 0 {
                guard !members[index].isAnswered else { continue }
                members[index].isAnswered = true
                probeTimes.append(Monotonic.nanoseconds - members[index].began)
                try register(index)
                continue
            }
            switch try message.withUnsafeBytes({ try InterchangeMessage.parse($0) }) {
            case .welcome: try welcomed(index)
            case .tasks(let envelopes):
                for envelope in envelopes where members[index].results[envelope.taskID] == nil {
                    let bytes = ResultEnvelope.encode(
                        taskID: envelope.taskID, kind: .result, payload: Array("02\nx".utf8))
                    members[index].results[envelope.taskID] = bytes
                    _ = try members[index].socket.trySend(copying: bytes)
                }
            case .acknowledged(let ids):
                for id in ids { members[index].results[id] = nil }
            case .refused(let text): throw BenchmarkError("\(members[index].name) was refused: \(text)")
            case .heartbeat, .shutdown, .cancel: continue
            }
        }
    }

    private func register(_ index: Int) throws {
        let registration = Registration(
            parslVersion: BenchmarkExecutor.parslVersion, pythonVersion: "3.11.1", workerCount: workers,
            uid: members[index].name, blockID: .text("0"), startTime: 1, maxCapacity: workers,
            hostname: CurrentProcess.hostName, directory: Directory.current, cpuCount: 1,
            apus: ApusManagerHello(
                fingerprint: BenchmarkExecutor.fingerprint, held: members[index].results.keys.sorted()))
        _ = try members[index].socket.trySend(copying: registration.encode())
    }

    private func welcomed(_ index: Int) throws {
        // What was on its way when the connection ended may be lost.
        for id in members[index].results.keys.sorted() {
            if let bytes = members[index].results[id] { _ = try members[index].socket.trySend(copying: bytes) }
        }
        guard !members[index].isRegistered else { return }
        members[index].isRegistered = true
        registeredCount += 1
        guard registeredCount == members.count else { return }
        if isStorm {
            say("back")
        } else {
            let sorted = probeTimes.sorted()
            let median = sorted[sorted.count / 2] / 1_000_000
            say("registered \(median) \((sorted.last ?? 0) / 1_000_000)")
        }
    }

    private func command() throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        let transfer = try bytes.withUnsafeMutableBytes { try DescriptorIO.readSome(Self.control, into: $0) }
        guard case .bytes(let count) = transfer else { return false }
        if bytes[..<count].contains(UInt8(ascii: "s")) { try storm() }
        return true
    }

    private func storm() throws {
        isStorm = true
        registeredCount = 0
        for index in members.indices {
            members[index].isRegistered = false
            try members[index].socket.disconnect(endpoint)
        }
        for index in members.indices {
            try members[index].socket.connect(endpoint)
            try register(index)
        }
    }

    private func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // The benchmark may have ended.
        bytes.withUnsafeBytes { _ = try? DescriptorIO.writeSome(Self.control, $0) }
    }
}

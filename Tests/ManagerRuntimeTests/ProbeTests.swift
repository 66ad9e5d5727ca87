import SystemSupport
import TestSupport
import Testing
import WireProtocol
import ZeroMQ

@testable import ManagerRuntime

@Suite("looking for the interchange", .blocking)
struct ProbeTests {
    @Test("pauses double up to a limit, each within its bounds, and follow from the name alone")
    func schedule() {
        var schedule = ProbeSchedule(name: "manager-7")
        var same = ProbeSchedule(name: "manager-7")
        var whole = ProbeSchedule.firstPause
        for _ in 0..<12 {
            let pause = schedule.next()
            let repeated = same.next()
            #expect(pause == repeated)
            #expect((whole / 2...whole).contains(pause))
            whole = min(whole * 2, ProbeSchedule.longestPause)
        }
    }

    @Test("a thousand managers do not ask again at the same moment")
    func spread() {
        var tenths = [Int](repeating: 0, count: 10)
        for number in 0..<1000 {
            var schedule = ProbeSchedule(name: "b0-\(number)")
            let pause = schedule.next() - ProbeSchedule.firstPause / 2
            tenths[min(9, Int(pause * 20 / ProbeSchedule.firstPause))] += 1
        }
        #expect(tenths.allSatisfy { (60...140).contains($0) }, "\(tenths)")
    }

    @Test("an interchange that comes late is found, and one that forgot the question is asked again")
    func lateAndForgetful() throws {
        let context = try Context()
        let port: Int
        do {
            let place = try Socket(context, .router)
            port = try place.bindToRandomPort(address: "127.0.0.1", ports: 20_000..<30_000)
            place.close()
        }
        let thread = startThread(named: "interchange") {
            // An error shows in the probe, which finds nobody.
            try? Self.answer(at: port, question: 2)
        }
        let probe = AddressProbe(
            addresses: ["127.0.0.2", "127.0.0.1"], port: port, uid: "m", curve: nil, timeout: .seconds(60))
        #expect(try probe.firstReachable(context) == "127.0.0.1")
        thread.join()
    }

    @Test("who listens and says nothing is waited for until the limit, and the error says so")
    func silent() throws {
        let context = try Context()
        let place = try Socket(context, .router)
        let port = try place.bindToRandomPort(address: "127.0.0.1", ports: 20_000..<30_000)
        try expectFailure("a connection to 127.0.0.1 stands, and nothing comes", context, port, curve: nil)
        withExtendedLifetime(place) {}
    }

    @Test("one end with encryption and the other without: the error names the cause")
    func mismatch() throws {
        let context = try Context()
        let certificates = try CurveCertificates.generate()
        let place = try Socket(context, .router)
        let port = try place.bindToRandomPort(address: "127.0.0.1", ports: 20_000..<30_000)
        try expectFailure(
            "check that both ends use encryption or neither", context, port, curve: certificates.clientRole)
        withExtendedLifetime(place) {}
    }

    /// Asks with limits that grow, since a busy machine takes its time for connections; the first one mostly does.
    private func expectFailure(_ words: String, _ context: Context, _ port: Int, curve: CurveRole?) throws {
        var said = ""
        for limit in [Duration.milliseconds(300), .seconds(2), .seconds(15)] where !said.contains(words) {
            let probe = AddressProbe(
                addresses: ["127.0.0.1", "127.0.0.2"], port: port, uid: "m", curve: curve, timeout: limit)
            do {
                said = "\(try probe.firstReachable(context)) answered"
            } catch let error as ManagerError {
                said = error.description
            }
        }
        #expect(said.contains(words))
    }

    @Test("what happened to the connections is told apart", arguments: AnswerCase.all)
    func reasons(one: AnswerCase) {
        let second: UInt64 = 1_000_000_000
        var answer = FirstAnswer(addresses: ["a", "b"], port: 7, limit: .seconds(30), since: 5)
        for (kind, index, time) in one.events { answer.note(kind, of: index, at: time * second) }
        #expect(answer.deadline == 30 * second + 5)
        let text = answer.error.description
        #expect(text.contains("within 30.0 seconds at port 7 of a, b: \(one.words)"), "\(text)")
    }

    /// What happened to the connections to two addresses, at which seconds, and what is said when no answer comes.
    struct AnswerCase: Sendable, CustomTestStringConvertible {
        var name: String
        var events: [(SocketEvent.Kind, Int, UInt64)]
        var words: String
        var testDescription: String { name }

        static let all = [
            AnswerCase(name: "nothing", events: [], words: "no connection came about"),
            AnswerCase(name: "open", events: [(.connected, 1, 1)], words: "a connection to b stands"),
            AnswerCase(
                name: "shaken hands", events: [(.connected, 0, 1), (.handshakeSucceeded, 0, 1)],
                words: "a connection to a stands"),
            AnswerCase(
                name: "closed again", events: [(.connected, 0, 1), (.disconnected, 0, 2)],
                words: "a took a connection and ended it"),
            AnswerCase(
                name: "open again for a moment",
                events: [(.connected, 0, 1), (.disconnected, 0, 2), (.connected, 0, 3)],
                words: "a took a connection and ended it"),
            AnswerCase(
                name: "open again, and shaken hands",
                events: [(.connected, 0, 1), (.disconnected, 0, 2), (.connected, 0, 3), (.handshakeSucceeded, 0, 3)],
                words: "a connection to a stands"),
            AnswerCase(
                name: "nothing came until the handshake's own limit",
                events: [(.connected, 0, 0), (.handshakeFailed, 0, 29), (.disconnected, 0, 29)],
                words: "a connection to a stands, and nothing comes"),
            AnswerCase(
                name: "wrong keys, tried again",
                events: [
                    (.connected, 1, 1), (.handshakeFailedAuthentication, 1, 1), (.disconnected, 1, 1),
                    (.connected, 1, 2),
                ],
                words: "b refused the keys"),
            AnswerCase(
                name: "another protocol",
                events: [(.connected, 1, 1), (.handshakeFailedProtocol, 1, 1), (.disconnected, 1, 1)],
                words: "b took a connection and ended it"),
            AnswerCase(
                name: "one refused, one open",
                events: [(.connected, 1, 1), (.handshakeFailedAuthentication, 1, 1), (.connected, 0, 1)],
                words: "a connection to a stands"),
        ]
    }

    @Test("nobody at any address: the error names them all")
    func nobody() throws {
        let context = try Context()
        let probe = AddressProbe(
            addresses: ["127.0.0.2", "127.0.0.3"], port: 9, uid: "m", curve: nil, timeout: .milliseconds(700))
        #expect {
            _ = try probe.firstReachable(context)
        } throws: {
            "\($0)".contains("at port 9 of 127.0.0.2, 127.0.0.3: no connection came about")
        }
    }

    /// Plays an interchange that loses the first questions.
    private static func answer(at port: Int, question: Int) throws {
        let context = try Context()
        let router = try Socket(context, .router)
        let deadline = Monotonic.deadline(after: .seconds(60))
        while true {
            do {
                // libzmq closes the socket that had the port in its own time.
                try router.bind(Endpoint.tcp("127.0.0.1", port: port))
                break
            } catch {
                guard Monotonic.nanoseconds < deadline else { throw error }
            }
        }
        let poller = try Poller()
        try poller.add(router, id: 0)
        var questions = 0
        while Monotonic.nanoseconds < deadline {
            _ = try poller.wait(timeoutNanoseconds: 100_000_000)
            while let identity = try router.receive()?.toArray(), let body = try router.receive()?.toArray() {
                guard body == ManagerMessage.probeBytes else { return }
                questions += 1
                guard questions >= question else { continue }
                try router.send(identity: identity, Message())
                // Closing waits until the answer has gone.
                try router.setLinger(2000)
                return router.close()
            }
        }
    }
}

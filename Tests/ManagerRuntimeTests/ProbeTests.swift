import SystemSupport
import Testing
import WireProtocol
import ZeroMQ

@testable import ManagerRuntime

@Suite("looking for the interchange")
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
            try? Self.answerTheSecond(at: port)
        }
        let probe = AddressProbe(
            addresses: ["127.0.0.2", "127.0.0.1"], port: port, uid: "m", curve: nil, timeout: .seconds(20))
        #expect(try probe.firstReachable(context) == "127.0.0.1")
        thread.join()
    }

    @Test("nobody at any address: the error names them all")
    func nobody() throws {
        let context = try Context()
        let probe = AddressProbe(
            addresses: ["127.0.0.2", "127.0.0.3"], port: 9, uid: "m", curve: nil, timeout: .milliseconds(700))
        #expect {
            _ = try probe.firstReachable(context)
        } throws: {
            "\($0)".contains("at port 9 of 127.0.0.2, 127.0.0.3")
        }
    }

    /// Plays an interchange that loses the first question.
    private static func answerTheSecond(at port: Int) throws {
        let context = try Context()
        let router = try Socket(context, .router)
        try router.bind(Endpoint.tcp("127.0.0.1", port: port))
        let poller = try Poller()
        try poller.add(router, id: 0)
        var questions = 0
        let deadline = Monotonic.nanoseconds + 20_000_000_000
        while Monotonic.nanoseconds < deadline {
            _ = try poller.wait(timeoutNanoseconds: 100_000_000)
            while let identity = try router.receive()?.toArray(), let body = try router.receive()?.toArray() {
                guard body == ManagerMessage.probeBytes else { return }
                questions += 1
                guard questions > 1 else { continue }
                try router.send(identity: identity, Message())
                // Closing waits until the answer has gone.
                try router.setLinger(2000)
                return router.close()
            }
        }
    }
}

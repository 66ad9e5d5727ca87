import SystemSupport
import TestSupport
import Testing

@testable import DataFlow

@Suite("What a future is made of", .paced)
struct FutureOriginTests {
    private struct Broken: Error {}

    @Test("who looks while a future fails finds what it was made of, or the roots of its failure, never nothing")
    func neverNothing() {
        for _ in 0..<50 {
            let sources = (0..<500).map { AppFuture<Int>(appName: "broken \($0)", failed: Broken()) }
            let origin = FutureOrigin(sources: sources)
            let ready = CountingSemaphore()
            let finished = LockedFlag()
            let thread = startThread(named: "finish") {
                ready.wait()
                origin.finish(failed: true)
                finished.set()
            }
            ready.signal()
            while !finished.isSet { #expect(origin.sources.count == 500) }
            thread.join()
            #expect(origin.sources.count == 500)
        }
    }

    @Test("what a future was made of is let go when it has a value")
    func letGo() {
        let origin = FutureOrigin(sources: [AppFuture<Int>(appName: "source", failed: Broken())])
        origin.finish(failed: false)
        #expect(origin.sources.isEmpty)
    }
}

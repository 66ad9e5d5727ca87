import AllocationCounter
import Glibc
import WireProtocol

/// Times and counts the encoding and decoding of real task and result messages.
enum EnvelopeProbe {
    static func run() {
        let payload = (0..<300).map { UInt8(truncatingIfNeeded: $0 % 150) }
        let task = TaskMessage.encode(taskID: 123_456, context: TaskContext(), buffer: payload)
        let result = ResultEnvelope.encode(taskID: 123_456, kind: .result, payload: payload)
        while let row = readLine() {
            switch row {
            case "task":
                answer(
                    { consume(TaskMessage.encode(taskID: 123_456, context: TaskContext(), buffer: payload)) },
                    { task.withUnsafeBytes { consume(try? TaskEnvelope.parse($0)) } })
            case "result":
                answer(
                    { consume(ResultEnvelope.encode(taskID: 123_456, kind: .result, payload: payload)) },
                    { result.withUnsafeBytes { consume(try? ResultEnvelope.parse($0)) } })
            default: print("unknown row \(row)")
            }
            fflush(nil)
        }
    }

    /// Prints `encode_ms decode_ms encode_allocations decode_allocations`, each for one message.
    private static func answer(_ encode: () -> Void, _ decode: () -> Void) {
        let times = "\(milliseconds(encode)) \(milliseconds(decode))"
        print(times, allocations(encode), allocations(decode))
    }

    private static func milliseconds(_ work: () -> Void) -> Double {
        let count = 200_000
        var best = Double.infinity
        for _ in 0..<3 {
            let start = clock()
            for _ in 0..<count { work() }
            best = min(best, (clock() - start) / Double(count))
        }
        return best
    }

    private static func allocations(_ work: () -> Void) -> Double {
        let count = 1_000
        work()
        allocation_reset()
        for _ in 0..<count { work() }
        return Double(allocation_stop().count) / Double(count)
    }

    private static func clock() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
}

/// Keeps results alive, so that work is not optimised away.
@inline(never) func consume<T>(_ value: borrowing T) {}

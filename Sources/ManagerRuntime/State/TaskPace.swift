/// How long tasks take, as a running mean, and what follows from it for keeping tasks ahead.
package struct TaskPace: Sendable, Equatable {
    /// A manager's window grows beyond its workers only while tasks are shorter than this.
    static let windowLimit: Double = 10_000_000
    /// A worker is written ahead to only while tasks are shorter than this.
    static let writeAheadLimit: Double = 1_000_000
    /// The most tasks a worker that the window may hold.
    static let largestWindow = 64
    /// The most frames in one worker.
    ///
    /// With 1 ms as the limit, this depth is for tasks of 30 µs and less.
    static let deepest = 32
    /// Each new time counts for an eighth, so that a few dozen short tasks outweigh one long one.
    private static let weight = 0.125

    private var mean: Double?
    private(set) var windowPerWorker = 1

    /// Takes in the time of one task, in nanoseconds.
    mutating func record(_ nanoseconds: UInt64) {
        let time = Double(nanoseconds)
        let mean = mean.map { $0 + (time - $0) * Self.weight } ?? time
        self.mean = mean
        let wanted = Self.windowWanted(mean)
        // Grow in steps of two and shrink late, so that a mean at the border does not announce a number per task.
        if wanted >= windowPerWorker * 2 || wanted == 1 || wanted * 4 <= windowPerWorker { windowPerWorker = wanted }
    }

    /// The running mean in nanoseconds; `nil` before the first task.
    package var meanNanoseconds: Double? { mean }

    /// How many frames one worker may have: work for at most a millisecond.
    package var depth: Int {
        guard let mean, mean < Self.writeAheadLimit else { return 1 }
        return min(Self.deepest, max(2, Int(Self.writeAheadLimit / max(mean, 1))))
    }

    /// Tasks a worker that cover 20 ms, twice the limit, as a power of two.
    private static func windowWanted(_ mean: Double) -> Int {
        guard mean < windowLimit else { return 1 }
        let wanted = min(Double(largestWindow), 2 * windowLimit / max(mean, 1))
        var window = 1
        while Double(window * 2) <= wanted { window *= 2 }
        return window
    }
}

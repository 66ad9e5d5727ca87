import Glibc

/// What a process or thread has used since it began.
package struct ResourceUsage: Sendable, Equatable {
    /// Whose usage is asked for.
    package enum Scope: Sendable {
        /// All threads of this process.
        case process
        /// The children that ended and were waited for.
        case children
        /// The calling thread.
        case thread
    }

    /// Processor time in user code.
    package var userNanoseconds: UInt64 = 0
    /// Processor time in the kernel.
    package var systemNanoseconds: UInt64 = 0
    /// Largest resident size so far; not a sum, so a difference keeps the later value.
    package var maxResidentBytes: UInt64 = 0
    /// Times a thread gave up its processor by waiting.
    package var voluntarySwitches: UInt64 = 0
    /// Times a thread was put aside.
    package var involuntarySwitches: UInt64 = 0
    /// Page faults served from memory.
    package var minorFaults: UInt64 = 0
    /// Page faults that read a disk.
    package var majorFaults: UInt64 = 0

    /// Makes a usage of zero.
    package init() {}

    /// What was used between two readings.
    package static func - (later: Self, earlier: Self) -> Self {
        var result = later
        result.userNanoseconds &-= earlier.userNanoseconds
        result.systemNanoseconds &-= earlier.systemNanoseconds
        result.voluntarySwitches &-= earlier.voluntarySwitches
        result.involuntarySwitches &-= earlier.involuntarySwitches
        result.minorFaults &-= earlier.minorFaults
        result.majorFaults &-= earlier.majorFaults
        return result
    }
}

extension CurrentProcess {
    /// The usage so far (`getrusage`).
    package static func usage(of scope: ResourceUsage.Scope = .process) -> ResourceUsage {
        let who: Int32 =
            switch scope {
            case .process: 0  // RUSAGE_SELF
            case .children: -1  // RUSAGE_CHILDREN
            case .thread: 1  // RUSAGE_THREAD
            }
        var raw = rusage()
        guard getrusage(who, &raw) == 0 else { return ResourceUsage() }
        func nanoseconds(_ time: timeval) -> UInt64 {
            UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
        }
        var usage = ResourceUsage()
        usage.userNanoseconds = nanoseconds(raw.ru_utime)
        usage.systemNanoseconds = nanoseconds(raw.ru_stime)
        usage.maxResidentBytes = UInt64(raw.ru_maxrss) * 1024  // Linux counts it in KiB
        usage.voluntarySwitches = UInt64(raw.ru_nvcsw)
        usage.involuntarySwitches = UInt64(raw.ru_nivcsw)
        usage.minorFaults = UInt64(raw.ru_minflt)
        usage.majorFaults = UInt64(raw.ru_majflt)
        return usage
    }
}

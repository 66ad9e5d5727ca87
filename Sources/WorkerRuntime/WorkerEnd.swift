@preconcurrency import Glibc  // why: `stdout` and `stderr` are variables there
import SystemSupport

/// The ways in which a worker ends.
enum WorkerEnd {
    /// The status of a worker that cannot understand its manager (`EX_SOFTWARE` of sysexits.h).
    private static let protocolFailure: Int32 = 70

    /// After the last task: output is written, nothing else runs.
    static func finish() -> Never {
        fflush(stdout)
        fflush(stderr)
        _exit(0)
    }

    /// With a line for the manager's report.
    static func fail(_ text: String) -> Never {
        fputs("worker \(getpid()): \(text)\n", stderr)
        fflush(stdout)
        fflush(stderr)
        _exit(protocolFailure)
    }

    /// At once, with everything the tasks started in the worker's own process group.
    static func endGroup() -> Never {
        endGroupOnSignal(0)
        _exit(0)
    }

    /// Lets the kernel end the worker's group when the manager dies, beside the control thread: a thread may be held
    /// up, for example by a debugger.
    ///
    /// SIGHUP is the signal that says so to programs everywhere; SIGKILL would leave the worker's children behind.
    static func armParentDeath() {
        _ = signal(SIGHUP, endGroupOnSignal)
        // A refusal leaves the control thread, which suffices.
        try? CurrentProcess.setParentDeathSignal(SIGHUP)
    }
}

/// Only calls that are safe in a signal handler.
///
/// A free function, so that it is not isolated anywhere.
private func endGroupOnSignal(_ number: Int32) {
    if getpgrp() == getpid() { kill(0, SIGKILL) }
    _exit(128 + number)
}

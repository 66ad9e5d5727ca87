import Glibc

/// One step towards a child's end: a signal, and the time it is given.
package struct TeardownStep: Sendable, Equatable {
    /// The signal to send.
    package var signal: Int32
    /// How long to wait for the end before the next step.
    package var allowed: Duration

    /// Makes a step.
    package init(signal: Int32, allowed: Duration) {
        self.signal = signal
        self.allowed = allowed
    }

    /// Asks for an orderly end (SIGTERM).
    package static func terminate(allowed: Duration) -> Self { Self(signal: SIGTERM, allowed: allowed) }

    /// Interrupts, as Ctrl-C does (SIGINT).
    package static func interrupt(allowed: Duration) -> Self { Self(signal: SIGINT, allowed: allowed) }
}

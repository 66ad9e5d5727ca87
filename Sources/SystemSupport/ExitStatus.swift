/// How a process ended.
package enum ExitStatus: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// It returned this status.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)

    /// Reads the word that `waitpid` fills (low seven bits: signal; next byte: status).
    package init(waitStatus: Int32) {
        let signal = waitStatus & 0x7F
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signalled(signal)
    }

    /// Whether it returned 0.
    package var isSuccess: Bool { self == .exited(0) }

    /// The number a shell would show: the status, or 128 plus the signal.
    package var shellCode: Int32 {
        switch self {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        }
    }

    /// "exit status 3" or "signal 9 (SIGKILL)".
    package var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let signal): "signal \(SignalName.describe(signal))"
        }
    }
}

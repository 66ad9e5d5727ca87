internal import CZeroMQ
internal import Glibc

/// A refused ZeroMQ call: what was tried, what came back, what to do.
package struct ZeroMQError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of failure; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case addressInUse, addressNotAvailable, unreachable, terminated, wouldBlock, invalidArgument
            case notSocket, tooManyDescriptors, connectionRefused, wrongState, noPortFree, badCertificate, system
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// Something else listens there (`EADDRINUSE`).
        package static var addressInUse: Self { Self(.addressInUse) }
        /// This host has no such address, or the name is unknown (`EADDRNOTAVAIL`, `ENODEV`).
        package static var addressNotAvailable: Self { Self(.addressNotAvailable) }
        /// No peer of this identity is connected to the ROUTER (`EHOSTUNREACH`).
        package static var unreachable: Self { Self(.unreachable) }
        /// The context was terminated (`ETERM`).
        package static var terminated: Self { Self(.terminated) }
        /// The socket cannot take the message now (`EAGAIN`).
        package static var wouldBlock: Self { Self(.wouldBlock) }
        /// An option or endpoint was refused (`EINVAL`).
        package static var invalidArgument: Self { Self(.invalidArgument) }
        /// The socket was closed before (`ENOTSOCK`).
        package static var notSocket: Self { Self(.notSocket) }
        /// The process has no descriptor left (`EMFILE`).
        package static var tooManyDescriptors: Self { Self(.tooManyDescriptors) }
        /// Nobody listens at an inproc endpoint (`ECONNREFUSED`).
        package static var connectionRefused: Self { Self(.connectionRefused) }
        /// Not possible in this state, such as two requests without a reply between (`EFSM`).
        package static var wrongState: Self { Self(.wrongState) }
        /// No port of the range could be bound.
        package static var noPortFree: Self { Self(.noPortFree) }
        /// A certificate or its directory is not acceptable.
        package static var badCertificate: Self { Self(.badCertificate) }
        /// Any other refusal; `errno` says which.
        package static var system: Self { Self(.system) }

        /// The code's name.
        package var description: String { value.rawValue }

        init(errno code: Int32) {
            self =
                switch code {
                case EADDRINUSE: .addressInUse
                case EADDRNOTAVAIL, ENODEV: .addressNotAvailable
                case EHOSTUNREACH: .unreachable
                case Self.contextTerminated: .terminated
                case EAGAIN: .wouldBlock
                case EINVAL: .invalidArgument
                case ENOTSOCK: .notSocket
                case EMFILE, ENFILE: .tooManyDescriptors
                case ECONNREFUSED: .connectionRefused
                case Self.wrongSocketState: .wrongState
                default: .system
                }
        }

        // zmq.h: ZMQ_HAUSNUMERO + 51 and + 53, casts that Swift does not import.
        private static let wrongSocketState: Int32 = 156_384_712 + 51
        private static let contextTerminated: Int32 = 156_384_712 + 53
    }

    /// The kind of failure.
    package var code: Code
    /// The number libzmq reported; 0 when the failure is not libzmq's.
    package var errno: Int32
    /// What was tried, with its values.
    package var attempt: String
    /// What came back.
    package var reason: String
    /// What to do about it; may be empty.
    package var remedy: String

    /// Makes an error that libzmq did not report itself.
    package init(code: Code, attempt: String, reason: String, remedy: String = "") {
        self.code = code
        self.errno = 0
        self.attempt = attempt
        self.reason = reason
        self.remedy = remedy
    }

    /// The error of the libzmq call just made on this thread.
    static func last(_ attempt: @autoclosure () -> String) -> ZeroMQError {
        let code = zmq_errno()  // before the text is put together, which may make calls of its own
        return ZeroMQError(errno: code, attempt: attempt())
    }

    init(errno: Int32, attempt: String) {
        code = Code(errno: errno)
        self.errno = errno
        self.attempt = attempt
        reason = unsafe zmq_strerror(errno).map { unsafe String(cString: $0) } ?? "unknown error"
        remedy = Self.remedy(code)
    }

    /// "could not …: Address already in use (addressInUse, errno 98); …".
    package var description: String {
        let number = errno == 0 ? "" : ", errno \(errno)"
        return "could not \(attempt): \(reason) (\(code)\(number))" + (remedy.isEmpty ? "" : "; \(remedy)")
    }

    private static func remedy(_ code: Code) -> String {
        switch code {
        case .addressInUse: "choose another port, or end the program that listens there (ss -ltnp)"
        case .addressNotAvailable: "use an address of this host (ip address); an IPv6 address needs brackets"
        case .unreachable: "the peer has gone or has not connected yet; wait for it to register again"
        case .terminated: "the sockets of this context are to be closed"
        case .wouldBlock: "wait until the socket is writable; nobody may be connected yet"
        case .invalidArgument: "an endpoint reads tcp://HOST:PORT"
        case .tooManyDescriptors: "raise the limit on open files (ulimit -n)"
        default: ""
        }
    }
}

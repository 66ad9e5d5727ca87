/// A provider could not do what it was asked for.
public struct ProviderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case commandNotFound, timedOut, refused, unreadableAnswer, badParameter, notStarted
            case permissionDenied, untrusted, unreachable, connectionLost, schedulerDown
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The scheduler's client program is not on PATH.
        public static var commandNotFound: Self { Self(.commandNotFound) }
        /// The client program did not end in time.
        public static var timedOut: Self { Self(.timedOut) }
        /// The scheduler said no.
        public static var refused: Self { Self(.refused) }
        /// The client program printed something that cannot be read.
        public static var unreadableAnswer: Self { Self(.unreadableAnswer) }
        /// A parameter of the provider cannot work.
        public static var badParameter: Self { Self(.badParameter) }
        /// The script could not be written, or the client program not be started.
        public static var notStarted: Self { Self(.notStarted) }

        /// The other side knows who asks, or does not, and does not let him do this.
        public static var permissionDenied: Self { Self(.permissionDenied) }
        /// The other side could not prove that it is who it should be: an unknown host key, a certificate of nobody known.
        public static var untrusted: Self { Self(.untrusted) }
        /// No connection came about: no such name, no route, nobody listens.
        public static var unreachable: Self { Self(.unreachable) }
        /// There was a connection, and it ended too early.
        public static var connectionLost: Self { Self(.connectionLost) }

        /// The scheduler's daemon did not answer its client program: nothing has changed there, and it may answer later.
        public static var schedulerDown: Self { Self(.schedulerDown) }

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it was.
    public var code: Code
    /// What was tried, what came back, what to do.
    public var message: String
    /// The command, as one could type it; empty when none was run.
    public var command: String
    /// What the command printed, both streams.
    public var output: String

    /// Describes a failure.
    public init(_ code: Code, _ message: String, command: String = "", output: String = "") {
        self.code = code
        self.message = message
        self.command = command
        self.output = output
    }

    /// The message, the command, and what it printed.
    public var description: String {
        var text = message
        if !command.isEmpty { text += "\n  $ \(command)" }
        for line in output.split(separator: "\n", omittingEmptySubsequences: true).prefix(20) {
            text += "\n  | \(line)"
        }
        return text
    }
}

/// The types of a task's parameters and result, as text.
public struct TaskSignature: Hashable, Sendable, CustomStringConvertible {
    /// The parameter types, in order.
    public let parameters: [String]
    /// The result type.
    public let result: String

    /// Describes a task that takes `parameters` and returns `result`.
    public init(parameters: [String], result: String) {
        self.parameters = parameters
        self.result = result
    }

    /// As Swift writes it: `(Int, String) -> Double`.
    public var description: String { "(\(parameters.joined(separator: ", "))) -> \(result)" }
}

/// What a worker runs when it is asked for a task by name.
public struct TaskDefinition: Sendable {
    /// Runs the task on encoded arguments (a pickled tuple) and returns the encoded result (a pickle).
    ///
    /// The bytes are borrowed for the time of the decoding only; the closure copies what it keeps.
    public typealias EncodedBody = @Sendable (_ arguments: EncodedArguments) async throws -> [UInt8]

    /// The name by which the task travels.
    public let name: String
    /// The declared version: raised by the author when the meaning of the task changes.
    public let version: Int
    /// The types of parameters and result.
    public let signature: TaskSignature
    /// Decodes, runs, encodes.
    public let body: EncodedBody

    /// Defines a task.
    public init(name: String, version: Int, signature: TaskSignature, body: @escaping EncodedBody) {
        self.name = name
        self.version = version
        self.signature = signature
        self.body = body
    }

    /// One line for error texts: `fib (version 1): (Int) -> Int`.
    public var row: String { "\(name) (version \(version)): \(signature)" }
}

/// The pickled tuple of a call's arguments, somewhere inside a received message.
public struct EncodedArguments: Sendable {
    /// The whole message.
    public let message: [UInt8]
    /// Where the pickle of the argument tuple lies in it.
    public let range: Range<Int>

    /// Points at the arguments inside `message`.
    public init(message: [UInt8], range: Range<Int>) {
        self.message = message
        self.range = range
    }

    /// The arguments alone.
    public init(_ bytes: [UInt8]) {
        self.init(message: bytes, range: 0..<bytes.count)
    }
}

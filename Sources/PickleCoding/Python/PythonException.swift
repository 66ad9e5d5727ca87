/// An exception that Python pickled, as data: nothing of it is raised or constructed.
///
/// Understands plain exceptions, those that `tblib` extends with cause and traceback, and Parsl's wrapper around them.
public struct PythonException: Error, Sendable, CustomStringConvertible {
    /// One line of a traceback.
    public struct Frame: Sendable, Hashable {
        /// The file.
        public var file: String
        /// The line.
        public var line: Int
        /// The function.
        public var function: String
    }

    /// The class, for example `builtins.ValueError`.
    public var typeName: PickleName
    /// The arguments of the exception, as text.
    public var arguments: [String]
    /// Notes added to the exception.
    public var notes: [String]
    /// The frames of the traceback, outermost first.
    public var traceback: [Frame]
    /// The causes, the nearest first.
    public var causes: [PythonException]

    /// The name as Python shows it, and the arguments.
    public var message: String { arguments.joined(separator: ", ") }

    /// Like Python's own report: traceback, then `ValueError: text`, then the notes; causes first.
    public var description: String {
        var text = ""
        for cause in causes.reversed() {
            text += cause.description
            text += "\nThe above exception was the direct cause of the following exception:\n"
        }
        if !traceback.isEmpty { text += "Traceback (most recent call last):\n" }
        for frame in traceback { text += "  File \"\(frame.file)\", line \(frame.line), in \(frame.function)\n" }
        let name = typeName.module == "builtins" ? typeName.name : typeName.description
        text += message.isEmpty ? name : name + ": " + message
        for note in notes { text += "\n" + note }
        return text
    }

    /// Reads an exception; nil if the value is none.
    public init?(_ value: PickleValue) {
        guard let parts = Parts(value) else { return nil }
        self.init(parts)
        // Causes are a chain; what repeats or does not end is cut.
        var next = parts.cause
        while let value = next, !value.isNone, causes.count < 32, let parts = Parts(value) {
            causes.append(PythonException(parts))
            next = parts.cause
        }
    }

    private init(_ parts: Parts) {
        typeName = parts.typeName
        arguments = parts.arguments.map { $0.stringValue ?? $0.description }
        notes = parts.notes
        traceback = Self.frames(parts.traceback)
        causes = []
    }

    /// The parts of an exception, wherever they stand.
    private struct Parts {
        var typeName: PickleName
        var arguments: [PickleValue]
        var notes: [String] = []
        var cause: PickleValue?
        var traceback: PickleValue?

        init?(_ value: PickleValue) {
            guard let callee = value.callee?.global else { return nil }
            let arguments = value.arguments ?? []
            switch (callee.module, callee.name) {
            case (_, "RemoteExceptionWrapper"):
                guard let state = value.state, let inner = state["e_value"], let parts = Parts(inner) else {
                    return nil
                }
                self = parts
                if traceback == nil || traceback?.isNone == true { traceback = state["e_traceback"] }
                if cause == nil || cause?.isNone == true { cause = state["cause"] }
            case ("tblib.pickling_support", "unpickle_exception_with_attrs"):
                guard arguments.count >= 4, let name = Self.className(arguments[0]) else { return nil }
                typeName = name
                self.arguments = arguments[1]["args"]?.items ?? []
                cause = arguments[2]
                traceback = arguments[3]
                if arguments.count > 6 { notes = Self.texts(arguments[6]) }
            case ("tblib.pickling_support", "unpickle_exception"):
                guard arguments.count >= 4, let name = Self.className(arguments[0]) else { return nil }
                typeName = name
                self.arguments = arguments[1].items ?? []
                cause = arguments[2]
                traceback = arguments[3]
                if arguments.count > 6 { notes = Self.texts(arguments[6]) }
            default:
                guard value.kind == .reduce else { return nil }
                typeName = PickleName(module: callee.module, name: callee.name)
                self.arguments = arguments
            }
            // tblib gives the notes twice: as an argument, and with the attributes.
            if notes.isEmpty, let more = value.state?["__notes__"] { notes = Self.texts(more) }
        }

        /// A class: a name, or dill's way to say a built-in one.
        private static func className(_ value: PickleValue) -> PickleName? {
            if let global = value.global { return PickleName(module: global.module, name: global.name) }
            if value.callee?.global?.name == "_load_type", let name = value.arguments?.first?.stringValue {
                return PickleName(module: "builtins", name: name)
            }
            return nil
        }

        private static func texts(_ value: PickleValue) -> [String] { (value.items ?? []).compactMap(\.stringValue) }
    }

    /// The frames of a tblib traceback: `unpickle_traceback(frame, line, next)` or an instance with the same as state.
    private static func frames(_ value: PickleValue?) -> [Frame] {
        var frames: [Frame] = []
        var next = value
        while let link = next, !link.isNone, frames.count < 1_000 {
            let arguments = link.arguments ?? []
            let frame = link.state?["tb_frame"] ?? arguments.first
            let line = link.state?["tb_lineno"] ?? arguments.dropFirst().first
            let code = frame?.state?["f_code"]?.state
            guard let file = code?["co_filename"]?.stringValue else { break }
            frames.append(
                Frame(
                    file: file, line: line?.intValue ?? 0, function: code?["co_name"]?.stringValue ?? "?"))
            next = link.state?["tb_next"] ?? arguments.dropFirst(2).first
        }
        return frames
    }
}

import PickleCoding
package import WorkflowCore

/// The `exception` payload of a result: how failures are written for either kind of executor, and read again.
package enum FailureBuffer {
    private static let parslErrors = "parsl.executors.high_throughput.errors"

    // MARK: For a stock executor (wire document §10)

    /// `ManagerLost(manager, host)`: a bare exception instance, which Parsl sets on the future as it is.
    package static func managerLost(manager: String, host: String) -> [UInt8] {
        serialized { writer in
            writer.global(module: parslErrors, name: "ManagerLost")
            writer.bytes(Array(manager.utf8))
            writer.string(host)
            writer.tuple2()
            writer.reduce()
        }
    }

    /// `WorkerLost(index, host)`.
    package static func workerLost(index: Int, host: String) -> [UInt8] {
        serialized { writer in
            writer.global(module: parslErrors, name: "WorkerLost")
            writer.int(index)
            writer.string(host)
            writer.tuple2()
            writer.reduce()
        }
    }

    /// `VersionMismatch(interchange, manager)`, which ends a stock executor with both texts.
    package static func versionMismatch(interchange: String, manager: String) -> [UInt8] {
        serialized { writer in
            writer.global(module: parslErrors, name: "VersionMismatch")
            writer.string(interchange)
            writer.string(manager)
            writer.tuple2()
            writer.reduce()
        }
    }

    /// `RuntimeError(text)`, for what Parsl has no error of its own.
    package static func runtimeError(_ text: String) -> [UInt8] {
        serialized { writer in
            writer.global(module: "builtins", name: "RuntimeError")
            writer.string(text)
            writer.tuple1()
            writer.reduce()
        }
    }

    // MARK: For an Apus executor: plain data

    /// A thrown error.
    package static func encode(_ error: RemoteError) -> [UInt8] {
        serialized { writer in
            writer.emptyDict()
            writer.mark()
            writer.field("apus_error", "remote")
            writer.field("type", error.typeName)
            writer.field("message", error.message)
            writer.field("debug", error.debugText)
            writer.field("app", error.app)
            writer.field("host", error.host)
            writer.field("elapsed", error.elapsed)
            writer.field("stderr", error.standardErrorTail)
            writer.string("payload" as StaticString)
            if let payload = error.payload { writer.bytes(payload) } else { writer.none() }
            writer.setItems()
        }
    }

    /// A failure of the machinery.
    package static func encode(_ error: ExecutionError) -> [UInt8] {
        serialized { writer in
            writer.emptyDict()
            writer.mark()
            writer.field("apus_error", "execution")
            writer.field("code", error.code.description)
            writer.field("message", error.message)
            writer.setItems()
        }
    }

    /// A task that was stopped, since its walltime was over.
    package static func encode(_ error: AppTimeout) -> [UInt8] {
        serialized { writer in
            writer.emptyDict()
            writer.mark()
            writer.field("apus_error", "timeout")
            writer.field("app", error.app)
            writer.field("limit", error.limit)
            writer.field("elapsed", error.elapsed)
            writer.setItems()
        }
    }

    /// A task that was stopped, since it used more memory than it had asked for.
    package static func encode(_ error: MemoryLimitExceeded) -> [UInt8] {
        serialized { writer in
            writer.emptyDict()
            writer.mark()
            writer.field("apus_error", "memory")
            writer.field("app", error.app)
            writer.field("limit", error.limit)
            writer.field("reached", error.reached)
            writer.field("host", error.host)
            writer.setItems()
        }
    }

    // MARK: Reading

    /// The error in an `exception` payload, whoever wrote it.
    ///
    /// Never fails: what cannot be understood becomes an error that says so, with the text that could be found.
    package static func decode(_ payload: UnsafeRawBufferPointer) -> any Error {
        guard let body = SerializedObject.body(of: payload) else {
            return ExecutionError(
                .peerError, "a task failed with an error in an unknown form: \(WireError.excerpt(payload))")
        }
        let document: PickleDocument
        do {
            document = try PickleDocument(copying: UnsafeRawBufferPointer(rebasing: payload[body]))
        } catch {
            return ExecutionError(.peerError, "a task failed and its error cannot be read: \(error)")
        }
        let root = document.root
        switch root["apus_error"]?.stringValue {
        case "remote": return remoteError(root)
        case "timeout":
            return AppTimeout(
                app: root["app"]?.stringValue ?? "unknown", limit: root["limit"]?.doubleValue ?? 0,
                elapsed: root["elapsed"]?.doubleValue ?? 0)
        case "memory":
            return MemoryLimitExceeded(
                app: root["app"]?.stringValue ?? "unknown", limit: root["limit"]?.intValue ?? 0,
                reached: root["reached"]?.intValue ?? 0, host: root["host"]?.stringValue ?? "")
        case "execution":
            return ExecutionError(
                ExecutionError.Code(named: root["code"]?.stringValue), root["message"]?.stringValue ?? "no text")
        default: return pythonError(root)
        }
    }

    private static func remoteError(_ root: PickleValue) -> RemoteError {
        RemoteError(
            typeName: root["type"]?.stringValue ?? "unknown", message: root["message"]?.stringValue ?? "",
            debugText: root["debug"]?.stringValue ?? "", app: root["app"]?.stringValue ?? "",
            host: root["host"]?.stringValue ?? "", elapsed: root["elapsed"]?.doubleValue ?? 0,
            standardErrorTail: root["stderr"].strings, payload: root["payload"]?.bytesValue)
    }

    private static func pythonError(_ root: PickleValue) -> ExecutionError {
        let name = root.callee?.global?.name
        let arguments = root.arguments ?? []
        switch name {
        case "ManagerLost":
            let manager = arguments.first?.bytesValue.map { String(decoding: $0, as: UTF8.self) } ?? "?"
            return ExecutionError(.managerLost, "manager \(manager) on \(arguments.last?.stringValue ?? "?") is lost")
        case "WorkerLost":
            let index = arguments.first?.intValue.map(String.init) ?? "?"
            return ExecutionError(.workerLost, "worker \(index) on \(arguments.last?.stringValue ?? "?") is lost")
        case "VersionMismatch":
            let texts = arguments.compactMap(\.stringValue)
            return ExecutionError(
                .versionMismatch,
                "the interchange runs \(texts.first ?? "?") and a manager \(texts.last ?? "?"); install one version")
        default:
            return ExecutionError(
                .peerError, "a Python error of type \(name ?? "unknown") with \(arguments.count) arguments")
        }
    }

    private static func serialized(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
        var writer = PickleWriter()
        writer.raw(SerializedObject.prefix)
        writer.header()
        body(&writer)
        writer.stop()
        return writer.finish()
    }
}

extension ExecutionError.Code {
    /// The code with this name; ``peerError`` for names this version does not know.
    init(named name: String?) {
        let known: [ExecutionError.Code] = [
            .workerLost, .managerLost, .interchangeLost, .executorFailed, .taskUnknown, .tableMismatch,
            .versionMismatch, .cancelled, .resultUnusable, .payloadTooLarge, .invalidResources, .resourcesUnavailable,
        ]
        self = known.first { $0.description == name } ?? .peerError
    }
}

import PickleCoding

/// Where the parts of one task message lie: `{'task_id': int, 'context': dict, 'buffer': bytes}`.
package struct TaskEnvelope: Sendable, Equatable {
    /// The number the executor gave the task.
    package var taskID: Int
    /// Lower runs first; infinity when the message has none, or one that is not a number.
    package var priority: Double
    /// Whether `context` is `{}`, as it nearly always is.
    package var contextIsEmpty: Bool
    /// Where the opaque buffer lies in the message.
    package var buffer: Range<Int>
    /// What the task asks for; `nil` for a worker.
    package var needs: TaskNeeds?

    /// Describes a task message.
    package init(
        taskID: Int, priority: Double, contextIsEmpty: Bool, buffer: Range<Int>, needs: TaskNeeds? = nil
    ) {
        self.taskID = taskID
        self.priority = priority
        self.contextIsEmpty = contextIsEmpty
        self.buffer = buffer
        self.needs = needs
    }

    /// Reads one task message.
    ///
    /// - Throws: ``WireError`` when it is no pickle, or a field is missing or of the wrong type.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> TaskEnvelope {
        if var scanner = EnvelopeScanner(message), let envelope = scanner.task(), scanner.nextOpcode() == 0x2e {
            return envelope
        }
        return try PickleDocument.reading(message) { root throws(WireError) in try TaskEnvelope(root) }
    }

    /// The task's number, as far as it can be read in a message that is no good otherwise; `nil` when it cannot.
    package static func taskID(in message: UnsafeRawBufferPointer) -> Int? {
        if var scanner = EnvelopeScanner(message), let taskID = scanner.taskID() { return taskID }
        return try? PickleDocument.reading(message) { $0["task_id"]?.intValue }
    }

    /// Reads a batch: a list of task dicts, or a single task dict.
    package static func parseBatch(_ message: UnsafeRawBufferPointer) throws(WireError) -> [TaskEnvelope] {
        if let batch = scanBatch(message) { return batch }
        return try PickleDocument.reading(message) { root throws(WireError) in
            guard let items = root.items, root.pairs == nil else { return [try TaskEnvelope(root)] }
            var envelopes: [TaskEnvelope] = []
            envelopes.reserveCapacity(items.count)
            for item in items { envelopes.append(try TaskEnvelope(item)) }
            return envelopes
        }
    }

    private static func scanBatch(_ message: UnsafeRawBufferPointer) -> [TaskEnvelope]? {
        guard var scanner = EnvelopeScanner(message), let first = scanner.peek() else { return nil }
        guard first == 0x5d else {
            guard let envelope = scanner.task(), scanner.nextOpcode() == 0x2e else { return nil }
            return [envelope]
        }
        _ = scanner.nextOpcode()
        var envelopes: [TaskEnvelope] = []
        while let opcode = scanner.peek() {
            switch opcode {
            case 0x28, 0x65, 0x61:  // MARK, APPENDS, APPEND
                _ = scanner.nextOpcode()
            case 0x2e:
                return envelopes
            default:
                guard let envelope = scanner.task() else { return nil }
                envelopes.append(envelope)
            }
        }
        return nil
    }

    init(_ value: PickleValue) throws(WireError) {
        guard let taskID = value["task_id"]?.intValue else {
            throw WireError(.badField, "a task message without an integer 'task_id'")
        }
        guard let buffer = value["buffer"]?.bytesRange else {
            throw WireError(.badField, "task \(taskID) has no 'buffer' of bytes")
        }
        let context = value["context"]
        let priority = context?["resource_spec"]?["priority"]?.doubleValue
        self.init(
            taskID: taskID, priority: priority.map { $0.isNaN ? .infinity : $0 } ?? .infinity,
            contextIsEmpty: (context?.count ?? 0) == 0, buffer: buffer, needs: try TaskNeeds(context?["apus_needs"]))
    }
}

extension EnvelopeScanner {
    /// The value of the key `task_id`, if only scalars stand before it.
    mutating func taskID() -> Int? {
        guard nextOpcode() == 0x7d, nextOpcode() == 0x28 else { return nil }
        while let opcode = nextOpcode(), case .text(let key)? = scalar(opcode), let next = nextOpcode() {
            guard let value = scalar(next) else { return nil }
            if case .integer(let number) = value, matches(key, "task_id") { return number }
        }
        return nil
    }

    /// Reads a task dict at the current position; `nil` outside the small grammar.
    mutating func task() -> TaskEnvelope? {
        guard nextOpcode() == 0x7d, nextOpcode() == 0x28 else { return nil }
        var taskID: Int?
        var buffer: Range<Int>?
        var emptyContext = false
        while let opcode = nextOpcode() {
            if opcode == 0x75 {
                guard let taskID, let buffer, emptyContext else { return nil }
                return TaskEnvelope(taskID: taskID, priority: .infinity, contextIsEmpty: true, buffer: buffer)
            }
            guard case .text(let key)? = scalar(opcode), let next = nextOpcode(), let value = scalar(next) else {
                return nil
            }
            switch value {
            case .integer(let number) where matches(key, "task_id"): taskID = number
            case .bytes(let range) where matches(key, "buffer"): buffer = range
            case .emptyDict where matches(key, "context"): emptyContext = true
            default: return nil
            }
        }
        return nil
    }
}

/// What an Apus executor says about a task besides its buffer.
package struct TaskContext: Sendable, Equatable {
    /// Lower runs first; `nil` last.
    package var priority: Int?
    /// The kernel's task and try numbers; present when the worker shall report start and end.
    package var monitored: Monitored?
    /// Seconds that the body may run; `nil` for any number.
    package var walltime: Double?
    /// What it asks for; `nil` for a worker.
    package var needs: TaskNeeds?
    /// How a program on several nodes is started; `nil` for a task on one.
    package var layout: RankLayout?

    /// The kernel's numbers of a task.
    package struct Monitored: Sendable, Equatable {
        /// The task.
        package var task: Int
        /// The attempt, from 0.
        package var number: Int

        /// Names one attempt.
        package init(task: Int, number: Int) {
            self.task = task
            self.number = number
        }
    }

    /// Describes a task; by default with nothing to say.
    package init(
        priority: Int? = nil, monitored: Monitored? = nil, walltime: Double? = nil, needs: TaskNeeds? = nil,
        layout: RankLayout? = nil
    ) {
        self.priority = priority
        self.monitored = monitored
        self.walltime = walltime
        self.needs = needs
        self.layout = layout
    }

    var isEmpty: Bool { priority == nil && monitored == nil && walltime == nil && needs == nil }

    /// Reads the contexts of a batch, or of one task message, in order.
    ///
    /// A fault in them is no reason to lose the tasks: what cannot be read says nothing.
    package static func all(in message: UnsafeRawBufferPointer) -> [TaskContext] {
        let contexts = try? PickleDocument.reading(message) { root in
            root.pairs == nil ? (root.items ?? []).map(Self.init(task:)) : [Self(task: root)]
        }
        return contexts ?? []
    }

    private init(task: PickleValue) {
        let context = task["context"]
        priority = context?["resource_spec"]?["priority"]?.intValue
        if let pair = context?["apus"], let task = pair[0]?.intValue, let number = pair[1]?.intValue {
            monitored = Monitored(task: task, number: number)
        }
        if let limit = context?["apus_walltime"]?.doubleValue, limit >= 0 { walltime = limit }
        // Labels that are none have made the envelope unreadable before.
        needs = (try? TaskNeeds(context?["apus_needs"])) ?? nil
        layout = RankLayout(context?["apus_needs"])
    }
}

/// Writes task messages.
package enum TaskMessage {
    /// Writes `{'task_id': …, 'context': …, 'buffer': …}`.
    package static func encode(taskID: Int, context: TaskContext, buffer: [UInt8]) -> [UInt8] {
        buffer.withUnsafeBytes { encode(taskID: taskID, context: context, buffer: $0) }
    }

    /// Writes `{'task_id': …, 'context': …, 'buffer': …}`.
    package static func encode(taskID: Int, context: TaskContext, buffer: UnsafeRawBufferPointer) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: buffer.count + 128)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.string("task_id" as StaticString)
        writer.int(taskID)
        writer.string("context" as StaticString)
        writer.context(context)
        writer.string("buffer" as StaticString)
        writer.bytes(buffer)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }
}

extension TaskMessage {
    /// Writes the message of one call of an Apus task, its buffer in place: large arguments are copied once.
    package static func encode(
        taskID: Int, context: TaskContext, call template: TaskCall.Template, arguments: [UInt8]
    ) -> [UInt8] {
        let count = TaskCall.byteCount(template, argumentCount: arguments.count)
        var writer = PickleWriter(reservingCapacity: count + 128)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.string("task_id" as StaticString)
        writer.int(taskID)
        writer.string("context" as StaticString)
        writer.context(context)
        writer.string("buffer" as StaticString)
        writer.bytesHeader(count: count)
        TaskCall.write(template, arguments: arguments) { writer.raw($0) }
        writer.setItems()
        writer.stop()
        return writer.finish()
    }
}

extension PickleWriter {
    mutating func context(_ context: TaskContext) {
        emptyDict()
        if context.isEmpty { return }
        mark()
        if let priority = context.priority {
            string("resource_spec" as StaticString)
            emptyDict()
            string("priority" as StaticString)
            int(priority)
            setItem()
        }
        if let monitored = context.monitored {
            string("apus" as StaticString)
            int(monitored.task)
            int(monitored.number)
            tuple2()
        }
        if let walltime = context.walltime { field("apus_walltime", walltime) }
        if let needs = context.needs { self.needs(needs, context.layout) }
        setItems()
    }
}

/// Collects tasks into the list that a manager is sent.
package struct TaskBatchWriter: ~Copyable {
    private var writer: PickleWriter
    /// How many tasks the batch has.
    package private(set) var count = 0
    /// How many bytes the batch has so far.
    package var byteCount: Int { writer.count }

    /// Begins a batch.
    package init(reservingCapacity capacity: Int) {
        writer = PickleWriter(reservingCapacity: capacity)
        writer.header()
        writer.emptyList()
        writer.mark()
    }

    /// Adds the task that `envelope` describes; its buffer is copied as it is.
    ///
    /// - Throws: ``WireError`` when its context cannot be written again.
    package mutating func append(_ envelope: TaskEnvelope, of message: UnsafeRawBufferPointer) throws(WireError) {
        writer.emptyDict()
        writer.mark()
        writer.string("task_id" as StaticString)
        writer.int(envelope.taskID)
        writer.string("context" as StaticString)
        if envelope.contextIsEmpty {
            writer.emptyDict()
        } else {
            try appendContext(of: envelope.taskID, message)
        }
        writer.string("buffer" as StaticString)
        writer.bytes(UnsafeRawBufferPointer(rebasing: message[envelope.buffer]))
        writer.setItems()
        count += 1
    }

    private mutating func appendContext(of taskID: Int, _ message: UnsafeRawBufferPointer) throws(WireError) {
        let context = try PickleDocument.reading(message) { root throws(WireError) in
            var part = PickleWriter()
            do {
                if let value = root["context"] { try part.value(value) } else { part.emptyDict() }
            } catch {
                throw WireError(.badField, "the context of task \(taskID) cannot be passed on: \(error)")
            }
            return part.finish()
        }
        writer.raw(context)
    }

    /// The finished list.
    package consuming func finish() -> [UInt8] {
        writer.appends()
        writer.stop()
        return writer.finish()
    }
}

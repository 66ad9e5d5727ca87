import PickleCoding
package import WorkflowCore

// Monitoring records in Parsl's form (wire document §11): a pickled pair (MessageType, dict).

/// Parsl's `MessageType`.
enum MonitoringMessageType: Int {
    case taskInfo = 0
    case resourceInfo = 1
    case workflowInfo = 2
    case nodeInfo = 3
    case blockInfo = 4
    case workerTaskInfo = 5
}

/// The record of a manager that the interchange sends to the monitoring hub.
package enum NodeInfoMessage {
    /// Writes `(MessageType.NODE_INFO, record)`: all fields of the registration, and the interchange's own.
    ///
    /// Times are seconds since 1970; in the record they are naive local datetimes, as Parsl writes them.
    package static func encode(
        registration: Registration, tasks: [Int], active: Bool, draining: Bool, lastHeartbeat: Double,
        idleSince: Double?, runID: String, timestamp: Double
    ) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: 2048)
        writer.header()
        writer.messageType(.nodeInfo)
        writer.emptyDict()
        writer.mark()
        if let pairs = registration.document?.root.pairs {
            for (key, value) in pairs where key.stringValue != "type" && key.stringValue != "apus" {
                guard let key = key.stringValue else { continue }
                writer.copy(key, value)
            }
        } else {
            registration.writeFields(into: &writer)
        }
        writer.string("tasks" as StaticString)
        writer.emptyList()
        writer.mark()
        for task in tasks { writer.int(task) }
        writer.appends()
        writer.field("active", active)
        writer.field("draining", draining)
        writer.string("idle_since" as StaticString)
        if let idleSince { writer.double(idleSince) } else { writer.none() }
        writer.field("parsl_version", registration.parslVersion)
        writer.field("python_version", registration.pythonVersion)
        writer.string("last_heartbeat" as StaticString)
        writer.datetime(lastHeartbeat)
        writer.string("timestamp" as StaticString)
        writer.datetime(timestamp)
        writer.field("run_id", runID)
        // Parsl's hub keeps the columns it knows; this one spares a reader of ours the way back from local time.
        writer.field("apus_time", timestamp)
        writer.setItems()
        writer.tuple2()
        writer.stop()
        return writer.finish()
    }
}

/// Reads monitoring records on the submit side.
package enum MonitoringMessage {
    /// The event in a pickled `(MessageType, dict)`; `nil` for records this version does not know.
    package static func parse(_ payload: UnsafeRawBufferPointer) throws(WireError) -> MonitoringEvent? {
        let root = try PickleDocument(envelope: payload).root
        guard let type = root[0]?.arguments?.first?.intValue, let fields = root[1] else {
            throw WireError(.badField, "a monitoring record that is no pair of type and dict")
        }
        func text(_ key: String) -> String { fields[key]?.stringValue ?? "" }
        func number(_ key: String) -> Int { fields[key]?.intValue ?? 0 }
        func seconds(_ key: String) -> Double { fields[key]?.doubleValue ?? 0 }
        switch MonitoringMessageType(rawValue: type) {
        case .workerTaskInfo:
            return .workerTask(
                WorkerTaskEvent(
                    runID: text("run_id"), taskID: number("task_id"), tryNumber: number("try_id"),
                    host: text("hostname"), blockID: text("block_id"), processID: number("pid"),
                    isStart: fields["first_msg"]?.boolValue ?? false, time: seconds("apus_time")))
        case .resourceInfo:
            return .taskResources(
                TaskResourceEvent(
                    runID: text("run_id"), taskID: number("task_id"), tryNumber: number("try_id"),
                    host: text("hostname"), processID: number("psutil_process_pid"), time: seconds("apus_time"),
                    userSeconds: seconds("psutil_process_time_user"),
                    systemSeconds: seconds("psutil_process_time_system"),
                    maximumResidentBytes: number("psutil_process_memory_resident"),
                    voluntarySwitches: Int(seconds("psutil_process_num_ctx_switches_voluntary")),
                    involuntarySwitches: Int(seconds("psutil_process_num_ctx_switches_involuntary"))))
        case .nodeInfo:
            return .node(
                NodeEvent(
                    runID: text("run_id"), managerID: text("uid"), host: text("hostname"),
                    blockID: BlockLabel(fields["block_id"])?.text ?? "", workerCount: number("worker_count"),
                    cpuCount: fields["cpu_count"]?.intValue, totalMemory: number("total_memory"),
                    active: fields["active"]?.boolValue ?? false, time: seconds("apus_time")))
        case .taskInfo, .workflowInfo, .blockInfo, nil:
            return nil
        }
    }
}

extension PickleWriter {
    /// The pair for a worker's event; ``MonitoringEvent/node(_:)`` is written by the interchange alone.
    mutating func monitoring(_ event: MonitoringEvent) {
        switch event {
        case .workerTask(let event):
            messageType(.workerTaskInfo)
            emptyDict()
            mark()
            field("run_id", event.runID)
            field("try_id", event.tryNumber)
            field("task_id", event.taskID)
            field("hostname", event.host)
            field("block_id", event.blockID)
            field("first_msg", event.isStart)
            field("last_msg", !event.isStart)
            field("pid", event.processID)
            field("apus_time", event.time)
            string("timestamp" as StaticString)
            datetime(event.time)
            setItems()
            tuple2()
        case .taskResources(let event):
            messageType(.resourceInfo)
            emptyDict()
            mark()
            field("run_id", event.runID)
            field("task_id", event.taskID)
            field("try_id", event.tryNumber)
            field("hostname", event.host)
            field("psutil_process_pid", event.processID)
            field("psutil_process_time_user", event.userSeconds)
            field("psutil_process_time_system", event.systemSeconds)
            field("psutil_process_memory_resident", event.maximumResidentBytes)
            field("psutil_process_num_ctx_switches_voluntary", Double(event.voluntarySwitches))
            field("psutil_process_num_ctx_switches_involuntary", Double(event.involuntarySwitches))
            field("apus_time", event.time)
            string("timestamp" as StaticString)
            datetime(event.time)
            setItems()
            tuple2()
        case .node(let event):
            messageType(.nodeInfo)
            emptyDict()
            mark()
            field("run_id", event.runID)
            field("uid", event.managerID)
            field("hostname", event.host)
            field("block_id", event.blockID)
            field("worker_count", event.workerCount)
            field("total_memory", event.totalMemory)
            field("active", event.active)
            field("apus_time", event.time)
            setItems()
            tuple2()
        }
    }

    mutating func messageType(_ type: MonitoringMessageType) {
        global(module: "parsl.monitoring.message_type", name: "MessageType")
        int(type.rawValue)
        tuple1()
        reduce()
    }

    /// A naive local `datetime.datetime` (wire document §3): ten bytes, big-endian fields.
    mutating func datetime(_ seconds: Double) {
        let time = LocalTime(secondsSince1970: seconds)
        global(module: "datetime", name: "datetime")
        bytes(time.pythonBytes)
        tuple1()
        reduce()
    }

    /// One field of a registration, as it came.
    fileprivate mutating func copy(_ key: String, _ value: PickleValue) {
        string(key)
        do {
            try self.value(value)
        } catch {
            // A value that cannot be written again, such as a persistent id, says nothing to a hub either.
            none()
        }
    }
}

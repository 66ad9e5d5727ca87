package import WorkflowCore

/// Monitoring events as JSON, one object a line.
///
/// Field names are part of the documented file format.
package enum MonitoringJSON {
    /// The object of one event.
    package static func line(_ event: MonitoringEvent) -> String {
        var object = ObjectText()
        switch event {
        case .workerTask(let event):
            object.add("event", event.isStart ? "task_start" : "task_end")
            object.add("run", event.runID)
            object.add("task", event.taskID)
            object.add("try", event.tryNumber)
            object.add("host", event.host)
            object.add("block", event.blockID)
            object.add("pid", event.processID)
            object.add("time", event.time)
        case .taskResources(let event):
            object.add("event", "task_resources")
            object.add("run", event.runID)
            object.add("task", event.taskID)
            object.add("try", event.tryNumber)
            object.add("host", event.host)
            object.add("pid", event.processID)
            object.add("time", event.time)
            object.add("user_seconds", event.userSeconds)
            object.add("system_seconds", event.systemSeconds)
            object.add("max_resident_bytes", event.maximumResidentBytes)
            object.add("voluntary_switches", event.voluntarySwitches)
            object.add("involuntary_switches", event.involuntarySwitches)
        case .node(let event):
            object.add("event", "node")
            object.add("run", event.runID)
            object.add("manager", event.managerID)
            object.add("host", event.host)
            object.add("block", event.blockID)
            object.add("workers", event.workerCount)
            if let count = event.cpuCount { object.add("cores", count) }
            object.add("memory_bytes", event.totalMemory)
            object.add("active", event.active)
            object.add("time", event.time)
        }
        return object.finished
    }
}

/// A flat JSON object under construction.
private struct ObjectText {
    private var text = "{"

    mutating func add(_ key: String, _ value: String) { member(key, Self.quoted(value)) }
    mutating func add(_ key: String, _ value: Int) { member(key, String(value)) }
    mutating func add(_ key: String, _ value: Bool) { member(key, value ? "true" : "false") }
    /// JSON has no infinities; they become null.
    mutating func add(_ key: String, _ value: Double) { member(key, value.isFinite ? "\(value)" : "null") }

    var finished: String { text + "}" }

    private mutating func member(_ key: String, _ value: String) {
        if text.utf8.count > 1 { text += "," }
        text += "\"\(key)\":\(value)"
    }

    private static func quoted(_ value: String) -> String {
        var result = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

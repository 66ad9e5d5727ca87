/// What the cluster noted about a pod, as words for a block's end; pure functions.
package enum PodEvents {
    /// Reasons of events that are no warnings and yet say why a pod goes, of the scheduler, the node's taints and kubelet.
    private static let telling: Set<String> = [
        "Killing", "Preempted", "Preempting", "TaintManagerEviction", "Evicted", "NodeNotReady", "NodeShutdown",
        "DeletingPod", "DeletingNode", "Shutdown", "ExceededGracePeriod", "SandboxChanged",
    ]

    /// The newest events that say something of a pod's end, newest first: `Killing: Stopping container manager`.
    ///
    /// Warnings, of which some clusters have a few about every pod, are only used when nothing else says it.
    ///
    /// - Parameters:
    ///   - events: objects of the kind Event about one name.
    ///   - uid: the pod; earlier ones may have had its name.
    ///   - count: how many at most.
    package static func words(_ events: [JSONValue], uid: String? = nil, count: Int = 3) -> [String] {
        let own = events.filter { event in
            let other = event["involvedObject"]["uid"].string
            return uid == nil || other == nil || other == uid
        }
        let telling = own.filter { Self.telling.contains($0["reason"].string ?? "") }
        let chosen = telling.isEmpty ? own.filter { $0["type"].string == "Warning" } : telling
        // Times are of one form, but for fractions of a second; of equal ones the later in the list is the newer.
        let sorted = chosen.enumerated().sorted { left, right in
            (time(left.element), left.offset) > (time(right.element), right.offset)
        }
        var texts: [String] = []
        for (_, event) in sorted {
            let words = [event["reason"].string, event["message"].string].compactMap { $0 }.filter { !$0.isEmpty }
            let text = words.joined(separator: ": ")
            if !text.isEmpty, !texts.contains(text) { texts.append(text) }
            if texts.count == count { break }
        }
        return texts
    }

    private static func time(_ event: JSONValue) -> String {
        let times = [event["lastTimestamp"], event["eventTime"], event["metadata"]["creationTimestamp"]]
        return String((times.lazy.compactMap(\.string).first { !$0.isEmpty } ?? "").prefix(19))
    }
}

extension ScalingState {
    /// What must hold after every event; a text for the first thing that does not.
    package func checkInvariants() -> String? {
        let strays = living.values.count { $0.isStray }
        if living.count > settings.maxBlocks + strays {
            return "\(living.count) blocks live, \(settings.maxBlocks) are allowed"
        }
        for (id, block) in living {
            guard ends.indices.contains(id.rawValue) else { return "block \(id) lives and was never asked for" }
            if ends[id.rawValue] != nil { return "block \(id) lives and has ended" }
            if block.phase == .draining, block.drainingSince == nil { return "block \(id) drains since never" }
            if block.phase == .cancelling, !block.hasJob { return "block \(id) is cancelled before it has a job" }
            if block.phase == .requested, block.hasJob { return "block \(id) has a job and is only asked for" }
            if block.managers == 0, block.tasks > 0 { return "block \(id) has tasks and no manager" }
            if block.managers > 0, !block.registered { return "block \(id) has managers that never registered" }
            if block.isActive, isStopping || fault != nil { return "block \(id) is kept though the executor ends" }
            if !block.isActive, block.why.isEmpty { return "block \(id) is ended for no reason" }
        }
        if living.count != ends.count(where: { $0 == nil }) { return "blocks got lost" }
        if tasks > 0, idleSince != nil { return "idle with \(tasks) tasks" }
        return nil
    }
}

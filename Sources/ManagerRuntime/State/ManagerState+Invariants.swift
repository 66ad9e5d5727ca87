import DequeModule

extension ManagerState {
    /// What is wrong with the state, in words; empty for a sound one.
    ///
    /// For tests, after every event.
    package func checkInvariants() -> [String] {
        var faults: [String] = []
        func expect(_ condition: Bool, _ fault: @autoclosure () -> String) { if !condition { faults.append(fault()) } }

        var seen: Set<Int> = []
        for ticket in pending {
            expect(seen.insert(ticket.id).inserted, "task \(ticket.id) is in two places")
            expect(standing[ticket.id] == .pending, "task \(ticket.id) waits but is noted as something else")
        }
        for (index, worker) in workers.enumerated() {
            expect(worker.queue.count <= TaskPace.deepest, "worker \(index) has \(worker.queue.count) tasks")
            if worker.standing == .absent || worker.standing == .starting {
                expect(worker.queue.isEmpty, "worker \(index) is not ready and has tasks")
            }
            expect(Set(worker.queue.map(\.group)).count <= 1, "worker \(index) has tasks of several groups")
            for ticket in worker.queue {
                expect(seen.insert(ticket.id).inserted, "task \(ticket.id) is in two places")
                expect(standing[ticket.id] == .sent(worker: index), "task \(ticket.id) is noted elsewhere")
            }
        }
        let finished = standing.filter { $0.value == .finished }
        expect(finished.isEmpty || peer == .apus, "results are kept for an interchange that acknowledges nothing")
        expect(seen.count + finished.count == standing.count, "tasks are noted that are nowhere")
        expect(
            readyCount == workers.count { $0.standing == .ready }, "\(readyCount) workers are counted as ready")
        expect(
            Set(idle) == Set(workers.indices.filter { workers[$0].standing == .ready && workers[$0].queue.isEmpty }),
            "the idle workers are not those without a task")
        expect(idle.count == Set(idle).count, "a worker is idle twice")
        faults += checkNeeds()
        faults += checkStops()
        return faults
    }
}

import DataFlow
import Glibc
import WorkflowCore

/// Why a call is where it is, in sentences: a function of what is known, and of nothing else.
enum Explanation {
    /// What is known.
    struct Facts: Sendable {
        /// The call, the one it waits for, and so on; at least one.
        var chain: [CallReport]
        /// The executor of the last of them, with the place of that call.
        var executor: ExecutorInspection?
        /// When and where a worker began it, where monitoring tells.
        var begun: BegunTasks.Moment?

        init(chain: [CallReport], executor: ExecutorInspection? = nil, begun: BegunTasks.Moment? = nil) {
            self.chain = chain
            self.executor = executor
            self.begun = begun
        }
    }

    // MARK: Calls that have ended

    /// The app of a call that has ended, where it is known.
    static func app(_ end: CallEnd) -> String? {
        if case .failed(let app, _) = end { app } else { nil }
    }

    /// How a call has ended, in a word.
    static func state(_ end: CallEnd) -> String {
        switch end {
        case .unknown: "unknown"
        case .failed: "failed"
        case .succeeded: "succeeded"
        case .forgotten: "ended"
        }
    }

    /// What is known of a call that has ended.
    static func sentences(of task: Int, _ end: CallEnd) -> [String] {
        switch end {
        case .unknown(0): ["There is no task \(task): no call has been made yet."]
        case .unknown(let last):
            ["There is no task \(task): the tasks so far have the numbers \(last == 1 ? "1" : "1 to \(last)")."]
        case .failed(let app, let text): ["Task \(task) (\(app)) has failed: \(text)"]
        case .succeeded: ["Task \(task) has ended well."]
        case .forgotten:
            [
                "Task \(task) has ended. How is not known here any more: of calls that have ended the first thousand "
                    + "failures alone are kept; its future has the outcome."
            ]
        }
    }

    // MARK: Calls that have not

    /// Why the first call of a chain is where it is.
    static func sentences(_ facts: Facts) -> [String] {
        guard let first = facts.chain.first, let last = facts.chain.last else { return [] }
        var sentences: [String] = []
        if facts.chain.count > 1 {
            sentences += waiting(first, facts.chain)
            sentences.append("\(name(last).capitalisedFirst) is what it waits for in the end:")
        }
        return sentences + standing(last, facts)
    }

    private static func name(_ call: CallReport) -> String { "task \(call.task) (\(call.app))" }

    private static func waiting(_ call: CallReport, _ chain: [CallReport]) -> [String] {
        let next = chain[1]
        let what = call.state == CallStatus.joining.rawValue ? "what its body has called" : "its arguments"
        let others = call.waitsForCount > 1 ? ", the first of \(call.waitsForCount) futures that are not done" : ""
        var sentences = ["\(name(call).capitalisedFirst) waits for \(what): \(name(next))\(others)."]
        let between = chain.dropFirst().dropLast()
        guard !between.isEmpty else { return sentences }
        var names = between.prefix(3).map(name)
        if between.count > 3 { names.append("\(count(between.count - 3, "more task"))") }
        names.append(name(chain[chain.count - 1]))
        sentences.append("That one waits in turn: \(names.joined(separator: " for ")).")
        return sentences
    }

    /// Where a call is that waits for no other.
    private static func standing(_ call: CallReport, _ facts: Facts) -> [String] {
        var sentences: [String] = []
        if call.failedTries > 0 {
            sentences.append("\(count(call.failedTries, "attempt")) failed; this is attempt \(call.failedTries + 1).")
        }
        if call.isStopping { sentences.append("It was cancelled, and is being stopped.") }
        if call.waitsForCount > 0 {
            let kind = call.state == CallStatus.joining.rawValue ? "Its body has returned" : "It waits for"
            return sentences + [
                "\(kind) \(count(call.waitsForCount, "future")) that no call of this workflow makes: a closure or a Swift task "
                    + "of the program, or a call of another workflow."
            ]
        }
        guard call.executor != nil else { return sentences + ["Its body runs in the submitting process."] }
        guard let executor = facts.executor else { return sentences + ["Its outcome is being stored."] }
        return sentences + place(executor, facts.begun)
    }

    private static func place(_ executor: ExecutorInspection, _ begun: BegunTasks.Moment?) -> [String] {
        let label = "executor '\(executor.label)'"
        switch executor.place {
        case .onThread: return ["It runs on a thread of \(label)."]
        case .waitingForThread(let ahead):
            let threads =
                executor.workers == 1
                ? "The only thread of \(label) is" : "All \(executor.workers) threads of \(label) are"
            return ["\(threads) busy; \(line(ahead, "call"))."]
        case .unsent(let ahead):
            return [
                "It has not left the submitting process, where \(line(ahead, "call")): the tasks of \(label) that were sent "
                    + "have as many bytes as may be out at a time (maximumUnfinishedBytes)."
            ] + supply(executor)
        case .queued(let ahead):
            return ["It waits in the interchange of \(label); \(line(ahead, "task"))."] + supply(executor)
        case .demanding(let wanted, let able, let lacking):
            return ["It waits in the interchange of \(label), and asks for \(wanted)."]
                + (lacking.isEmpty ? demand(able, executor) : labels(lacking, executor))
        case .atManager(let name): return atManager(name, executor, begun)
        case .between: return ["It is on its way between the submitting process and the interchange of \(label)."]
        case .notHere:
            return [
                "It is ready, and \(label) does not have it yet: its files are being staged, or it waits for an equal call "
                    + "whose result it takes over."
            ]
        case nil:
            return ["\(label.capitalisedFirst) has it; where is not known: \(executor.trouble ?? "it does not say")."]
        }
    }

    private static func atManager(
        _ name: String, _ executor: ExecutorInspection, _ begun: BegunTasks.Moment?
    ) -> [String] {
        let manager = executor.managers?.first { $0.name == name }
        let place = manager.map { "manager \(name) on \($0.host) (block \($0.block))" } ?? "manager \(name)"
        var sentences: [String]
        if let begun {
            let seconds = max(0, currentSeconds() - begun.time)
            sentences = [
                "It runs since \(clock(begun.time)), for \(duration(seconds)), on \(begun.host), in the worker process "
                    + "\(begun.process) of \(place)."
            ]
        } else if let manager, manager.tasks > manager.workers {
            sentences = [
                "It is at \(place), which has \(count(manager.tasks, "task")) for \(count(manager.workers, "worker")): it runs, "
                    + "or is among the \(manager.tasks - manager.workers) that wait there for a worker."
            ]
        } else {
            sentences = ["It runs at \(place). Since when, and in which process, monitoring would tell."]
        }
        if manager?.isInDoubt == true {
            sentences.append("The connection to this manager is gone; if it is not back in a moment, the task is lost.")
        }
        return sentences
    }

    /// Whether anybody could run a task that asks for more than a worker.
    private static func demand(_ able: Int, _ executor: ExecutorInspection) -> [String] {
        let all = executor.managers?.count ?? 0
        if all == 0 { return supply(executor) }
        if able == 0 {
            let none = all == 1 ? "The only manager has" : "None of the \(all) managers has"
            let so = "If none comes that has, the call fails in a few seconds."
            return [
                all == 1 ? "\(none) not that much, even with nothing else to do. \(so)" : "\(none) that much. \(so)"
            ]
        }
        let who = able == 1 ? "1 manager has all that, and gives" : "\(able) managers have all that, and give"
        return ["\(who) it to tasks that came before."]
    }

    /// Which labels nobody has, and which there are.
    private static func labels(_ lacking: [String], _ executor: ExecutorInspection) -> [String] {
        let managers = executor.managers ?? []
        let present = Set(managers.flatMap(\.labels)).filter { !$0.hasPrefix(NodeLabels.hostPrefix) }.sorted()
        let list = Counted.list(present, limit: NodeLabels.mostShown)
        let has = managers.count == 1 ? "The only manager has not" : "None of the \(managers.count) managers has"
        let what = lacking.count == 1 ? "the label \(lacking[0])" : "all of the labels \(Counted.list(lacking))"
        return [
            "\(has) \(what); \(present.isEmpty ? "there are no labels but those of hosts" : "there \(present.count == 1 ? "is" : "are") \(list)").",
            "If none comes that has, the call fails in a few seconds.",
        ]
    }

    // MARK: Why nobody takes it

    /// What keeps the executor's workers from taking a task that waits.
    static func supply(_ executor: ExecutorInspection) -> [String] {
        guard let managers = executor.managers else {
            return executor.trouble.map { ["What its managers do is not known: \($0)."] } ?? []
        }
        if managers.isEmpty { return ["No manager is connected."] + blocks(executor) }
        let shut = managers.filter { $0.isHeld || $0.isDraining || $0.isInDoubt }
        if shut.count == managers.count {
            let held = shut.count { $0.isHeld && !$0.isDraining }
            let draining = shut.count { $0.isDraining }
            let lost = shut.count { $0.isInDoubt && !$0.isHeld && !$0.isDraining }
            let kinds = [(held, "held"), (draining, "draining"), (lost, "without a connection")].filter { $0.0 > 0 }
                .map { "\($0.0) \($0.0 == 1 ? "is" : "are") \($0.1)" }
            let all = managers.count == 1 ? "The only manager takes" : "All \(managers.count) managers take"
            return ["\(all) no more tasks: \(kinds.joined(separator: ", "))."] + blocks(executor)
        }
        let open = managers.filter { !$0.isHeld && !$0.isDraining && !$0.isInDoubt }
        if let free = open.first(where: { $0.tasks < $0.capacity }) {
            return ["Manager \(free.name) on \(free.host) has room, so that it is handed out in a moment."]
        }
        let workers = open.reduce(0) { $0 + $1.workers }
        let tasks = open.reduce(0) { $0 + $1.tasks }
        var sentences = [
            workers == 1
                ? "The only worker is busy: its manager has \(count(tasks, "task"))."
                : "All \(workers) workers are busy: \(count(open.count, "manager")) \(open.count == 1 ? "has" : "have") "
                    + "\(count(tasks, "task"))."
        ]
        if !shut.isEmpty {
            let takes = shut.count == 1 ? "takes" : "take"
            sentences.append("\(count(shut.count, "more manager")) \(takes) no tasks (held or draining).")
        }
        if let standing = executor.standing { sentences.append("Blocks: \(standing).") }
        return sentences
    }

    private static func blocks(_ executor: ExecutorInspection) -> [String] {
        var sentences: [String] = []
        let living = executor.blocks.filter { !$0.isOver }
        for block in living.prefix(5) {
            let job = block.job.map { " (job \($0)\(executor.provider.map { " of \($0)" } ?? ""))" } ?? ""
            let time = block.seconds.map { " for \(duration($0))" } ?? ""
            let reason = block.reason.map { ": \($0)" } ?? ""
            sentences.append("Block \(block.block)\(job) is \(block.state)\(time)\(reason).")
        }
        if living.count > 5 { sentences.append("There are \(living.count - 5) more.") }
        if living.isEmpty, let last = executor.blocks.last {
            sentences.append(
                "No block is there; the last one, block \(last.block), is over: \(last.state)"
                    + (last.reason.map { " (\($0))" } ?? "") + ".")
        }
        if let standing = executor.standing { sentences.append("Blocks: \(standing).") }
        return sentences
    }

    // MARK: Words

    /// `1 task`, `2 tasks`.
    static func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }

    private static func line(_ ahead: Int, _ word: String) -> String {
        ahead == 0 ? "it is the next one" : "\(count(ahead, word)) \(ahead == 1 ? "is" : "are") ahead of it"
    }

    /// `35 s`, `4 min 10 s`, `2 h 5 min`.
    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min" + (whole % 60 == 0 ? "" : " \(whole % 60) s")
        default: return "\(whole / 3600) h" + (whole / 60 % 60 == 0 ? "" : " \(whole / 60 % 60) min")
        }
    }

    private static func currentSeconds() -> Double { Double(time(nil)) }

    private static func clock(_ seconds: Double) -> String {
        var whole = time_t(seconds)
        var parts = tm()
        localtime_r(&whole, &parts)
        let digits = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return digits.joined(separator: ":")
    }
}

extension String {
    /// With a capital letter at its beginning.
    fileprivate var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}

import SystemSupport
package import WorkflowCore

/// All apps that the program has declared so far.
package enum AppRegistry {
    private struct Content {
        var table = TaskTable()
        var fault: TaskTableError?
        var cards: [String: AppCard] = [:]
        var names: [String] = []
        /// The labels of executors that apps name, with the apps.
        var wishes: [String: String] = [:]
    }

    private static let content = Locked(Content())

    /// Adds a definition and returns its number: how many were added before it.
    static func add(_ definition: TaskDefinition, executors: [String]) -> Int {
        content.withLock { content in
            for label in executors { content.wishes[label] = definition.name }
            do throws(TaskTableError) {
                try content.table.add(definition)
                content.names.append(definition.name)
            } catch {
                content.fault = content.fault ?? error
            }
            return content.table.count - 1
        }
    }

    /// The table as it is now: what a workflow that starts at this moment knows.
    ///
    /// - Throws: ``WorkflowError`` when two apps have one name.
    package static func sealedTable() throws(WorkflowError) -> TaskTable {
        StagingTasks.declare()
        let (table, fault) = content.withLock { ($0.table, $0.fault) }
        if let fault { throw WorkflowError(.appNameTaken, fault.description) }
        return table
    }

    /// Adds what the program tells about an app; the last card of a name stays.
    static func add(card: AppCard) { content.withLock { $0.cards[card.definition.name] = card } }

    /// The apps' names; the place of each is its registration.
    static var names: [String] { content.withLock { $0.names } }

    /// What the program tells about its apps, sorted by name.
    package static var cards: [AppCard] {
        content.withLock { Array($0.cards.values) }.filter { !StagingTasks.names.contains($0.definition.name) }.sorted {
            $0.definition.name < $1.definition.name
        }
    }

    /// The labels of executors that apps name, each with one of these apps.
    package static var executorWishes: [String: String] { content.withLock { $0.wishes } }
}

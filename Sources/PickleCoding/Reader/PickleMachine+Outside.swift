/// What a machine keeps about values outside the pickle.
struct OutsideValues {
    /// The next of the answers that are repeated.
    var nextAnswer = 0
    /// Values that a resolver returned, by their document and place, with their nodes here.
    var adopted: [Origin: UInt32] = [:]
    /// The parts of ids shown to a resolver so far.
    var shown = 0

    struct Origin: Hashable {
        let storage: ObjectIdentifier
        let index: UInt32
    }
}

/// Persistent ids and extension codes: what they mean is the caller's business.
extension PickleMachine {
    mutating func pushExtension(_ code: Int) throws(PickleError) {
        guard code > 0 else { throw failure(.badExtension, "extension code \(code)", expected: "a positive code") }
        if options.extensions[code] == nil, let name = options.extensionNames?(code) { options.extensions[code] = name }
        guard let name = options.extensions[code] else {
            if options.toleratesMissing {
                return try pushReference(try globalNode(try sideText("extension"), try sideText("\(code)")))
            }
            throw failure(.badExtension, "extension code \(code) is not registered")
        }
        try pushReference(try globalNode(try sideText(name.module), try sideText(name.name)))
    }

    // MARK: Persistent ids

    /// PERSID: the id is a line of text.
    mutating func persistentID(line: Range<Int>) throws(PickleError) {
        try checkPersistentIDs()
        guard bytes.slice(line.lowerBound, line.count).checkText() == .ascii else {
            throw failure(.badEncoding, "the persistent id is not ASCII")
        }
        let id = try add(PickleNode(.string, start: line.lowerBound, length: line.count, flags: .ascii))
        try pushOutside(id, flags: .textID)
    }

    /// BINPERSID: the id is the top of the stack.
    mutating func persistentID() throws(PickleError) {
        try need(1)
        try checkPersistentIDs()
        try pushOutside(try popValue(), flags: [])
    }

    private func checkPersistentIDs() throws(PickleError) {
        guard options.allowsPersistentIDs || options.persistentIDs != nil || options.repeatsAnswers else {
            throw failure(.persistentID, "the pickle refers to a value outside it by a persistent id")
        }
    }

    private mutating func pushOutside(_ id: UInt32, flags: PickleNode.Flags) throws(PickleError) {
        guard case .value(let value) = try answer(id) else {
            nestingCandidates += 1
            return try push(PickleNode(.persistentID, flags: flags, payload: UInt64(id)))
        }
        let origin = OutsideValues.Origin(storage: ObjectIdentifier(value.storage), index: value.index)
        if let known = outside.adopted[origin] { return try pushReference(known) }
        let index = try adopt(value)
        outside.adopted[origin] = index
        try pushReference(index)
    }

    /// What the resolver says to an id, or said when the document was read first.
    private mutating func answer(_ id: UInt32) throws(PickleError) -> PickleReadingOptions.PersistentID {
        if options.repeatsAnswers {
            guard outside.nextAnswer < options.answers.count else { return .inert }
            outside.nextAnswer += 1
            return options.answers[outside.nextAnswer - 1]
        }
        guard let resolver = options.persistentIDs else { return .inert }
        let view = try copied(id)
        let answer: PickleReadingOptions.PersistentID
        do {
            answer = try resolver(view)
        } catch {
            throw failure(.persistentID, "the resolver of persistent ids refuses \(view.summary): \(error)")
        }
        if case .refused(let reason) = answer {
            throw failure(.persistentID, "the resolver of persistent ids refuses \(view.summary): \(reason)")
        }
        // Kept also because the document of an answer must live as long as its identity counts.
        options.answers.append(answer)
        return answer
    }

    /// A value of this machine as a document of its own.
    private mutating func copied(_ index: UInt32) throws(PickleError) -> PickleValue {
        var copy = PickleMachine()
        // Ids that share parts must not cost more than their pickle is long, times a constant.
        var adoption = Adoption(budget: 64 * bytes.count + 4_096 - outside.shown)
        let budget = adoption.budget
        let root = try copy.adopt(index, from: self, &adoption)
        outside.shown += budget - adoption.budget
        return try copy.value(root)
    }
}

/// What one encoding holds: the stream, the open containers and the path to the value being encoded.
///
/// It stays on one thread and nothing calls out while a property is being changed, so the run-time checks of exclusive
/// access, a tenth of the time of an encoding, are left out of what is touched for every value.
final class EncodingState {
    struct Level {
        enum Kind { case empty, keyed, unkeyed, single }
        var kind = Kind.empty
        /// How many entries were written.
        var count = 0
        /// Tells a container from a later one at the same level.
        let serial: Int
    }

    /// A part of the root, named when somebody asks.
    enum Part {
        case none
        case key(String)
        case position(Int)

        var name: String {
            switch self {
            case .none: ""
            case .key(let name): name
            case .position(let position): "[\(position)]"
            }
        }
    }

    /// A container that is still being filled, with the level it belongs to and its place in the stream.
    struct Fragment {
        let level: Int
        let offset: Int
        let state: EncodingState
    }

    let options: PickleEncoder
    let direct = DirectTypes.shared
    @safe @exclusivity(unchecked) var writer: PickleWriter
    @safe @exclusivity(unchecked) var path: [any CodingKey]
    /// The open containers around the innermost one, and that one.
    @safe @exclusivity(unchecked) private var outer: ContiguousArray<Level> = []
    @safe @exclusivity(unchecked) var current = Level(serial: 0)
    /// How many containers are open; the innermost has this number less one.
    @safe @exclusivity(unchecked) private(set) var depth = 0
    @safe @exclusivity(unchecked) var fragments: [Fragment] = []
    /// Where the entries of each level begin, in canonical mode.
    @safe @exclusivity(unchecked) var entries: [[Int]] = []
    let isCanonical: Bool
    private let plainKeys: Bool
    /// Class instances being encoded, with the length of the path at each.
    @safe @exclusivity(unchecked) var objects: [(id: ObjectIdentifier, pathCount: Int)] = []
    var start = 0
    private var failure: (any Error)?
    /// Blocks of at least this many bytes are kept beside the pickle.
    var bufferThreshold = Int.max
    var buffers: [[UInt8]] = []
    @safe @exclusivity(unchecked) private var nextSerial = 0
    /// Levels above this state, if it is a fragment.
    private let baseDepth: Int
    /// The largest completed part of the root, for the message about size.
    @safe @exclusivity(unchecked) private var largest: (part: Part, size: Int) = (.none, 0)
    @safe @exclusivity(unchecked) private var partStart = 0
    @safe @exclusivity(unchecked) private var part = Part.none
    /// Keyed containers that may be used again; only while the root is being encoded, since they hold this object.
    @safe @exclusivity(unchecked) var spares = SpareContainers()
    private var plans: [ObjectIdentifier: TypePlan] = [:]
    @safe @exclusivity(unchecked) private var lastPlan: (id: ObjectIdentifier, plan: TypePlan)?

    init(
        _ options: PickleEncoder, writer: consuming PickleWriter = PickleWriter(), path: [any CodingKey] = [],
        baseDepth: Int = 0
    ) {
        self.options = options
        isCanonical = options.isCanonical
        if case .asIs = options.keys { plainKeys = true } else { plainKeys = false }
        self.writer = writer
        self.path = path
        self.baseDepth = baseDepth
    }

    func finish() -> [UInt8] {
        var done = PickleWriter(reservingCapacity: 0)
        swap(&done, &writer)
        return done.finish()
    }

    func encodeRoot<T: Encodable>(_ value: T) throws {
        spares.isOpen = true
        defer { spares = SpareContainers() }
        try encode(value)
        // An error that a type swallowed has left half an entry behind.
        if let failure { throw failure }
        if writer.count - start > options.maximumBytes { throw tooLarge(value) }
    }

    // MARK: Values

    /// Encodes any value; scalars and arrays of scalars without asking them.
    func encode<T: Encodable>(_ value: T) throws {
        if try encodeDirect(value, as: direct.code(of: T.self)) { return }
        switch plan(of: T.self) {
        case .plain: try encodeByItself(value)
        case .object:
            let id = ObjectIdentifier(value as AnyObject)
            if let earlier = objects.first(where: { $0.id == id }) { throw cycle(value, from: earlier.pathCount) }
            objects.append((id, path.count))
            defer { objects.removeLast() }
            try encodeByItself(value)
        case .records where !isCanonical && plainKeys && !options.refusesNaN:
            try checkDepth(value)
            if let records = value as? any RecordEncodable { try records.encodeRecords(into: self) }
        case .records: try encodeByItself(value)
        case .list:
            try checkDepth(value)
            if let list = value as? any ListEncodable { try list.encodeItems(into: self) }
            if writer.count - start > options.maximumBytes { throw tooLarge(value) }
        case .map:
            try checkDepth(value)
            if let map = value as? any MapEncodable { try map.encodePairs(into: self) }
        case .set:
            try checkDepth(value)
            if let set = value as? any SetEncodable { try set.encodeElements(into: self) }
        }
    }

    /// Lets a value encode itself into a container at a new level.
    func encodeByItself<T: Encodable>(_ value: T) throws {
        try checkDepth(value)
        let level = open()
        try value.encode(to: EncoderView(state: self, level: level, serial: current.serial))
        try close(level)
        if writer.count - start > options.maximumBytes { throw tooLarge(value) }
    }

    private func checkDepth<T>(_ value: T) throws {
        guard depth + baseDepth < options.maximumDepth else {
            let message = "nesting deeper than \(options.maximumDepth)\(CodingPath.place(path))"
            throw EncodingError.invalidValue(value, .init(codingPath: path, debugDescription: message))
        }
    }

    private func cycle<T>(_ value: T, from count: Int) -> any Error {
        let message = "reference cycle at \(CodingPath.text(path)): the value is inside itself"
        return EncodingError.invalidValue(value, .init(codingPath: path, debugDescription: message))
    }

    private func plan<T: Encodable>(of type: T.Type) -> TypePlan {
        let id = ObjectIdentifier(type)
        if let lastPlan, lastPlan.id == id { return lastPlan.plan }
        let plan: TypePlan
        if let known = plans[id] {
            plan = known
        } else {
            if type is any RecordEncodable.Type {
                plan = .records
            } else if type is any ListEncodable.Type {
                plan = .list
            } else if type is any MapEncodable.Type {
                plan = .map
            } else if type is any SetEncodable.Type {
                plan = .set
            } else {
                plan = type is AnyObject.Type ? .object : .plain
            }
            plans[id] = plan
        }
        lastPlan = (id, plan)
        return plan
    }

    // MARK: Levels

    func open() -> Int {
        nextSerial += 1
        if depth > 0 { outer.append(current) }
        current = Level(serial: nextSerial)
        depth &+= 1
        if isCanonical { entries.append([]) }
        return depth &- 1
    }

    /// Ends the innermost container.
    func close(_ level: Int) throws {
        if let last = fragments.last, last.level == level { try splice(level) }
        if isCanonical { sortEntries(level) }
        let done = current
        pop()
        switch done.kind {
        case .empty: writer.emptyDict()
        case .keyed: if done.count > 0 { writer.setItems() }
        case .unkeyed: if done.count > 0 { writer.appends() }
        case .single: break
        }
    }

    /// Leaves a level whose content the caller has ended.
    func leave() {
        pop()
        if isCanonical { entries.removeLast() }
    }

    @inline(__always)
    private func pop() {
        depth &-= 1
        if depth > 0 { current = outer.removeLast() }
    }

    /// Begins a container of a kind at a level, unless it has begun already.
    func begin(_ kind: Level.Kind, at level: Int, serial: Int) {
        precondition(
            level == depth - 1 && current.serial == serial,
            "an encoder was asked for a container after its value was complete")
        if current.kind == kind { return }
        precondition(current.kind == .empty, "an encoder was asked for containers of two kinds")
        current.kind = kind
        switch kind {
        case .keyed: writer.emptyDict()
        case .unkeyed: writer.emptyList()
        case .single, .empty: break
        }
    }

    /// Begins an entry of a container.
    @inline(__always)
    func beginEntry(_ level: Int, _ serial: Int) throws {
        guard level == depth &- 1, current.serial == serial else { throw misuse() }
        if current.count == 0 { writer.mark() }
        current.count &+= 1
        if isCanonical { entries[level].append(writer.count) }
        if level == 0 { note(.position(current.count &- 1)) }
    }

    private func misuse() -> any Error {
        EncodingError.invalidValue(
            (), .init(codingPath: path, debugDescription: "a container was used after its value was complete"))
    }

    /// Writes the key of an entry.
    @inline(__always)
    func key(_ key: some CodingKey, _ level: Int, _ serial: Int) throws {
        guard level == depth &- 1, current.serial == serial else { throw misuse() }
        if current.count == 0 { writer.mark() }
        current.count &+= 1
        if isCanonical { entries[level].append(writer.count) }
        if level == 0 { note(.key(key.stringValue)) }
        writer.string(plainKeys ? key.stringValue : changed(key))
    }

    private func changed(_ key: some CodingKey) -> String {
        switch options.keys {
        case .asIs: key.stringValue
        case .snakeCase: KeyCase.snake(key.stringValue)
        case .custom(let change): change(path + [key])
        }
    }

    /// Encodes the value of an entry under a key.
    func encode<T: Encodable>(_ value: T, under key: some CodingKey) throws {
        let count = path.count
        path.append(key)
        do {
            try encode(value)
        } catch {
            keep(error)
            path.removeLast(path.count - count)
            throw error
        }
        path.removeLast()
        if depth == 1, writer.count - start > options.maximumBytes { throw tooLarge(value) }
    }

    /// A container that is filled while its parent goes on; it is put in its place when the parent ends.
    func fragment(_ level: Int, under key: some CodingKey) -> EncodingState {
        let state = EncodingState(
            options, writer: PickleWriter(), path: path + [key], baseDepth: baseDepth + depth)
        state.objects = objects
        fragments.append(Fragment(level: level, offset: writer.count, state: state))
        return state
    }

    private func splice(_ level: Int) throws {
        let first = fragments.firstIndex { $0.level == level } ?? fragments.count
        let own = fragments[first...]
        guard let start = own.first?.offset else { return }
        let end = writer.count
        var tail: [UInt8] = []
        var last = start
        var shifts = isCanonical ? entries[level] : []
        for fragment in own {
            tail += writer.storage.copy(from: last, to: fragment.offset)
            while fragment.state.depth > 0 { try fragment.state.close(fragment.state.depth - 1) }
            if let failure = fragment.state.failure { throw failure }
            let content = fragment.state.finish()
            // Entries after this place move by what is put here.
            if isCanonical {
                for entry in shifts.indices where entries[level][entry] >= fragment.offset {
                    shifts[entry] += content.count
                }
            }
            tail += content
            last = fragment.offset
        }
        tail += writer.storage.copy(from: last, to: end)
        if isCanonical { entries[level] = shifts }
        fragments.removeSubrange(first...)
        writer.storage.replaceTail(from: start, with: tail)
    }

    private func sortEntries(_ level: Int) {
        let starts = entries.removeLast()
        if current.kind == .keyed, starts.count > 1 { writer.storage.sortParts(starts: starts) }
    }

    // MARK: Size

    /// Notes where a part of the root begins, so that the largest can be named.
    @inline(__always)
    private func note(_ next: Part) {
        let size = writer.count - partStart
        if size > largest.size { largest = (part, size) }
        part = next
        partStart = writer.count
    }

    private func tooLarge<T>(_ value: T) -> any Error {
        var (found, size) = largest
        if writer.count - partStart > size { (found, size) = (part, writer.count - partStart) }
        let name = found.name
        let part = name.isEmpty ? "" : " (largest part: '\(name)', \(size) bytes)"
        let message = "the value is \(writer.count - start) bytes or more, the limit is \(options.maximumBytes)\(part)"
        return EncodingError.invalidValue(value, .init(codingPath: path, debugDescription: message))
    }
}

extension EncodingState {
    /// Encodes the items of an array as a list, without a container between.
    func encodeItems<Element: Encodable>(_ items: [Element]) throws {
        let level = open()
        let serial = current.serial
        begin(.unkeyed, at: level, serial: serial)
        let place = path.count
        if !items.isEmpty { path.append(PickleKey.position(0)) }
        do {
            for position in items.indices {
                try beginEntry(level, serial)
                if position > 0 { path[place] = PickleKey.position(position) }
                try encode(items[position])
                if level == 0, writer.count - start > options.maximumBytes { throw tooLarge(items) }
            }
        } catch {
            keep(error)
            path.removeLast(path.count - place)
            throw error
        }
        path.removeLast(path.count - place)
        try close(level)
    }

    private func keep(_ error: any Error) { if failure == nil { failure = error } }
}

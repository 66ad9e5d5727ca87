/// What following the objects of a run has told, and what is to be done next; it knows no connection and no clock.
///
/// First all objects are listed, then changes since that list are followed. A connection that ends is made again from the
/// last change; when the server has forgotten that place, the list is read anew.
package struct WatchState: Sendable {
    /// What to do next.
    package enum Step: Sendable, Hashable {
        /// Read the list of all objects, after a pause.
        case list(after: Duration)
        /// Follow the changes since a version, after a pause.
        case follow(version: String, after: Duration)
        /// Follow no more, for this reason; lists have to do.
        case giveUp(String)
    }

    /// How following, or a list, ended.
    package enum End: Sendable, Hashable {
        /// The server ended it in order, or what came last could not be used.
        case closed
        /// It went wrong on the way.
        case lost(String)
        /// The server refused it, with an HTTP status and its words.
        case refused(Int, String)
    }

    /// Objects that are there, by name.
    package private(set) var objects: [String: JSONValue] = [:]
    /// Objects that are not there any more, as they were last, by name.
    package private(set) var gone: [String: JSONValue] = [:]
    /// Whether ``objects`` is what there is: they have just been listed, or are followed.
    package private(set) var isCurrent = false
    /// Why nothing is followed any more.
    package private(set) var surrender: String?
    /// Names among ``objects`` whose end nobody asks for any more.
    private var forgotten: Set<String> = []
    private var version: String?
    /// Ends in a row without a change between.
    private var failures = 0

    private static let firstPause: Duration = .milliseconds(500)
    private static let longestPause: Duration = .seconds(30)

    /// Nothing is known; the first step is the list.
    package init() {}

    /// What to do first.
    package static var firstStep: Step { .list(after: .zero) }

    // MARK: What comes

    /// Takes a list of all objects, and the version that it is of.
    package mutating func listed(_ items: [JSONValue], version: String) -> Step {
        let found = Dictionary(items.map { ($0["metadata"]["name"].string ?? "", $0) }) { $1 }
        // What vanished while nobody looked is gone as it was last seen.
        for (name, object) in objects where found[name] == nil && !forgotten.contains(name) { gone[name] = object }
        forgotten.formIntersection(found.keys)
        objects = found
        for name in found.keys { gone[name] = nil }
        isCurrent = true
        self.version = version
        return .follow(version: version, after: pause)
    }

    /// Takes note that the server follows: what changed meanwhile comes first.
    package mutating func began() { isCurrent = true }

    /// Takes one line of changes; false when following cannot go on after it.
    package mutating func received(_ line: [UInt8]) -> Bool {
        guard let event = JSONValue(parsing: line), let type = event["type"].string else {
            // What cannot be read is not guessed at: the list says it anew.
            version = nil
            return false
        }
        let object = event["object"]
        switch type {
        case "ADDED", "MODIFIED", "DELETED":
            guard let name = object["metadata"]["name"].string else { break }
            let isGone = type == "DELETED"
            objects[name] = isGone ? nil : object
            gone[name] = isGone && forgotten.remove(name) == nil ? object : nil
        case "BOOKMARK": break
        case "ERROR":
            // 410: the server has forgotten the place. After any other error the list is the safe beginning as well.
            version = nil
            return false
        default:
            // A kind of change that came with a later version of the API.
            break
        }
        failures = 0
        if let next = object["metadata"]["resourceVersion"].string { version = next }
        return true
    }

    /// Takes note of an end.
    package mutating func ended(_ end: End) -> Step {
        isCurrent = false
        defer { failures += 1 }
        switch end {
        case .closed, .lost: break
        case .refused(410, _): version = nil
        // A token may be renewed, a server may recover; nobody gets more rights while a workflow runs.
        case .refused(let status, let words) where status != 401 && !APIFailure.isPassing(status):
            surrender = "\(status): \(words)"
            return .giveUp("\(status): \(words)")
        case .refused: break
        }
        guard let version else { return .list(after: pause) }
        return .follow(version: version, after: pause)
    }

    /// Grows with every end in a row.
    private var pause: Duration {
        failures == 0 ? .zero : min(Self.longestPause, Self.firstPause * (1 << min(failures - 1, 10)))
    }

    /// Forgets objects that nobody asks for any more; those that are there as soon as they are not.
    package mutating func forget(where isForgotten: (JSONValue) -> Bool) {
        gone = gone.filter { !isForgotten($0.value) }
        for (name, object) in objects where isForgotten(object) { forgotten.insert(name) }
    }
}

/// Lines of a stream that comes in pieces.
package struct LineBuffer: Sendable {
    private var rest: [UInt8] = []
    private let limit: Int

    /// An empty one; a line beyond `limit` bytes is none.
    package init(limit: Int = 16 << 20) { self.limit = limit }

    /// Takes a piece.
    ///
    /// - Returns: the lines that are complete now; nil when one is longer than any object can be.
    package mutating func append(_ piece: [UInt8]) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var begin = piece.startIndex
        while let end = piece[begin...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest + piece[begin..<end]
            rest = []
            if line.contains(where: { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: " ") }) { lines.append(line) }
            begin = end + 1
        }
        rest += piece[begin...]
        return rest.count > limit ? nil : lines
    }
}

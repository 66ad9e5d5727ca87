/// Bytes that a document keeps alive.
enum PickleSource: Sendable {
    case array([UInt8])
    case foreign(ForeignBytes)

    @inline(__always)
    func withView<R, E: Error>(_ body: (ByteView) throws(E) -> R) throws(E) -> R {
        switch self {
        case .array(let bytes):
            // `withUnsafeBytes` rethrows untyped; a Result carries the typed error across.
            let result: Result<R, E> = unsafe bytes.withUnsafeBytes { buffer in
                do throws(E) { return .success(try body(unsafe ByteView(buffer))) } catch { return .failure(error) }
            }
            return try result.get()
        case .foreign(let bytes):
            return try body(unsafe ByteView(bytes.buffer))
        }
    }
}

extension PickleSource {
    /// A view that is valid as long as the source is held: an array that is not changed keeps its place in memory.
    fileprivate var stableView: ByteView { withView { $0 } }
}

/// Memory of someone else, with the object that keeps it valid.
@safe
final class ForeignBytes: @unchecked Sendable {  // why: the memory is never written while the owner lives
    let buffer: UnsafeRawBufferPointer
    private let owner: AnyObject

    init(_ buffer: UnsafeRawBufferPointer, owner: AnyObject) {
        unsafe self.buffer = unsafe buffer
        self.owner = owner
    }
}

/// Everything a document holds: flat, immutable, released at once.
final class PickleStorage: @unchecked Sendable {  // why: the two views show arrays that are kept here and never change
    let source: PickleSource
    let side: [UInt8]
    /// The source and the side bytes, seen without a detour through the arrays; they live as long as this object.
    private let sourceView: ByteView
    private let sideView: ByteView
    let nodes: ContiguousArray<PickleNode>
    let children: ContiguousArray<UInt32>
    let records: ContiguousArray<CallRecord>
    let extras: ContiguousArray<RecordExtra>
    let tables: ContiguousArray<UInt32>
    let options: PickleReadingOptions
    /// The offset after STOP.
    let end: Int
    private let knowsSmallText = SmallText.isKnown

    init(
        source: PickleSource, side: [UInt8], nodes: ContiguousArray<PickleNode>, children: ContiguousArray<UInt32> = [],
        records: ContiguousArray<CallRecord> = [], extras: ContiguousArray<RecordExtra> = [],
        tables: ContiguousArray<UInt32> = [], options: PickleReadingOptions = PickleReadingOptions(),
        end: Int = 0
    ) {
        self.source = source
        self.side = side
        sourceView = source.stableView
        sideView = PickleSource.array(side).stableView
        self.nodes = nodes
        self.children = children
        self.records = records
        self.extras = extras
        self.tables = tables
        self.options = options
        self.end = end
    }

    /// The out-of-band buffers.
    var buffers: [[UInt8]] { options.buffers }

    /// A document of one plain node.
    convenience init(node: PickleNode, side: [UInt8] = []) {
        self.init(source: .array([]), side: side, nodes: [node])
    }

    /// Runs a closure over the bytes of a text, bytes or long integer node.
    @inline(__always)
    func withPayload<R, E: Error>(_ node: PickleNode, _ body: (ByteView) throws(E) -> R) throws(E) -> R {
        let view = node.flags.contains(.side) ? sideView : sourceView
        let result = try body(view.slice(node.start, node.length))
        withExtendedLifetime(self) {}
        return result
    }

    /// The text of a string node without surrogates.
    @inline(__always)
    func string(_ node: PickleNode) -> String {
        withPayload(node) { view in SmallText.make(view, knowsSmallText) ?? view.string }
    }

    /// The text of a string node; surrogates become the replacement character.
    func lossyString(_ index: UInt32) -> String { string(nodes[Int(index)]) }

    /// The children of a container node.
    func childIndices(_ node: PickleNode) -> ArraySlice<UInt32>.SubSequence {
        ArraySlice(children[node.children.indices])
    }

    /// The same document with equal keys of dicts as one object each, as Python's interned names are.
    func sharingKeys() -> PickleStorage {
        var children = children
        var first: [String: UInt32] = [:]
        for node in nodes where node.tag == .dict {
            for place in stride(from: node.children.indices.lowerBound, to: node.children.indices.upperBound, by: 2) {
                let key = nodes[Int(children[place])]
                guard key.tag == .string, !key.flags.contains(.surrogates) else { continue }
                let text = string(key)
                if let known = first[text] { children[place] = known } else { first[text] = children[place] }
            }
        }
        return PickleStorage(
            source: source, side: side, nodes: nodes, children: children, records: records, extras: extras,
            tables: tables, options: options, end: end)
    }
}

/// Groups of at most a thousand items, as CPython's C pickler makes them.
struct Batch {
    enum Kind { case list, dict, set, generic }
    let kind: Kind
    let stride: UInt32
    /// Whether a group was written before; a single item has an opcode of its own only if there was none.
    var isRest = false

    static let list = Batch(kind: .list, stride: 1)
    static let dict = Batch(kind: .dict, stride: 2)
    static let set = Batch(kind: .set, stride: 1)
    /// Items or pairs of an instance.
    static func generic(stride: UInt32) -> Batch { Batch(kind: .generic, stride: stride) }

    /// CPython's BATCHSIZE.
    static let size: UInt32 = 1_000
}

extension GraphEncoder {
    /// Writes the next group and leaves the rest for later.
    mutating func nextBatch(_ next: UInt32, _ end: UInt32, _ batch: Batch, into out: inout PickleWriter) {
        let total = (end - next) / batch.stride
        if batch.kind == .generic, total == 0 { return }
        let single = batch.kind == .generic || (batch.kind != .set && !batch.isRest)
        if total == 1, single {
            let opcode: PickleOpcode = batch.stride == 2 ? .setItem : .append
            let range = ChildRange(start: next, count: batch.stride, capacity: 0)
            return pushRun(range, each: opcode, stride: batch.stride, closing: nil)
        }
        let size = min(total, Batch.size)
        let rest = next + size * batch.stride
        out.mark()
        // A list stops when it is empty; the others stop after a group that is not full.
        if batch.kind == .list ? rest < end : size == Batch.size {
            var following = batch
            following.isRest = true
            steps.append(.batches(next: rest, end: end, following))
        }
        let closing: PickleOpcode = batch.kind == .set ? .addItems : batch.stride == 2 ? .setItems : .appends
        let range = ChildRange(start: next, count: size * batch.stride, capacity: 0)
        pushRun(range, each: nil, stride: batch.stride, closing: closing)
    }

    /// Writes a container with sorted entries and without a memo.
    mutating func visitCanonical(
        _ index: UInt32, _ node: PickleNode, into out: inout PickleWriter
    ) throws(PickleError) {
        guard active.insert(index).inserted else {
            throw PickleError(.unsupported, message: "a cycle has no canonical form")
        }
        let range = node.children
        switch node.tag {
        case .dict where version > 0 && range.count > 0:
            out.emptyDict()
            out.mark()
            sortedRun(index, range, stride: 2, closing: .setItems)
        case .set where version >= 4 && range.count > 0:
            out.emptySet()
            out.mark()
            sortedRun(index, range, stride: 1, closing: .addItems)
        case .frozenSet where version >= 4:
            out.mark()
            sortedRun(index, range, stride: 1, closing: .frozenSet)
        case .reduce, .instance, .known:
            steps.append(.leave(index))
            try visitRecord(index, node, into: &out)
        default:
            steps.append(.leave(index))
            visitContainer(index, node, into: &out)
        }
    }

    private mutating func sortedRun(_ index: UInt32, _ range: ChildRange, stride: UInt32, closing: PickleOpcode) {
        entries.append([])
        steps.append(.sort(index, closing: closing))
        // From the last to the first, since the last step is taken first.
        var place = range.start + range.count
        while place > range.start {
            place -= stride
            if stride == 2 { steps.append(.visit(storage.children[Int(place) + 1])) }
            steps.append(.visit(storage.children[Int(place)]))
            steps.append(.noteEntry)
        }
    }
}

/// Where CPython ends its frames.
struct FrameCuts {
    /// A frame ends before the first value after this many bytes; payloads of this size stay outside.
    static let target = 65_536
    /// Fewer bytes are not worth a frame.
    static let least = 4
    private static let headerSize = 9

    /// Where the part being collected begins.
    var start = 0
    private var parts: [(range: Range<Int>, isFramed: Bool)] = []

    /// Ends the part being collected if it is long enough; called before each value.
    @inline(__always)
    mutating func boundary(at offset: Int) {
        if offset - start >= Self.target { cut(at: offset) }
    }

    private mutating func cut(at offset: Int) {
        if offset > start { parts.append((start..<offset, true)) }
        start = offset
    }

    /// Leaves a large payload with its opcode outside any frame.
    mutating func bare(from first: Int, to last: Int) {
        cut(at: first)
        parts.append((first..<last, false))
        start = last
    }

    /// Puts the frames into a finished stream.
    func framed(_ bytes: [UInt8]) -> [UInt8] {
        var all = parts
        if start < bytes.count { all.append((start..<bytes.count, true)) }
        let first = all.first?.range.lowerBound ?? bytes.count
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + all.count * Self.headerSize)
        result += bytes[..<first]
        for (range, isFramed) in all {
            if isFramed, range.count >= Self.least {
                result.append(PickleOpcode.frame.rawValue)
                for shift in stride(from: 0, to: 64, by: 8) {
                    result.append(UInt8(truncatingIfNeeded: range.count >> shift))
                }
            }
            result += bytes[range]
        }
        return result
    }
}

extension PickleStorage {
    /// A number for a value of which CPython has one object for all uses: the empty text, a text of one Latin-1 character,
    /// empty bytes.
    func singleObject(_ node: PickleNode) -> UInt16? {
        if node.tag == .bytes { return node.length == 0 ? 257 : nil }
        switch node.length {
        case 0: return 256
        case 1: return withPayload(node) { UInt16($0[0]) }
        case 2:
            return withPayload(node) { view in
                view[0] == 0xC2 || view[0] == 0xC3 ? UInt16(view[0] & 3) << 6 | UInt16(view[1] & 0x3F) : nil
            }
        default: return nil
        }
    }
}

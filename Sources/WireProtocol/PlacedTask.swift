import PickleCoding

/// What of the node a task has, as its worker must know: set before the body and taken back after it.
package struct PlacementMessage: Codable, Sendable, Equatable {
    /// Variables of the environment.
    package var variables: [String: String]
    /// Variables that would contradict them.
    package var removed: [String]
    /// The processors that the worker may use meanwhile; `nil` leaves those it has.
    package var processors: [Int]?

    /// Describes a placement.
    package init(variables: [String: String] = [:], removed: [String] = [], processors: [Int]? = nil) {
        self.variables = variables
        self.removed = removed
        self.processors = processors
    }
}

/// The body of a frame of the kind ``WorkerFrame/Kind/placedTask``: the length of the placement (4 bytes, little-endian),
/// the placement, the task message.
package enum PlacedTask {
    /// What comes before the task message.
    package static func prefix(_ placement: PlacementMessage) throws -> [UInt8] {
        let bytes = try PickleEncoder().encode(placement)
        return withUnsafeBytes(of: UInt32(bytes.count).littleEndian, Array.init) + bytes
    }

    /// The task message alone.
    package static func message(_ body: [UInt8]) throws(WireError) -> [UInt8] {
        Array(body[(try end(of: body))...])
    }

    /// The placement.
    package static func placement(_ body: [UInt8]) throws -> PlacementMessage {
        try PickleDecoder().decode(PlacementMessage.self, from: Array(body[4..<(try end(of: body))]))
    }

    private static func end(of body: [UInt8]) throws(WireError) -> Int {
        guard body.count >= 4 else { throw WireError(.malformed, "a placed task of \(body.count) bytes") }
        let length = body.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
        guard length <= body.count - 4 else {
            throw WireError(.malformed, "a placement of \(length) bytes in a frame of \(body.count)")
        }
        return 4 + length
    }
}

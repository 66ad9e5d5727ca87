import PickleCoding

/// The version of what Apus adds to the protocol (wire document §15).
package enum WireExtensions {
    /// The version of this build.
    package static let version = 3
    /// The first version whose peers can be asked to cancel tasks.
    package static let cancellation = 2
    /// The first version whose interchanges can be asked about blocks, and to hold them.
    package static let blocks = 3
}

/// What an executor sends on the task channel (wire document §4 and §15.5).
package enum TaskChannelMessage: Sendable {
    /// A task.
    case task(TaskEnvelope)
    /// Tasks sent before that shall be stopped: `{'type': 'apus_cancel', 'ids': packed ids}`.
    ///
    /// They come by this channel, so that none overtakes its task.
    case cancel([Int])

    /// Reads a message.
    ///
    /// - Throws: ``WireError`` when it is neither.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> TaskChannelMessage {
        do {
            return .task(try TaskEnvelope.parse(message))
        } catch {
            // Tasks are looked for first: there are a million of them for each cancellation.
            guard let root = try? PickleDocument(envelope: message).root, root["type"]?.stringValue == "apus_cancel"
            else { throw error }
            return .cancel(try PackedIDs.decode(root["ids"]?.bytesValue))
        }
    }

    /// Writes a cancellation.
    package static func encodeCancel(_ ids: [Int]) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: ids.count * 8 + 64)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "apus_cancel")
        writer.string("ids" as StaticString)
        writer.bytes(PackedIDs.encode(ids))
        writer.setItems()
        writer.stop()
        return writer.finish()
    }
}

/// What a worker says when a task's walltime is over and the task was asked to stop.
package struct OverdueMessage: Codable, Sendable, Equatable {
    /// The task.
    package var task: Int
    /// The walltime, in seconds.
    package var limit: Double
    /// Seconds since the body began.
    package var elapsed: Double

    /// Describes a task that ran too long.
    package init(task: Int, limit: Double, elapsed: Double) {
        self.task = task
        self.limit = limit
        self.elapsed = elapsed
    }

    /// The frame's body.
    package func encode() throws -> [UInt8] { try PickleEncoder().encode(self) }

    /// Reads a frame's body.
    package static func decode(_ bytes: [UInt8]) throws -> Self { try PickleDecoder().decode(Self.self, from: bytes) }
}

/// Keyed containers that have been used and may be used again.
///
/// The standard library keeps every keyed container in a box of its own. Making the box, and finding out its type, takes longer
/// than all that a small record writes into it. So the last few are kept, and one that nobody else holds is handed out
/// again for the next value with keys of the same type.
struct SpareContainers {
    private struct Spare {
        let key: ObjectIdentifier
        /// The container, which is one reference to its box.
        var box: AnyObject
        /// What the container looks at, to be pointed elsewhere.
        let place: AnyObject
    }

    /// Records that hold records need one each.
    private static let room = 4

    /// Whether containers are kept; they hold what holds them, so they have to be let go in the end.
    var isOpen = false
    private var spares: ContiguousArray<Spare> = []
    private var oldest = 0

    /// A container for keys of a type that nobody uses, and its place; nil if there is none.
    @inline(__always)
    mutating func take<Container, Key, Place: AnyObject>(
        _ type: Container.Type, for key: Key.Type, _ place: Place.Type
    ) -> (Container, Place)? {
        let id = ObjectIdentifier(key)
        for position in spares.indices where spares[position].key == id {
            guard isKnownUniquelyReferenced(&spares[position].box) else { return nil }
            // Both were put in together under this type of keys.
            return (
                unsafe unsafeBitCast(spares[position].box, to: type),
                unsafe unsafeDowncast(spares[position].place, to: place)
            )
        }
        return nil
    }

    /// Keeps a new container, instead of the one that was kept for this type of keys, or the oldest.
    mutating func add<Container, Key>(_ container: Container, for key: Key.Type, _ place: AnyObject) {
        guard isOpen, MemoryLayout<Container>.size == MemoryLayout<AnyObject>.size else { return }
        let id = ObjectIdentifier(key)
        let spare = Spare(key: id, box: unsafe unsafeBitCast(container, to: AnyObject.self), place: place)
        if let position = spares.firstIndex(where: { $0.key == id }) {
            spares[position] = spare
        } else if spares.count < Self.room {
            spares.append(spare)
        } else {
            spares[oldest] = spare
            oldest = (oldest + 1) % Self.room
        }
    }
}

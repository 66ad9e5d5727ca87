public import FoundationEssentials
import PickleCoding
import SystemSupport

// Most calls have no file among their arguments, and must not pay for those that do. Types that cannot hold one say so
// when the app is declared; of structures the fields are looked at, once for each type. Only what is left is searched, by
// encoding it.

/// A type whose values never hold a file.
package protocol FileFree {}

extension Nothing: FileFree {}
extension Int: FileFree {}
extension Int8: FileFree {}
extension Int16: FileFree {}
extension Int32: FileFree {}
extension Int64: FileFree {}
extension UInt: FileFree {}
extension UInt8: FileFree {}
extension UInt16: FileFree {}
extension UInt32: FileFree {}
extension UInt64: FileFree {}
extension Float: FileFree {}
extension Double: FileFree {}
extension Bool: FileFree {}
extension String: FileFree {}
extension Data: FileFree {}
extension Date: FileFree {}
extension URL: FileFree {}
extension UUID: FileFree {}
extension Decimal: FileFree {}
extension Array: FileFree where Element: FileFree {}
extension Set: FileFree where Element: FileFree {}
extension Optional: FileFree where Wrapped: FileFree {}
extension Dictionary: FileFree where Key: FileFree, Value: FileFree {}

/// A file among the arguments of a call.
struct FoundFile: Hashable, Sendable {
    var file: File
    var isOutput: Bool
    /// Where it is staged; known when the arguments were decoded for a run.
    var place: StagedPlace?
}

/// Gathers the files that pass through a coder.
final class FileCollector: StagingNotes {
    private let content = Locked<[FoundFile]>([])

    var files: [FoundFile] { content.withLock { $0 } }

    func place(of file: File, isOutput: Bool) -> StagedPlace? { nil }

    func note(_ file: File, isOutput: Bool, _ place: StagedPlace?) {
        let found = FoundFile(file: file, isOutput: isOutput, place: place)
        // The same file twice is staged once.
        content.withLock { if !$0.contains(found) { $0.append(found) } }
    }
}

/// Finds the files in values.
enum FileSearch {
    /// Types of which it is known that their values hold no file.
    private static let freeTypes = Locked<Set<ObjectIdentifier>>([])
    /// Deeper structures are searched rather than understood.
    private static let deepest = 8

    static func isFree(_ type: Any.Type) -> Bool { type is any FileFree.Type }

    /// Whether the value may hold a file.
    static func mayHold<T>(_ value: T) -> Bool {
        let identifier = ObjectIdentifier(T.self)
        if freeTypes.withLock({ $0.contains(identifier) }) { return false }
        guard isCertainlyFree(value, depth: 0) else { return true }
        freeTypes.withLock { _ = $0.insert(identifier) }
        return false
    }

    /// Adds the files of a value; one that cannot be encoded has none, its error comes when the call is sent.
    static func collect(_ value: some Encodable, into collector: FileCollector) {
        guard let key = CodingUserInfoKey.staging else { return }
        var encoder = PickleEncoder()
        encoder.userInfo[key] = collector
        _ = try? encoder.encode(value)
    }

    /// Whether no value of this one's type holds a file, as far as this one shows.
    private static func isCertainlyFree(_ value: Any, depth: Int) -> Bool {
        if isFree(type(of: value)) { return true }
        if value is File || value is OutputFile { return false }
        guard depth < deepest else { return false }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .struct, .tuple:
            // Without reflection data a structure seems empty, and it may show something else than its fields.
            return !mirror.children.isEmpty && !(value is any CustomReflectable)
                && mirror.children.allSatisfy { isCertainlyFree($0.value, depth: depth + 1) }
        case .optional, .collection, .set, .dictionary:
            // The elements have one type, so that the first one speaks for all.
            guard let first = mirror.children.first else { return false }
            return isCertainlyFree(first.value, depth: depth + 1)
        case .enum:
            return value is any RawRepresentable<String> || value is any RawRepresentable<Int>
        default:
            return false
        }
    }
}

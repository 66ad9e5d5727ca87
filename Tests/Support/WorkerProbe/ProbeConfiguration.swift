import ManagerRuntime
import PickleCoding
import SystemSupport

/// The file from which a probe plays a manager.
enum ProbeConfiguration {
    static func read(_ path: String) throws -> ManagerConfiguration {
        try PickleDecoder().decode(ManagerConfiguration.self, from: try SmallFile.read(path))
    }
}

import Glibc
import SystemSupport

/// A directory that is removed with everything in it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/apus-provisioning.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a temporary directory") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        let child = try? ChildProcess(
            spawning: ChildProcess.Options(executable: "rm", arguments: ["rm", "-rf", "--", path]))
        _ = child?.wait()
    }
}

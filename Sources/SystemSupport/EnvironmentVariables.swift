internal import CLinux
import Glibc

/// The environment of the own process.
///
/// The C library's environment is not safe to change while other threads read it: change it before threads exist.
package struct EnvironmentVariables {
    /// The value of a variable, or nil when it is not set.
    package static func get(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// Sets a variable, replacing an older value.
    package static func set(_ name: String, _ value: String) throws(SystemError) {
        guard setenv(name, value, 1) == 0 else { throw .last("set the environment variable '\(name)'") }
    }

    /// Removes a variable; one that is not set is no error.
    package static func unset(_ name: String) { unsetenv(name) }

    /// All variables.
    package static var all: [String: String] {
        var result: [String: String] = [:]
        var entry = clinux_environment()
        while let text = entry?.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                result[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry = entry?.successor()
        }
        return result
    }
}

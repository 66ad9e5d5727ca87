import Glibc

/// Directories: the working one, and new ones.
package enum Directory {
    /// The working directory, or `/` when it is gone.
    package static var current: String {
        guard let raw = getcwd(nil, 0) else { return "/" }
        defer { free(raw) }
        return String(cString: raw)
    }

    /// The path from the root; relative ones begin in the working directory.
    package static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : current + "/" + path }

    /// Makes a directory with all that is missing above it; those that are there stay as they are.
    ///
    /// - Parameters:
    ///   - path: the directory.
    ///   - mode: who may do what in those that are made.
    ///   - remedy: what the user can do about a failure.
    package static func make(_ path: String, mode: UInt32, remedy: String = "") throws(SystemError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            prefix += part
            guard mkdir(prefix, mode) == 0 || errno == EEXIST else {
                throw .last("make the directory \(prefix)", remedy: remedy)
            }
            prefix += "/"
        }
    }

    /// Makes the first of `000`, `001`, … that does not exist below a directory, for its owner alone.
    ///
    /// - Parameters:
    ///   - parent: an existing directory.
    ///   - limit: numbers to try.
    ///   - remedy: what the user can do about a failure.
    /// - Returns: the path; `nil` when all numbers are taken.
    package static func makeNumbered(
        in parent: String, limit: Int = 1_000_000, remedy: String = ""
    ) throws(SystemError) -> String? {
        for number in 0..<limit {
            let digits = String(number)
            let path = "\(parent)/\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits)"
            if mkdir(path, 0o700) == 0 { return path }
            guard errno == EEXIST else { throw .last("make the directory \(path)", remedy: remedy) }
        }
        return nil
    }
}

import Glibc
package import SystemSupport

/// Where runs keep their checkpoints: `<run directory>/<number>/checkpoint/tasks.apus`.
package enum CheckpointDirectory {
    /// The name of the file.
    package static let fileName = "tasks.apus"

    /// Makes the directory inside one run's directory and returns the path of the file in it.
    package static func makeFile(inRun run: String) throws(SystemError) -> String {
        let folder = run + "/checkpoint"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .last("make the directory \(folder)", remedy: "set `runDirectory` to a place this user may write to")
        }
        return folder + "/" + fileName
    }

    /// The checkpoints of all runs, oldest run first.
    package static func files(in parent: String) -> [String] {
        runs(in: parent).map { "\(parent)/\($0)/checkpoint/\(fileName)" }.filter { access($0, F_OK) == 0 }
    }

    /// The names of the runs' directories, in the order of their numbers.
    private static func runs(in parent: String) -> [String] {
        guard let folder = opendir(parent) else { return [] }
        defer { closedir(folder) }
        var found: [(number: Int, name: String)] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(name) {
                found.append((number, name))
            }
        }
        return found.sorted { $0.number < $1.number }.map(\.name)
    }
}

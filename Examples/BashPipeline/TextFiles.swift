import FoundationEssentials

/// The files of a folder.
enum TextFiles {
    /// The paths of all files in a folder (links to files are files, folders in it are not looked into), sorted.
    ///
    /// There is at least one.
    static func paths(in folder: String) throws(FileError) -> [String] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw FileError(path: folder, text: "\(error)")
        }
        let paths = names.filter { !$0.hasPrefix(".") }.map { folder + "/" + $0 }.filter { path in
            var isFolder = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
        }
        if paths.isEmpty { throw FileError(path: folder, text: "there are no files in it") }
        return paths
    }
}

/// A folder that cannot be read.
struct FileError: Error, CustomStringConvertible {
    var path: String
    var text: String

    var description: String { "cannot read \(path): \(text)" }
}

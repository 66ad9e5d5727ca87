import FoundationEssentials
import Glibc
import SystemSupport

/// The library that scripts are compiled against: what was installed with this program, or built with it.
struct ScriptLibrary {
    /// Where this library comes from.
    enum Origin: Equatable {
        /// `make install`: the folder `lib/apus`.
        case installed(_ folder: String)
        /// A checkout: its root.
        case checkout(_ root: String)
    }

    var origin: Origin
    /// The folder with the `.swiftmodule` files.
    var modules: String
    /// The folders with the maps of C modules: Swift looks for them even behind an import that no interface shows.
    var headers: [String]
    /// What goes into the program.
    var code: Code
    /// The compiler that made it, in that compiler's words.
    var compiler: String?

    /// The machine code of the library.
    enum Code: Equatable {
        /// A static library.
        case archive(_ path: String)
        /// Object files, as lines for a response file, quoted where need be.
        case objects(_ lines: [String])
    }

    /// Finds the library of a program `apus`.
    static func find(executable: String = CurrentProcess.executablePath) throws(ScriptError) -> ScriptLibrary {
        let products = parent(of: executable)
        if let library = installed(parent(of: products) + "/lib/apus") { return library }
        if let library = built(products) { return library }
        throw .failure(
            "the library for scripts is neither in '\(parent(of: products))/lib/apus' nor beside '\(executable)': "
                + "install it with 'make install PREFIX=DIR' and use DIR/bin/apus, or use .build/release/apus of a "
                + "checkout after 'swift build -c release --product apus'")
    }

    private static func installed(_ folder: String) -> ScriptLibrary? {
        let archive = folder + "/libApus.a"
        guard exists(archive), exists(folder + "/Modules/Apus.swiftmodule") else { return nil }
        return ScriptLibrary(
            origin: .installed(folder), modules: folder + "/Modules", headers: moduleMaps(in: folder),
            code: .archive(archive), compiler: try? SmallFile.readText(folder + "/compiler.txt"))
    }

    /// SwiftPM lists in `apus.product` what it linked into the program; what is the command's own is left out.
    private static func built(_ products: String) -> ScriptLibrary? {
        let list = products + "/apus.product/Objects.LinkFileList"
        guard let text = try? SmallFile.readText(list, limit: 1 << 24), exists(products + "/Modules/Apus.swiftmodule"),
            let sources = try? SmallFile.readText(products + "/Apus.build/sources"),
            let source = sources.split(separator: "\n").first
        else { return nil }
        let own = [
            "/ApusCommandLine.build/", "/ArgumentParser.build/", "/ArgumentParserToolInfo.build/",
            "/ConfigurationFiles.build/", "/Yams.build/", "/CYaml.build/",
        ]
        let objects = text.split(separator: "\n").map(String.init).filter { line in !own.contains { line.contains($0) }
        }
        // …/Sources/Apus/Exports.swift
        let root = parent(of: parent(of: parent(of: source.filter { $0 != "'" && $0 != "\"" })))
        return ScriptLibrary(
            origin: .checkout(root), modules: products + "/Modules", headers: moduleMaps(in: root + "/Sources"),
            code: .objects(objects), compiler: recordedCompiler(products))
    }

    /// SwiftPM keeps the version of each compiler that built in a folder; the newest note is the last build's.
    private static func recordedCompiler(_ products: String) -> String? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: products)) ?? []
        let notes = names.filter { $0.hasPrefix("swift-version-") }.map { products + "/" + $0 }
        let newest = notes.max { FileStamp($0).seconds < FileStamp($1).seconds }
        return newest.flatMap { try? SmallFile.readText($0) }
    }

    /// The versions of packages that the library was built with.
    var pins: PinnedPackages? {
        switch origin {
        case .installed(let folder): PinnedPackages(file: folder + "/Package.resolved")
        case .checkout(let root): PinnedPackages(file: root + "/Package.resolved")
        }
    }

    /// What changes whenever the library changes.
    var fingerprint: String {
        var files: [String] = []
        switch code {
        case .archive(let path): files = [path]
        case .objects(let lines): files = lines.map { $0.filter { $0 != "'" && $0 != "\"" } }
        }
        files.append(modules + "/Apus.swiftmodule")
        for folder in headers {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            files += names.sorted().map { folder + "/" + $0 }
        }
        return files.map { "\($0) \(FileStamp($0).text)" }.joined(separator: "\n")
    }

    private static func moduleMaps(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().map { folder + "/" + $0 }.filter { exists($0 + "/module.modulemap") }
    }

    private static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

/// What tells one state of a file from another without reading it.
struct FileStamp {
    /// The time of the last change.
    var seconds: Int
    /// Size, time and number of the file.
    var text: String

    /// Looks at a file; one that is missing has a stamp of its own.
    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            (seconds, text) = (0, "missing")
            return
        }
        seconds = status.st_mtim.tv_sec
        text = "\(status.st_size) \(seconds).\(status.st_mtim.tv_nsec) \(status.st_ino)"
    }
}

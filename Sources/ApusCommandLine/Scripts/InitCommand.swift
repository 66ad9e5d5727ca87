import ArgumentParser
import FoundationEssentials
import Glibc
import SystemSupport

/// `apus init`: makes a package with one program in it, for those who outgrow a script.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a small package that uses Apus.",
        discussion: """
            Makes the folder <name> with Package.swift, Sources/<name>/main.swift, README.md and .gitignore. The \
            package uses Apus from where this tool comes from: the checkout it was built in, or the library it was \
            installed with; with --url it uses a repository instead.
            """)

    @Argument(help: "The name of the package, its program and its folder.")
    var name: String

    @Option(help: ArgumentHelp("Use Apus from this repository.", valueName: "url"))
    var url: String?

    func run() throws {
        try ScriptError.reporting {
            try Self.check(name)
            let source: PackageTemplate.Source
            if let url {
                guard !url.isEmpty, !url.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else {
                    throw ScriptError.usage("'\(url)' is not the address of a repository")
                }
                source = .repository(url)
            } else {
                source = .library(try ScriptLibrary.find())
            }
            let template = PackageTemplate(name: name, source: source)
            guard mkdir(name, 0o777) == 0 else {
                if errno == EEXIST {
                    throw ScriptError.usage("'\(name)' is there already; choose another name, or remove it first")
                }
                throw ScriptError.system("make the folder '\(name)'")
            }
            try write(template)
            StandardStreams.output(
                """
                made the package '\(name)'; now

                    cd \(name)
                    swift run -c release \(name)


                """)
        }
    }

    private func write(_ template: PackageTemplate) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: "\(name)/Sources/\(name)", withIntermediateDirectories: true)
        } catch {
            throw ScriptError.failure("could not make the folder '\(name)/Sources/\(name)': \(error)")
        }
        for file in template.files {
            try SmallFile.write(Array(file.text.utf8), to: "\(name)/\(file.path)", mode: 0o644)
        }
    }

    /// A name that SwiftPM takes for a target and the shell for a word.
    static func check(_ name: String) throws(ScriptError) {
        let isASCII = name.unicodeScalars.allSatisfy { $0.isASCII && ScriptHeader.isAllowedInName($0) && $0 != "." }
        guard let first = name.unicodeScalars.first, isASCII, first.properties.isAlphabetic else {
            throw .usage(
                "'\(name)' is no name for a package; take a letter, then letters, digits, '-' and '_', such as 'primes'"
            )
        }
        // The program's module may not be called like one that it imports, nor its file like another's on any system.
        guard !reserved.contains(name.lowercased()) else {
            throw .usage("a package called '\(name)' could not import what it is called like; choose another name")
        }
    }

    private static let reserved: Set<String> = [
        "apus", "swift", "foundation", "glibc", "main", "dataflow", "launch", "highthroughput", "workflowcore",
        "picklecoding", "wireprotocol", "monitoring", "systemsupport", "zeromq", "czeromq", "clinux",
        "interchangeruntime", "managerruntime", "workerruntime", "progressdisplay", "logging", "dequemodule",
        "heapmodule", "configurationfiles", "yams", "cyaml",
    ]
}

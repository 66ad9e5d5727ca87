import ArgumentParser
import ConfigurationFiles
import Glibc
import SystemSupport

/// `apus run`: compiles a script of one file, or finds it compiled, and becomes it; a compiled program it becomes as it is.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Compile a script of one file and run it, or run a compiled program, with the settings of a file.",
        usage: "apus run [--keep] [--config <file>] <script or program> [--] [<argument> ...]",
        discussion: """
            The script is compiled against the library that was installed or built with this tool, and kept in \
            $APUS_CACHE, else $XDG_CACHE_HOME/apus, else ~/.cache/apus; it is compiled again when the script, the \
            library or the compiler has changed. Its arguments, its signals and its exit code are its own. With
              #!/usr/bin/env -S apus run
            as its first line a script is a command itself. A program that is compiled already is run as it is, with \
            the settings of --config. See docs/scripts.md.
            """)

    @Flag(help: "Say on standard error where the compiled program is.")
    var keep = false

    @Option(help: ArgumentHelp("Put the settings of this file over the program's own.", valueName: "file"))
    var config: String?

    @Argument(parsing: .captureForPassthrough, help: "The script or program, then the arguments for it.")
    var words: [String] = []

    func run() throws {
        try ScriptError.reporting {
            var rest = words[...]
            var keep = keep
            var config = config
            // What stands before the script is ours, everything after it is the script's.
            while let option = rest.first, option.hasPrefix("-") {
                switch option {
                case "--keep": keep = true
                case "--config":
                    guard rest.count > 1 else { throw ScriptError.usage("--config needs a file, such as apus.yaml") }
                    rest.removeFirst()
                    config = rest[rest.startIndex]
                case _ where option.hasPrefix("--config="): config = String(option.dropFirst(9))
                case "--help", "-h": throw CleanExit.helpRequest(self)
                default: throw ScriptError.usage("run has no option '\(option)'; there are --keep and --config")
                }
                rest.removeFirst()
            }
            guard let path = rest.popFirst() else {
                throw ScriptError.usage(
                    "run needs a script or a program: "
                        + "apus run [--keep] [--config <file>] <script or program> [--] [<argument> ...]")
            }
            if rest.first == "--" { rest.removeFirst() }
            let prepared =
                if let compiled = try CompiledProgram(path: path) {
                    try prepare(compiled, config: config)
                } else {
                    try prepare(Script(path: path), config: config)
                }
            if keep { StandardStreams.error("apus: the program is \(prepared.program)\n") }
            if let settings = prepared.settings { try SettingsHandOver.prepare(settings) }
            try become(prepared.program, arguments: [path] + rest, remedy: prepared.remedy)
        }
    }

    /// What this process becomes.
    private struct Prepared {
        var program: String
        var settings: LoadedSettings?
        /// What helps when the system does not run it.
        var remedy: String
    }

    private func prepare(_ compiled: CompiledProgram, config: String?) throws -> Prepared {
        if config != nil { try compiled.checkTakesSettings() }
        return Prepared(
            program: compiled.path, settings: try config.map { try ConfigCommand.load($0) },
            remedy: "is it complete, and is the loader that it names there? 'file \(compiled.path)' says which")
    }

    private func prepare(_ script: Script, config: String?) throws -> Prepared {
        // Before the compiler has its turn, which takes longer.
        let file = config ?? script.header.config.map { script.resolved($0) }
        let settings = try file.map { try ConfigCommand.load($0) }
        let cache = try ScriptCache()
        let library = try ScriptLibrary.find()
        let compiler = try ScriptCompiler.find(cache: cache)
        try compiler.check(against: library)
        let build = ScriptBuild(script: script, library: library, compiler: compiler, cache: cache)
        return Prepared(
            program: try build.program(), settings: settings,
            remedy: "if the cache is on a file system mounted noexec, set APUS_CACHE to a folder elsewhere")
    }

    /// Replaces this process: what the program does with signals, descriptors and its exit code is then its own.
    private func become(_ program: String, arguments: [String], remedy: String) throws(ScriptError) {
        // A mask survives exec, and threads of the concurrency runtime block signals.
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)

        var words: [UnsafeMutablePointer<CChar>?] = []
        for argument in arguments { words.append(strdup(argument)) }
        words.append(nil)
        execv(program, words)
        throw .system("run the program '\(program)'", remedy: remedy)
    }
}

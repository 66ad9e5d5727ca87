import ArgumentParser
import ConfigurationFiles
import Glibc
import Launch
import SystemSupport

/// `apus config init`: writes a file to start from.
struct ConfigInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a file with every key, its default and what it takes.",
        discussion: "The file is YAML. Nothing is written over: remove an older file first, or name another one.")

    @Argument(
        help: ArgumentHelp("What calls run on: \(Self.kinds).", valueName: "kind"))
    var kind = SettingsSchema.defaultKind

    @Option(help: ArgumentHelp("Write this file; - is the standard output.", valueName: "file"))
    var output = "apus.yaml"

    func validate() throws {
        let schema = SettingsSchema.current
        guard schema.kind(kind) == nil else { return }
        let nearest = NearestName.find(kind, among: schema.kinds.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw ValidationError("there is no kind '\(kind)'; there are \(Self.kinds)\(nearest)")
    }

    private static let kinds: String = {
        let names = SettingsSchema.current.kinds.map(\.name)
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }()

    func run() throws {
        guard let found = SettingsSchema.current.kind(kind) else { return }
        let text = ConfigurationTemplate.yaml(kind: found)
        guard output != "-" else { return StandardStreams.output(text) }
        guard output.hasSuffix(".yaml") || output.hasSuffix(".yml") else {
            throw ValidationError("'\(output)' is not the name of a YAML file; it ends in .yaml or .yml")
        }
        // Not SmallFile.write, which replaces what is there.
        let descriptor = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let remedy = errno == EEXIST ? "remove it first, or name another one with --output" : ""
            StandardStreams.error("apus: \(SystemError.last("make the file '\(output)'", remedy: remedy))\n")
            throw ExitCode(1)
        }
        defer { DescriptorIO.close(descriptor) }
        try Array(text.utf8).withUnsafeBytes { try DescriptorIO.writeFully(descriptor, $0) }
        StandardStreams.output(
            "wrote \(output); now 'apus config check \(output)', or 'apus run --config \(output) …'\n")
    }
}

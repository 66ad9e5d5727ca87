import HighThroughput
import Provisioning

extension SettingsSchema {
    /// Pods of Kubernetes; the provider itself is in a product of its own, which knows these keys by their names.
    static let kubernetes: ExecutorKind = {
        let code = MissingProvider(
            kind: "kubernetes", product: "KubernetesProvider", blocks: BlockParameters(walltime: nil))
        return ExecutorKind(
            "kubernetes", "Worker processes in pods of Kubernetes; it needs the product `\(code.product)`.",
            settings: [
                described(
                    "image", SettingType(words: ["none"], .text("the name of a container image")), "none",
                    "The image of the pods, with the program in it; it has to be named."),
                described(
                    "namespace", SettingType(words: ["automatic"], .text("the name of a namespace")), "automatic",
                    "Where the pods are; `automatic` is the namespace of the account that is used."),
            ],
            groups: [blocks(of: code), blockProcesses, everyExecutor],
            starters: [("image", .text("registry.example.org/my-workflow:1")), ("maxBlocks", .integer(4))],
            product: code.product,
            check: { $0["image"] == nil ? "image is not set; name the container image with the program in it" : nil },
            placement: { .processes(HighThroughputConfiguration(label: $0, provider: code)) })
    }()

    /// A setting that goes to a provider of another product by its name.
    static func described(
        _ name: String, _ type: SettingType, _ word: String, _ summary: String, isSecret: Bool = false
    ) -> Setting {
        Setting(name, type, .word(word), summary, isSecret: isSecret) { value, configuration in
            guard case .processes(var processes) = configuration.placement,
                var provider = processes.provider as? MissingProvider
            else { return }
            provider.description.values[name] = ProviderDescription.Value(value)
            processes.provider = provider
            configuration.executors[0].placement = .processes(processes)
        }
    }
}

extension ProviderDescription.Value {
    /// A value of a file; `nil` for a word, which means that nothing is set.
    init?(_ value: SettingValue) {
        switch value {
        case .word, .ports: return nil
        case .boolean(let flag): self = .flag(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .text(let text): self = .text(text)
        case .duration(let duration): self = .duration(duration)
        case .list(let texts): self = .texts(texts)
        }
    }
}

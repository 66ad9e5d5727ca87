import HighThroughput
import Provisioning

/// Makes settings of one type of provider: each sets one of its fields, and has the default of the code.
struct ProviderKeys<Code: Provider>: Sendable {
    /// A provider as the code makes it.
    let code: Code

    /// A setting that is nothing of the usual.
    func setting(
        _ name: String, _ type: SettingType, _ fallback: SettingValue, _ summary: String, isSecret: Bool = false,
        apply: @escaping @Sendable (SettingValue, inout Code) -> Void
    ) -> Setting {
        Setting(name, type, fallback, summary, isSecret: isSecret) { value, configuration in
            guard case .processes(var processes) = configuration.placement, var provider = processes.provider as? Code
            else { return }
            apply(value, &provider)
            processes.provider = provider
            configuration.executors[0].placement = .processes(processes)
        }
    }

    /// A text that may be left out: `word` stands for that.
    func text(
        _ name: String, _ field: any WritableKeyPath<Code, String?> & Sendable, or word: String = "automatic",
        _ phrase: String, _ summary: String
    ) -> Setting {
        setting(
            name, SettingType(words: [word], .text(phrase)), code[keyPath: field].map { .text($0) } ?? .word(word),
            summary
        ) { value, provider in
            if case .text(let text) = value {
                provider[keyPath: field] = text
            } else {
                provider[keyPath: field] = nil
            }
        }
    }

    /// A text that is empty when it is left out.
    func text(
        _ name: String, _ field: any WritableKeyPath<Code, String> & Sendable, _ phrase: String, _ summary: String
    ) -> Setting {
        setting(name, SettingType(words: ["none"], .text(phrase)), .word("none"), summary) { value, provider in
            if case .text(let text) = value { provider[keyPath: field] = text } else { provider[keyPath: field] = "" }
        }
    }

    /// A count that may be left out.
    func count(
        _ name: String, _ field: any WritableKeyPath<Code, Int?> & Sendable, or word: String = "automatic",
        _ summary: String
    ) -> Setting {
        setting(
            name, SettingType(words: [word], .integer(1...1_000_000)),
            code[keyPath: field].map { .integer($0) } ?? .word(word), summary
        ) { value, provider in
            if case .integer(let count) = value {
                provider[keyPath: field] = count
            } else {
                provider[keyPath: field] = nil
            }
        }
    }

    /// A count.
    func count(_ name: String, _ field: any WritableKeyPath<Code, Int> & Sendable, _ summary: String) -> Setting {
        setting(
            name, SettingType(.integer(1...1_000_000)), .integer(code[keyPath: field]), summary
        ) { value, provider in
            if case .integer(let count) = value { provider[keyPath: field] = count }
        }
    }

    /// Memory, which the code counts in GiB, and may leave out.
    func memory(
        _ name: String, _ field: any WritableKeyPath<Code, Double?> & Sendable, _ summary: String
    ) -> Setting {
        setting(
            name, SettingType(words: ["automatic"], .size(atLeast: 1 << 20)),
            code[keyPath: field].map { .integer(Int($0 * 1_073_741_824)) } ?? .word("automatic"), summary
        ) { value, provider in
            if case .integer(let bytes) = value {
                provider[keyPath: field] = Double(bytes) / 1_073_741_824
            } else {
                provider[keyPath: field] = nil
            }
        }
    }

    /// Yes or no.
    func flag(_ name: String, _ field: any WritableKeyPath<Code, Bool> & Sendable, _ summary: String) -> Setting {
        setting(name, SettingType(.boolean), .boolean(code[keyPath: field]), summary) { value, provider in
            if case .boolean(let flag) = value { provider[keyPath: field] = flag }
        }
    }

    /// A duration.
    func duration(
        _ name: String, _ field: any WritableKeyPath<Code, Duration> & Sendable, _ summary: String
    ) -> Setting {
        setting(
            name, SettingType(.duration(atLeast: .zero)), .duration(code[keyPath: field]), summary
        ) { value, provider in
            if case .duration(let time) = value { provider[keyPath: field] = time }
        }
    }
}

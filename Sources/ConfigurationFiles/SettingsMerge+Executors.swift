import Launch
import SystemSupport

// The section `executors`.

extension SettingsMerge {
    mutating func readExecutors(_ section: SettingsNode.Member) {
        guard case .mapping(let members) = section.value.content, !members.isEmpty else {
            return report(
                section.value.position,
                "`executors` takes a label with settings below it, such as `\(SettingsSchema.defaultLabel):` with "
                    + "`kind: \(SettingsSchema.defaultKind)` below")
        }
        var seen: [String: SettingsNode.Member] = [:]
        for member in members {
            let variable = SettingsSchema.variable(for: member.key)
            if let first = seen.updateValue(member, forKey: variable) {
                report(
                    member.position,
                    "the label '\(SettingText.short(member.key))' is too much like '\(SettingText.short(first.key))' in line "
                        + "\(first.position.line): both have the variables \(variable.dropFirst(5))_…")
                continue
            }
            readExecutor(member)
        }
    }

    mutating func readExecutor(_ member: SettingsNode.Member) {
        brokenLabels.append(member.key)
        guard Self.isLabel(member.key) else {
            return report(
                member.position,
                "'\(SettingText.short(member.key))' is no label; it takes letters, digits, '-' and '_', a letter first")
        }
        let section = "\(SettingsSchema.executorsKey).\(member.key)"
        guard case .mapping(let keys) = member.value.content else {
            return report(
                member.value.position, "\(section) takes settings, such as `kind: \(SettingsSchema.defaultKind)`")
        }
        guard let kindMember = keys.first(where: { $0.key == SettingsSchema.kindKey }) else {
            return report(
                member.position, "\(section) has no `kind`; it takes \(schema.kindSetting.type.accepted)")
        }
        guard case .scalar(let name, _) = kindMember.value.content, let kind = schema.kind(name) else {
            return report(kindMember.value.position, kindRejection(section, kindMember.value.input))
        }
        var executor = Executor(label: member.key, kind: kind, kindSource: source(kindMember.position))
        for key in keys where key.key != SettingsSchema.kindKey {
            if let setting = kind.settings.first(where: { $0.name == key.key }) {
                executor.values[setting.name] = read(key, as: setting, path: "\(section).\(setting.name)")
            } else {
                let names = kind.settings.map(\.name) + [SettingsSchema.kindKey]
                let atTop = schema.settings.contains { $0.name == key.key }
                let owners = schema.kinds.filter { $0.settings.contains { $0.name == key.key } }.map(\.name)
                let hint =
                    atTop
                    ? "; it belongs to the top of the file"
                    : owners.isEmpty ? nil : "; it belongs to kind \(owners.joined(separator: ", "))"
                report(key.position, Self.unknown(key.key, among: names, of: "kind \(kind.name)", hint: hint))
            }
        }
        brokenLabels.removeLast()
        executors.append(executor)
    }

    /// Why a value is no kind, and the nearest that is one.
    private func kindRejection(_ section: String, _ input: SettingInput) -> String {
        let names = schema.kinds.map(\.name)
        guard case .text(let text, _) = input else {
            return "\(section).kind is \(input.shown); it takes \(schema.kindSetting.type.accepted)"
        }
        let nearest = NearestName.find(text, among: names).map { "; did you mean `\($0)`?" } ?? ""
        return "\(section).kind is \(SettingText.short(text)); it takes \(schema.kindSetting.type.accepted)\(nearest)"
    }

    static func isLabel(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic else { return false }
        return text.utf8.count <= 64
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_")
            }
    }
}

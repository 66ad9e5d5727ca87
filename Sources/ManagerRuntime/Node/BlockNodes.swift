import SystemSupport

/// The nodes of the batch job that a manager is in, as the scheduler names them.
enum BlockNodes {
    /// More nodes than any machine has.
    static let most = 1 << 20

    /// The nodes, in the scheduler's order.
    ///
    /// Slurm gives a list in its short form, others name a file: PBS one line for each processor, Cobalt one for each
    /// node, LSF one for each slot with that of the submitting host first.
    ///
    /// - Throws: ``ManagerError`` when no scheduler says anything, or the list cannot be read.
    static func find(_ variable: (String) -> String?) throws(ManagerError) -> [String] {
        if let list = variable("SLURM_NODELIST") ?? variable("SLURM_JOB_NODELIST") { return try expand(list) }
        for name in ["PBS_NODEFILE", "COBALT_NODEFILE", "LSB_DJOB_HOSTFILE"] {
            guard let path = variable(name) else { continue }
            let text: String
            do throws(SystemError) {
                text = try SmallFile.readText(path, limit: 16 << 20)
            } catch {
                throw ManagerError(.invalidConfiguration, "the list of nodes that \(name) names: \(error)")
            }
            var nodes: [String] = []
            for line in text.split(whereSeparator: \.isNewline) {
                let node = line.split { $0.isWhitespace }.first.map(String.init) ?? ""
                if !node.isEmpty, nodes.last != node, !nodes.contains(node) { nodes.append(node) }
            }
            guard !nodes.isEmpty else {
                throw ManagerError(.invalidConfiguration, "the file '\(path)', which \(name) names, lists no nodes")
            }
            return nodes
        }
        throw ManagerError(
            .invalidConfiguration,
            "an executor with mpiLauncher hands out the nodes of its batch job, and no scheduler has named them: "
                + "SLURM_NODELIST, PBS_NODEFILE, COBALT_NODEFILE and LSB_DJOB_HOSTFILE are not set")
    }

    /// The names that Slurm's short form stands for: `n[1-3,7],m5` is n1, n2, n3, n7, m5.
    static func expand(_ list: String) throws(ManagerError) -> [String] {
        var names: [String] = []
        for part in split(list[...]) { names += try expandOne(part, of: list) }
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty }) else { throw unreadable(list) }
        return names
    }

    /// Cuts at the commas outside brackets.
    private static func split(_ list: Substring) -> [Substring] {
        var depth = 0
        return list.split(omittingEmptySubsequences: false) { character in
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            return character == "," && depth == 0
        }
    }

    private static func expandOne(_ part: Substring, of list: String) throws(ManagerError) -> [String] {
        guard let open = part.firstIndex(of: "[") else {
            guard !part.contains("]") else { throw unreadable(list) }
            return [String(part)]
        }
        guard let close = part[open...].firstIndex(of: "]") else { throw unreadable(list) }
        let prefix = part[..<open]
        // There may be more brackets behind: racks and nodes.
        let rests = try expandOne(part[part.index(after: close)...], of: list)
        var names: [String] = []
        for range in part[part.index(after: open)..<close].split(separator: ",", omittingEmptySubsequences: false) {
            let ends = range.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let first = Int(ends[0]), let last = Int(ends[ends.count - 1]),
                first <= last, last - first < most
            else { throw unreadable(list) }
            for number in first...last {
                let digits = String(number)
                let text = String(repeating: "0", count: max(0, ends[0].count - digits.count)) + digits
                for rest in rests { names.append("\(prefix)\(text)\(rest)") }
                guard names.count <= most else { throw unreadable(list) }
            }
        }
        return names
    }

    private static func unreadable(_ list: String) -> ManagerError {
        ManagerError(
            .invalidConfiguration,
            "the list of nodes '\(list.prefix(200))' cannot be read; Slurm writes it as n[1-3,7],m5")
    }
}

extension PickleDisassembler {
    /// A name that loading the pickle in Python would import.
    public struct Import: Sendable, Hashable {
        /// The name.
        public let name: PickleName
        /// The offset of the opcode that makes it.
        public let offset: Int
        /// Why loading it is dangerous, if it is known to be.
        public let danger: String?
    }

    /// The names that loading the pickle in Python would import, in order, found without running anything.
    ///
    /// A pickle that names nothing holds plain data. That no danger is reported does not make a pickle safe: any name
    /// makes Python import its module and call what it finds there.
    public static func imports(
        in bytes: [UInt8], limits: PickleLimits = PickleLimits()
    ) throws(PickleError) -> [Import] {
        var options = PickleReadingOptions.inert
        options.allowsPersistentIDs = true
        options.toleratesMissing = true
        return try PickleSource.array(bytes).withView { view throws(PickleError) in
            var machine = PickleMachine(view, limits: limits, options: options)
            return try machine.collectImports()
        }
    }

    /// The opcodes with offset, depth of the stack, argument and what they do; then the names that loading the pickle in
    /// Python would import.
    public static func listing(of bytes: [UInt8], limits: PickleLimits = PickleLimits()) throws(PickleError) -> [UInt8]
    {
        var options = PickleReadingOptions.inert
        options.allowsPersistentIDs = true
        options.toleratesMissing = true
        return try PickleSource.array(bytes).withView { view throws(PickleError) in
            var scanner = OpcodeScanner(view, limits: limits)
            var machine = PickleMachine(view, limits: limits, options: options)
            var out = ByteStorage(reservingCapacity: 1 << 12)
            var width = String(view.count).utf8.count
            width = max(width, 4)
            while let (opcode, argument) = try scanner.next() {
                let depth = machine.stack.count + machine.marks.count
                var text = ByteStorage(reservingCapacity: 64)
                argument?.write(into: &text)
                let shown = shortened(text.finish())
                let offset =
                    String(repeating: " ", count: width - String(scanner.start).utf8.count) + "\(scanner.start)"
                let name = opcode.name + String(repeating: " ", count: max(0, 16 - opcode.name.utf8.count))
                let level = String(repeating: "  ", count: min(machine.marks.count, 20))
                JSONText.put("\(offset) \(PackedTime.padded(depth, 2)) \(level)\(name) \(shown)", into: &out)
                JSONText.put("    \(opcode.summary)", into: &out)
                let before = machine.nodes.count
                _ = try machine.stepOnce()
                if let found = machine.newImport(since: before) {
                    JSONText.put("  ← \(found.name)", into: &out)
                    if let danger = found.danger { JSONText.put("  !! \(danger)", into: &out) }
                }
                out.append(0x0A)
            }
            let rest = view.count - scanner.position
            JSONText.put("end at \(scanner.position), highest protocol \(scanner.highest)", into: &out)
            JSONText.put(rest > 0 ? ", \(rest) bytes follow\n" : "\n", into: &out)
            summary(of: machine.imports(), into: &out)
            return out.finish()
        }
    }

    private static func summary(of imports: [Import], into out: inout ByteStorage) {
        guard !imports.isEmpty else {
            return JSONText.put("no names: loading it in Python gives plain data\n", into: &out)
        }
        JSONText.put("loading it in Python imports:\n", into: &out)
        var seen: Set<PickleName> = []
        for found in imports where seen.insert(found.name).inserted {
            let danger = found.danger.map { "  !! " + $0 } ?? ""
            JSONText.put("  \(found.name) (offset \(found.offset))\(danger)\n", into: &out)
        }
    }

    private static func shortened(_ text: [UInt8]) -> String {
        let string = String(decoding: text, as: UTF8.self)
        return string.count <= 60 ? string : string.prefix(57) + "…"
    }
}

/// What is known about names in pickles; a help for the eye, not a filter.
enum DangerousNames {
    private static let modules: [String: String] = [
        "os": "reaches the operating system", "posix": "reaches the operating system",
        "nt": "reaches the operating system", "subprocess": "starts programs", "pty": "starts programs",
        "sys": "reaches the interpreter", "socket": "opens connections", "shutil": "changes files",
        "importlib": "imports modules by name", "runpy": "runs code", "code": "runs code",
        "ctypes": "reaches raw memory",
        "pickle": "loads another pickle", "marshal": "loads code", "types": "makes code",
        "webbrowser": "starts programs",
        "multiprocessing": "starts processes", "asyncio.subprocess": "starts programs", "dill._dill": "makes code",
        "cloudpickle.cloudpickle": "makes code", "timeit": "runs code", "bdb": "runs code", "pdb": "runs code",
    ]
    private static let builtins: [String: String] = [
        "eval": "runs code", "exec": "runs code", "compile": "makes code", "__import__": "imports modules by name",
        "open": "opens files", "getattr": "reaches any attribute", "setattr": "changes attributes",
        "globals": "reaches the interpreter", "breakpoint": "runs code", "input": "runs code in Python 2",
        "apply": "calls anything",
    ]

    static func danger(_ name: PickleName) -> String? {
        if name.module == "builtins" || name.module == "__builtin__" {
            return builtins[String(name.name.prefix { $0 != "." })]
        }
        if let whole = modules[name.module] { return whole }
        return modules[String(name.module.prefix { $0 != "." })]
    }
}

extension PickleMachine {
    /// Runs one opcode; gives whether it was STOP.
    mutating func stepOnce() throws(PickleError) -> Bool { try step() != nil }

    mutating func collectImports() throws(PickleError) -> [PickleDisassembler.Import] {
        while try step() == nil {}
        return imports()
    }

    /// The names among all values so far.
    func imports() -> [PickleDisassembler.Import] {
        var result: [PickleDisassembler.Import] = []
        for node in nodes where node.tag == .global { result.append(found(node)) }
        return result
    }

    /// The name that the last opcode made, if it made one.
    func newImport(since count: Int) -> PickleDisassembler.Import? {
        nodes[count...].first { $0.tag == .global }.map { found($0) }
    }

    private func found(_ node: PickleNode) -> PickleDisassembler.Import {
        let name = PickleName(module: text(node.pair.0), name: text(node.pair.1))
        return PickleDisassembler.Import(
            name: name, offset: Int(node.low), danger: DangerousNames.danger(name))
    }
}

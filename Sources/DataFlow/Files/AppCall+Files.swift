import PickleCoding

/// What a call does with the files among its arguments.
extension AppCall {
    var mayHoldFiles: Bool { app.mayHoldFiles }

    func searchedFiles() -> [FoundFile] {
        guard let values = try? input() else { return [] }
        let collector = FileCollector()
        for value in repeat each values {
            if FileSearch.mayHold(value) { FileSearch.collect(value, into: collector) }
        }
        return collector.files
    }
}

extension App {
    /// The same app with other options, for one call.
    func with(_ options: AppOptions) -> Self {
        var copy = self
        copy.options = options
        return copy
    }
}

extension DependencyList {
    /// Adds the futures and the declared outputs of an argument whose app may hold files.
    mutating func add<Argument: AppArgument>(_ argument: Argument) {
        guard Argument.self is any AppValue.Type, let value = argument as? any AppValue else {
            return argument.collectDependencies(into: &self)
        }
        addOutputs(of: value)
    }

    /// Adds the declared outputs of a plain value.
    mutating func addOutputs(of value: some AppValue) {
        guard FileSearch.mayHold(value) else { return }
        let collector = FileCollector()
        FileSearch.collect(value, into: collector)
        for found in collector.files where found.isOutput { append(output: OutputFile(found.file)) }
    }
}

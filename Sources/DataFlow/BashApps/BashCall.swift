// One value holds the plan and the arguments of a call. A bash app is not simply an app with one parameter more in
// front of the pack, because Swift 6.3.1 cannot infer the members of a type with arguments `Plan, repeat each Input`.

/// What travels to the worker for one call of a bash app.
struct BashCall<each Input: AppValue>: AppValue {
    let plan: BashPlan
    /// Known on the submit side alone.
    private let settings: BashSettings?
    let input: (repeat each Input)

    init(plan: BashPlan, settings: BashSettings, input: (repeat each Input)) {
        self.plan = plan
        self.settings = settings
        self.input = input
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        plan = try container.decode(BashPlan.self)
        settings = nil
        input = (repeat try container.decode((each Input).self))
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(plan)
        for value in repeat each input { try container.encode(value) }
    }
}

/// A call of a bash app whose arguments may be futures.
struct PendingBashCall<each Argument: AppArgument>: AppArgument {
    typealias Resolved = BashCall<repeat (each Argument).Resolved>

    let plan: BashPlan
    let settings: BashSettings
    let arguments: (repeat each Argument)

    init(plan: BashPlan, settings: BashSettings, arguments: (repeat each Argument)) {
        self.plan = plan
        self.settings = settings
        self.arguments = arguments
    }

    func collectDependencies(into list: inout DependencyList) {
        list.addOutputs(of: plan)
        for argument in repeat each arguments { list.add(argument) }
    }

    func resolvedValue() throws -> Resolved {
        BashCall(plan: plan, settings: settings, input: (repeat try (each arguments).resolvedValue()))
    }
}

extension BashCall: MemoArguments {
    func memoArguments(_ encode: (any Encodable) throws -> [UInt8]) throws -> (fixed: [UInt8], arguments: [[UInt8]]) {
        var words: [String] = []
        settings?.addMemo(to: &words)
        var arguments: [[UInt8]] = []
        for value in repeat each input { arguments.append(try encode(value)) }
        return (try encode(words), arguments)
    }
}

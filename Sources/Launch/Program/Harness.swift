import DataFlow
import SystemSupport

/// A named entry point of a program: `prog run NAME -- ARGUMENTS`.
///
/// Made by ``harness(_:_:_:)``.
public struct Harness: Sendable {
    /// The name on the command line.
    public let name: String
    /// What it does, in one line.
    let summary: String
    /// Its fields, for the help.
    let fields: @Sendable () throws(UsageError) -> [OptionField]
    /// Reads its options: what the run is told about itself, and what is to be done.
    let prepare: @Sendable (_ words: [String]) throws(UsageError) -> ProgramJob
}

/// What a program was asked to do in place of its body.
struct ProgramJob: Sendable {
    var common: CommonOptions
    var body: @Sendable () async throws -> Void
}

// A closure that is one expression fits this function and the next one, which shall be taken: it prints what comes.

/// Declares a harness with options.
///
/// ```swift
/// harness("sweep", "Simulates many rates.") { (options: SweepOptions) in … }
/// ```
///
/// - Parameters:
///   - name: what stands behind `run` on the command line; unique in the program.
///   - summary: what it does, in one line; without it that of the options is shown.
///   - body: what is run, inside the workflow.
@discardableResult @_disfavoredOverload
public func harness<Options: ProgramOptions>(
    _ name: String, _ summary: String? = nil, _ body: @escaping @Sendable (Options) async throws -> Void
) -> Harness {
    makeHarness(name, summary) { (options: Options) in try await body(options) }
}

/// Declares a harness with options and a result, which is printed as JSON.
///
/// - Parameters:
///   - name: what stands behind `run` on the command line; unique in the program.
///   - summary: what it does, in one line; without it that of the options is shown.
///   - body: what is run, inside the workflow.
@discardableResult
public func harness<Options: ProgramOptions, Output: Encodable & Sendable>(
    _ name: String, _ summary: String? = nil, _ body: @escaping @Sendable (Options) async throws -> Output
) -> Harness {
    makeHarness(name, summary) { (options: Options) in
        ProgramOutput.write(try JSONText.encode(try await body(options)))
    }
}

/// Declares a harness without options.
///
/// - Parameters:
///   - name: what stands behind `run` on the command line; unique in the program.
///   - summary: what it does, in one line.
///   - body: what is run, inside the workflow.
@discardableResult
public func harness(
    _ name: String, _ summary: String? = nil, _ body: @escaping @Sendable () async throws -> Void
) -> Harness {
    makeHarness(name, summary) { (_: NoOptions) in try await body() }
}

private func makeHarness<Options: ProgramOptions>(
    _ name: String, _ summary: String?, _ body: @escaping @Sendable (Options) async throws -> Void
) -> Harness {
    let made = Harness(
        name: name, summary: summary ?? Options.summary,
        fields: { () throws(UsageError) in try OptionField.fields(of: Options.self) },
        prepare: { words throws(UsageError) in
            let (options, common) = try OptionReader<Options>().read(words)
            return ProgramJob(common: common) { try await body(options) }
        })
    HarnessRegistry.add(made)
    return made
}

/// All harnesses that the program has declared so far.
enum HarnessRegistry {
    private static let harnesses = Locked<[Harness]>([])

    static func add(_ harness: Harness) { harnesses.withLock { $0.append(harness) } }

    /// In the order of their declaration.
    static var all: [Harness] { harnesses.withLock { $0 } }
}

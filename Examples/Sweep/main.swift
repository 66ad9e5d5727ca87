// Simulates an epidemic for many infection rates, and keeps every result: killed and started again, it goes on where it
// was. The results lie in runinfo/<run>/checkpoint.

import Apus
import Glibc

/// The share of a town that has been ill when the epidemic is over.
struct Outcome: AppValue {
    var rate: Double
    var ill: Double
}

// Raise the version when the model changes: results of the old one are not used then.
let simulate = app("simulate", options: AppOptions(version: 1, cache: true)) { (rate: Double, work: Int) -> Outcome in
    var (healthy, infected) = (0.999, 0.001)
    let step = 400.0 / Double(work)
    for _ in 0..<work {
        let new = rate * healthy * infected * step
        healthy -= new
        infected += new - 0.1 * infected * step
    }
    return Outcome(rate: rate, ill: 1 - healthy)
}

struct SweepOptions: ProgramOptions {
    var points = 200
    var work = 20_000_000

    static let summary = "Simulates an epidemic for many infection rates; killed and started again, it goes on."
    static let help: [String: OptionHelp] = [
        "points": OptionHelp("how many infection rates", in: 1...1_000_000),
        "work": OptionHelp("how many steps a simulation takes", in: 1_000...1_000_000_000),
    ]
}

struct RateOptions: ProgramOptions {
    var rate = 0.0
    var work = 20_000_000

    static let help: [String: OptionHelp] = ["rate": .positional("the infection rate, such as 0.3")]
}

// Another entry point: `Sweep run single -- 0.3`. What it returns is printed as JSON.
harness("single", "Simulates one rate.") { (options: RateOptions) in
    try await simulate(options.rate, options.work).value
}

var configuration = WorkflowConfiguration.local(workers: 2)
// The two lines that make a run go on where the last one was killed: each result is written before it is seen, and
// those of all earlier runs are used.
configuration.checkpoint = .taskExit
configuration.checkpointLoading = .all

await Workflow.run(configuration: configuration) { (options: SweepOptions) in
    let rates = (0..<options.points).map { 0.05 + 0.45 * Double($0) / Double(options.points) }
    let futures = rates.map { simulate($0, options.work) }

    var worst = Outcome(rate: 0, ill: 0)
    for (done, future) in futures.enumerated() {
        let outcome = try await future.value
        if outcome.ill > worst.ill { worst = outcome }
        if (done + 1) % max(1, options.points / 10) == 0 {
            print("\(done + 1) of \(options.points) rates are done")
            // At once, also into a pipe: whoever kills the program wants to see how far it came.
            fflush(nil)
        }
    }
    print("at a rate of \(thousandths(worst.rate)), \(thousandths(worst.ill * 100)) % of the town fall ill")
}

func thousandths(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

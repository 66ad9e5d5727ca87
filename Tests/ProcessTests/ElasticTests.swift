import SystemSupport
import TestSupport
import Testing

/// Blocks that come and go with the load, as real processes of this machine.
@Suite("Blocks that come and go", .tags(.realProcess), .blocking, .serialized)
struct ElasticTests {
    private func run(_ arguments: [String], _ settings: [String: String] = [:]) throws -> ProbeRun {
        try ProbeRun(arguments, program: "ElasticProgram", environment: settings)
    }

    private func log(_ run: ProbeRun) -> String { run.file("runinfo/000/htex/blocks.log") }
    /// Blocks whose jobs were started.
    private func started(_ run: ProbeRun) -> Int {
        log(run).split(separator: "\n").count { $0.contains(" is job ") }
    }
    /// Blocks whose jobs are over.
    private func ended(_ run: ProbeRun) -> Int {
        log(run).split(separator: "\n").count { $0.contains("): cancelled") || $0.contains("): completed") }
    }
    private func touch(_ name: String, _ run: ProbeRun) throws {
        try SmallFile.write([], to: "\(run.directory)/\(name)", mode: 0o644)
    }

    @Test("none to three blocks and back to none, twice; each task runs once", arguments: ["auto", "simple"])
    func waves(strategy: String) throws {
        let run = try run(["waves", "3"], ["ELASTIC_STRATEGY": strategy])
        for wave in 1...2 {
            let running = eventually { (0..<3).allSatisfy { run.has("ran-\(wave)-\($0)") } }
            #expect(running, "three tasks need three blocks of one worker: \(log(run))\(run.errors)")
            #expect(started(run) == 3 * wave, "\(log(run))")
            try touch("go-\(wave)", run)
            #expect(run.waits(for: "wave \(wave) 3"), "\(run.output)\(run.errors)\(log(run))")
            let none = eventually { ended(run) == 3 * wave }
            #expect(none, "idle blocks are given back: \(log(run))")
            try touch("after-\(wave)", run)
        }
        #expect(run.finish() == .exited(0), "\(run.errors)")
        for wave in 1...2 {
            for index in 0..<3 {
                #expect(run.file("ran-\(wave)-\(index)").split(separator: "\n").count == 1, "\(log(run))")
            }
        }
        #expect(run.survivors().isEmpty)
    }

    @Test("three idle blocks go while a long task runs on the fourth, which is the minimum, and it runs to its end")
    func long() throws {
        let run = try run(["long"], ["ELASTIC_MIN": "1", "ELASTIC_MAX": "4"])
        #expect(run.waits(for: "short ones done"), "\(run.output)\(run.errors)\(log(run))")
        let gone = eventually { ended(run) == 3 }
        #expect(gone, "\(log(run))")
        #expect(!run.output.contains("long"), "\(run.output)")
        try touch("release", run)
        #expect(run.finish() == .exited(0), "\(run.errors)")
        #expect(run.output.contains("long released"), "\(run.output)")
        #expect(run.file("long-ran").split(separator: "\n").count == 1)
        #expect(log(run).contains("it is idle while others work"), "\(log(run))")
    }

    @Test("no task is lost while blocks come and go all the time")
    func churn() throws {
        let run = try run(["churn", "8"], ["ELASTIC_IDLE": "30", "ELASTIC_MAX": "4"])
        #expect(run.finish() == .exited(0), "\(run.errors)\(log(run))")
        #expect(run.output.contains("ended "), "\(run.output)\(run.errors)")
        #expect(ended(run) > 3, "blocks were given back in between: \(log(run))")
    }

    @Test(
        "blocks that cannot start end the calls with what their jobs printed",
        arguments: [
            ("failedStarts", "2 starts of blocks in a row came to nothing"), ("simple", "its only block failed"),
            ("windowed", "the last 2 blocks failed"), ("own", "one block is enough for me"),
        ])
    func failing(handler: String, why: String) throws {
        let run = try run(["failing", handler], ["ELASTIC_INIT": "1", "ELASTIC_MAX": "1"])
        #expect(run.finish() == .exited(0), "\(run.errors)\(log(run))")
        let failures = run.output.split(separator: "\n").filter { $0.hasPrefix("failed: ") }
        #expect(failures.count == 2, "\(run.output)\(run.errors)")
        #expect(run.output.contains("the executor is given up: \(why)"), "\(run.output)")
        #expect(run.output.contains("exit code: 7"), "\(run.output)")
        #expect(run.output.contains("no licence on this node"), "\(run.output)")
    }

    @Test("with the handler none blocks are tried again and again, and Ctrl-C ends it")
    func neverGivenUp() throws {
        let run = try run(["failing", "none"], ["ELASTIC_INIT": "1", "ELASTIC_MAX": "1"])
        let tried = eventually { started(run) >= 3 }
        #expect(tried, "\(log(run))")
        #expect(run.output.isEmpty, "\(run.output)")
        run.child.signal(2)
        #expect(run.finish() == .exited(130), "\(run.errors)")
    }

    @Test("a block that loses its manager is replaced, and its task runs again")
    func killed() throws {
        let run = try run(["killed"], ["ELASTIC_MAX": "1"])
        #expect(run.finish() == .exited(0), "\(run.errors)\(log(run))")
        #expect(run.output.contains("killer lived"), "\(run.output)\(log(run))")
        #expect(started(run) == 2, "\(log(run))")
    }
}

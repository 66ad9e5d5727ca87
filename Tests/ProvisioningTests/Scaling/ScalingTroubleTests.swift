import TestSupport
import Testing

@testable import Provisioning

@Suite("Blocks in trouble", .paced)
struct ScalingTroubleTests {
    private func block(_ number: Int) -> BlockNumber { BlockNumber(number) }

    @Test("a job that is over while its managers are connected is not over (issues 2851, 3316)")
    func blip() {
        var probe = ScalingProbe()
        probe.take(.load(3))
        probe.take(.tick)
        probe.run(0..<3)
        for number in 0..<3 { probe.take(.job(block(number), .over(BlockEnd(.completed)))) }
        #expect(probe.take(.tick, at: 5).isEmpty)
        #expect(probe.state.living.count == 3)
        // The scheduler finds one again; the managers of another go: that one was over.
        probe.take(.job(block(0), .running))
        probe.take(.managers([ScalingProbe.managers(0, tasks: 1), ScalingProbe.managers(2, tasks: 1)]))
        #expect(probe.state.ends == [nil, .completed, nil])
        #expect(probe.take(.tick, at: 10) == [.start([block(3)])])
    }

    @Test("a job that is over and was never heard of is missing, and its output is in the error (issue 1035)")
    func missing() {
        var probe = ScalingProbe { $0.initialBlocks = 1 }
        probe.take(.load(1))
        probe.take(.tick)
        probe.take(.started(block(0)))
        probe.take(
            .job(
                block(0),
                .over(
                    BlockEnd(
                        .completed, message: "COMPLETED", exitCode: 127, outputTail: "on n1",
                        errorTail: "bash: apus: command not found"))))
        #expect(probe.state.ends == [.missing])
        let actions = probe.take(.tick, at: 5)
        let text = """
            the executor is given up: its only block failed
            block 0: its job is over, and no manager of it ever registered: COMPLETED
              exit code: 127
              standard output ends with:
                on n1
              standard error ends with:
                bash: apus: command not found
            """
        #expect(actions == [.fail(text)])
        #expect(probe.state.fault == text)
    }

    @Test("an executor that is given up starts nothing more and ends what lives (issue 2961)")
    func givenUp() {
        var probe = ScalingProbe {
            $0.initialBlocks = 3
            $0.errorHandler = BlockErrorHandler { $0.blocks.contains { $0.failed } ? "one failed" : nil }
        }
        probe.take(.tick)
        probe.take(.started(block(0)))
        probe.take(.started(block(1)))
        probe.take(.managers([ScalingProbe.managers(1, tasks: 1)]))
        probe.take(.job(block(0), .over(BlockEnd(.failed, exitCode: 1))))
        let actions = probe.take(.tick, at: 5)
        #expect(actions.last == .cancel([block(1)]))
        #expect(actions.count == 2)
        probe.take(.load(100))
        #expect(probe.take(.tick, at: 10).isEmpty)
        // The submission of the third was under way: it is cancelled as soon as it has a number.
        #expect(probe.take(.started(block(2)), at: 11) == [.cancel([block(2)])])
        probe.take(.job(block(1), .over(BlockEnd(.cancelled))))
        probe.take(.job(block(2), .over(BlockEnd(.cancelled))))
        #expect(probe.state.living.isEmpty)
    }

    @Test("a job that the scheduler does not know is over after three such answers, and not while managers are there")
    func absent() {
        var probe = ScalingProbe { $0.errorHandler = .none }
        probe.take(.load(2))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.started(block(1)))
        for number in [0, 1, 0, 1] { probe.take(.job(block(number), .absent)) }
        #expect(probe.state.living.count == 2)
        probe.take(.job(block(1), .waiting))
        for number in [0, 1, 0, 1] { probe.take(.job(block(number), .absent)) }
        #expect(probe.state.living.count == 2)
        probe.take(.job(block(1), .absent))
        #expect(probe.state.ends == [nil, .missing])
        // Block 0 has been absent for long; its manager goes, and the next answer counts.
        probe.take(.managers([]))
        probe.take(.job(block(0), .absent))
        #expect(probe.state.ends == [.completed, .missing])
    }

    @Test("a running job without any manager is cancelled after a while, and counts as missing (pull request 2171)")
    func silent() {
        var probe = ScalingProbe {
            $0.errorHandler = .none
            $0.maxBlocks = 1
        }
        probe.take(.load(1))
        probe.take(.tick)
        probe.take(.started(block(0)))
        #expect(probe.take(.tick, at: 5000).isEmpty, "waiting in the queue is no silence")
        probe.take(.job(block(0), .running), at: 5000)
        #expect(probe.take(.tick, at: 5600).isEmpty)
        #expect(probe.take(.tick, at: 5601) == [.cancel([block(0)])])
        probe.take(.job(block(0), .over(BlockEnd(.cancelled))), at: 5700)
        #expect(probe.state.ends == [.missing])
        #expect(probe.state.failures.first?.end.message.contains("600 s and no manager registered") == true)
        #expect(probe.take(.tick, at: 5705) == [.start([block(1)])])
    }

    @Test("a job whose managers went silent is cancelled, and counts as failed")
    func silenced() {
        var probe = ScalingProbe {
            $0.errorHandler = .none
            $0.maxBlocks = 1
        }
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.managers([]), at: 100)
        probe.take(.job(block(0), .running), at: 120)
        #expect(probe.take(.tick, at: 700).isEmpty)
        #expect(probe.take(.tick, at: 701) == [.cancel([block(0)])])
        probe.take(.job(block(0), .over(BlockEnd(.cancelled))), at: 710)
        #expect(probe.state.ends == [.failed])
    }

    @Test("a job that the scheduler queued again is not taken for silent")
    func requeued() {
        var probe = ScalingProbe()
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.managers([]), at: 100)
        probe.take(.job(block(0), .waiting), at: 110)
        #expect(probe.take(.tick, at: 5000).isEmpty)
    }

    @Test("a block that was taken for ended and comes back is kept if there is room, else ended")
    func stray() {
        for maximum in [1, 2] {
            var probe = ScalingProbe {
                $0.maxBlocks = maximum
                $0.errorHandler = .none
            }
            probe.take(.load(1))
            probe.take(.tick)
            probe.take(.started(block(0)))
            // The scheduler does not know the job yet and calls it over.
            probe.take(.job(block(0), .over(BlockEnd(.completed))), at: 1)
            #expect(probe.take(.tick, at: 6) == [.start([block(1)])])
            let hold = probe.take(.managers([ScalingProbe.managers(0, tasks: 1)]), at: 7)
            #expect(hold == (maximum == 1 ? [.hold([block(0)])] : []))
            #expect(probe.state.living[block(0)]?.phase == (maximum == 1 ? .draining : .running))
            guard maximum == 1 else { continue }
            probe.take(.held([block(0)]), at: 8)
            #expect(probe.take(.managers([]), at: 9) == [.cancel([block(0)])])
        }
    }

    @Test("blocks that are given back before a manager registered are no failures (issue 3568)")
    func givenBackUnheard() {
        var probe = ScalingProbe {
            $0.initialBlocks = 20
            $0.maxBlocks = 20
            $0.maxIdleTime = ScalingProbe.seconds(6)
            $0.errorHandler = .simple
        }
        let all = ScalingProbe.numbers(0..<20)
        probe.take(.tick)
        for id in all {
            probe.take(.started(id))
            probe.take(.job(id, .running))
        }
        guard case .hold(let held)? = probe.take(.tick, at: 7).first else {
            Issue.record("idle blocks were kept")
            return
        }
        #expect(held.sorted() == all)
        probe.take(.held(all))
        #expect(probe.take(.managers([]), at: 8) == [.cancel(all)])
        for id in all { probe.take(.job(id, .over(BlockEnd(.cancelled))), at: 9) }
        #expect(probe.take(.tick, at: 10).isEmpty)
        #expect(probe.state.fault == nil && probe.state.ends.allSatisfy { $0 == .scaledIn })
        probe.take(.load(1), at: 120)
        #expect(probe.take(.tick, at: 120) == [.start([block(20)])])
    }

    @Test("a block that has ended by itself meanwhile is neither held nor cancelled again (issue 3471)")
    func endedMeanwhile() {
        var probe = ScalingProbe { $0.strategy = .simple }
        probe.take(.load(2))
        probe.take(.tick)
        probe.run(0..<2)
        probe.take(.load(0), at: 10)
        probe.take(.managers([ScalingProbe.managers(0), ScalingProbe.managers(1)]))
        probe.take(.tick, at: 10)
        // While the interchange is asked to hold both, one job reaches its walltime.
        #expect(probe.take(.tick, at: 140) == [.hold([block(0), block(1)])])
        probe.take(.managers([ScalingProbe.managers(1)]), at: 141)
        probe.take(.job(block(0), .over(BlockEnd(.timeout))), at: 141)
        probe.take(.held([block(0), block(1)]), at: 141)
        #expect(probe.take(.managers([ScalingProbe.managers(1)]), at: 142) == [.cancel([block(1)])])
        probe.take(.job(block(1), .over(BlockEnd(.cancelled))), at: 143)
        for second in stride(from: 145, to: 1000, by: 5) { #expect(probe.take(.tick, at: second).isEmpty) }
        #expect(probe.state.living.isEmpty)
    }

    // MARK: Error handlers

    typealias Situation = BlockErrorHandler.Situation

    private func situation(_ ends: [BlockEnd.Reason?], initial: Int = 1) -> Situation {
        Situation(
            blocks: ends.enumerated().map { BlockErrorHandler.Block(id: BlockNumber($0.offset), end: $0.element) },
            initialBlocks: initial)
    }

    @Test("the simple handler gives up when all blocks failed, and at least as many as the initial ones")
    func simple() {
        let handler = BlockErrorHandler.simple
        #expect(handler.verdict(on: situation([])) == nil)
        #expect(handler.verdict(on: situation([.failed])) == "its only block failed")
        #expect(handler.verdict(on: situation([.failed, .missing], initial: 3)) == nil)
        #expect(handler.verdict(on: situation([.failed, .missing, .notStarted], initial: 3)) != nil)
        #expect(handler.verdict(on: situation([.failed, nil, .failed])) == nil)
        #expect(handler.verdict(on: situation([.failed, .completed, .failed])) == nil)
        #expect(handler.verdict(on: situation([], initial: 0)) == nil)
        #expect(handler.verdict(on: situation([.failed], initial: 0)) != nil)
    }

    @Test("the windowed handler looks at the last blocks alone")
    func windowed() {
        let handler = BlockErrorHandler.windowed(3)
        #expect(handler.verdict(on: situation([.failed, .failed])) == nil)
        #expect(handler.verdict(on: situation([.completed, .failed, .missing, .failed])) == "the last 3 blocks failed")
        #expect(handler.verdict(on: situation([.failed, .failed, .failed, .completed])) == nil)
        #expect(handler.verdict(on: situation([.failed, .failed, .failed, nil])) == nil)
        #expect(BlockErrorHandler.windowed(0).verdict(on: situation([.failed])) == nil)
    }

    @Test("failed starts count in rounds, and only while no block lives; a manager that registers ends the row")
    func failedStarts() {
        let handler = BlockErrorHandler.failedStarts(2)
        var probe = ScalingProbe {
            $0.maxBlocks = 3
            $0.initialBlocks = 3
            $0.errorHandler = handler
        }
        probe.take(.load(9))
        probe.take(.tick)
        for number in 0..<2 { probe.take(.notStarted(block(number), number == 0 ? "refused" : "")) }
        probe.run(2..<3)
        for second in [300, 600, 900] {
            for action in probe.take(.tick, at: second) {
                guard case .start(let ids) = action else { continue }
                for id in ids { probe.take(.notStarted(id, "refused at \(second)")) }
            }
        }
        #expect(probe.state.fault == nil, "a block works all the time")
        probe.take(.managers([]), at: 901)
        probe.take(.job(block(2), .over(BlockEnd(.timeout))), at: 902)
        probe.take(.tick, at: 903)
        #expect(probe.state.fault?.contains("starts of blocks in a row came to nothing") == true)
        #expect(probe.state.fault?.contains("refused at 900") == true)
        #expect(probe.state.fault?.contains("block 1:") == false, "one that was not tried says nothing")
    }

    @Test("the handler none never gives up, and one of one's own decides itself")
    func own() {
        #expect(BlockErrorHandler.none.verdict(on: situation(Array(repeating: .failed, count: 100))) == nil)
        let own = BlockErrorHandler { $0.blocks.count > 1 ? "two are enough" : nil }
        #expect(own.verdict(on: situation([.timeout])) == nil)
        #expect(own.verdict(on: situation([.timeout, nil])) == "two are enough")
    }

    // MARK: The end

    @Test("at the end all blocks are cancelled, also those whose submission is under way (issue 2627)")
    func stop() {
        var probe = ScalingProbe { $0.initialBlocks = 3 }
        probe.take(.tick)
        probe.take(.started(block(0)))
        probe.take(.started(block(1)))
        probe.take(.managers([ScalingProbe.managers(0, tasks: 2)]))
        #expect(probe.take(.stop(afterTasks: false), at: 10) == [.cancel([block(0), block(1)])])
        #expect(probe.take(.started(block(2)), at: 11) == [.cancel([block(2)])])
        for number in 0..<3 { probe.take(.job(block(number), .over(BlockEnd(.cancelled))), at: 12) }
        #expect(probe.state.isFinished)
        #expect(probe.state.ends == [.scaledIn, .scaledIn, .scaledIn])
    }

    @Test("a gentle end waits for running tasks")
    func gentleStop() {
        var probe = ScalingProbe { $0.initialBlocks = 2 }
        probe.take(.tick)
        probe.run(0..<1, tasks: 1)
        probe.take(.started(block(1)))
        #expect(probe.take(.stop(afterTasks: true), at: 10) == [.hold([block(0)]), .cancel([block(1)])])
        probe.take(.held([block(0)]))
        #expect(probe.take(.managers([ScalingProbe.managers(0, tasks: 1)]), at: 20).isEmpty)
        #expect(probe.take(.managers([ScalingProbe.managers(0)]), at: 30) == [.cancel([block(0)])])
    }

    @Test("settings that cannot work are refused with the name of the field")
    func faults() {
        func fault(_ change: (inout ScalingSettings) -> Void) -> String? {
            var settings = ScalingSettings()
            change(&settings)
            return settings.fault
        }
        #expect(fault { _ in } == nil)
        #expect(fault { $0.maxBlocks = 0 }?.hasPrefix("maxBlocks is 0") == true)
        #expect(fault { $0.minBlocks = -1 }?.hasPrefix("minBlocks is -1") == true)
        #expect(fault { $0.minBlocks = 2 }?.hasPrefix("minBlocks is 2, more") == true)
        #expect(fault { $0.initialBlocks = 2 }?.hasPrefix("initialBlocks is 2, more") == true)
        #expect(fault { $0.initialBlocks = -1 }?.hasPrefix("initialBlocks is -1") == true)
        #expect(fault { $0.parallelism = 1.5 }?.hasPrefix("parallelism is 1.5") == true)
        #expect(fault { $0.parallelism = .nan }?.hasPrefix("parallelism is nan") == true)
        #expect(fault { $0.nodesPerBlock = 0 }?.hasPrefix("nodesPerBlock is 0") == true)
        #expect(fault { $0.workersPerNode = 0 }?.hasPrefix("workersPerNode is 0") == true)
        let none = fault {
            $0.strategy = .none
            $0.initialBlocks = 0
        }
        #expect(none?.contains("no block would ever start") == true)
    }
}

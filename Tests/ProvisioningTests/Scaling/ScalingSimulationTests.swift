import TestSupport
import Testing

@testable import Provisioning

@Suite("Scaling against simulated schedulers", .paced, .serialized)
struct ScalingSimulationTests {
    private func settings(_ change: (inout ScalingSettings) -> Void = { _ in }) -> ScalingSettings {
        var settings = ScalingSettings()
        settings.strategy = .auto
        settings.initialBlocks = 1
        settings.maxBlocks = 40
        settings.workersPerNode = 4
        settings.errorHandler = .none
        change(&settings)
        return settings
    }

    /// A load of rises, plateaus and falls; the same for the same seed.
    private func loads(seed: UInt64, seconds: Int, most: Int) -> [Int] {
        var random = SeededRandom(seed: seed &* 77 &+ 5)
        var result: [Int] = []
        while result.count < seconds {
            let level = random.next(below: 4) == 0 ? 0 : random.next(below: most)
            let length = 30 + random.next(below: 900)
            result += Array(repeating: level, count: length)
        }
        return Array(result.prefix(seconds))
    }

    @Test(
        "with a sound but slow scheduler nothing is ended and started again without new load",
        arguments: Thoroughness.seeds(few: 5, many: 30))
    func calm(seed: UInt64) async {
        var random = SeededRandom(seed: seed)
        let parallelism = [0, 0.25, 0.5, 1][random.next(below: 4)]
        let strategy = [ScalingStrategy.simple, .auto][random.next(below: 2)]
        let workers = [1, 4, 48][random.next(below: 3)]
        var simulation = ScalingSimulation(
            seed: seed,
            settings {
                $0.strategy = strategy
                $0.parallelism = parallelism
                $0.minBlocks = random.next(below: 3)
                $0.workersPerNode = workers
            })
        await simulation.run(loads(seed: seed, seconds: 4000, most: 300))
        #expect(simulation.lostTasks == 0, "seed \(seed)")
        await simulation.finish()
        #expect(simulation.complaints.isEmpty, "seed \(seed)")
        #expect(simulation.mostLiving <= 40)
    }

    @Test("a steady load comes to rest: nothing happens any more")
    func steady() async {
        for load in [1, 14, 47, 48, 49, 100, 1500] {
            var simulation = ScalingSimulation(seed: UInt64(load), settings { $0.workersPerNode = 48 })
            await simulation.run(Array(repeating: load, count: 3000))
            #expect(simulation.lastActionAt < 600, "\(load) tasks: still busy at \(simulation.lastActionAt) s")
            #expect(simulation.state.activeCount == min(40, (load + 47) / 48))
            #expect(simulation.complaints.isEmpty)
        }
    }

    @Test(
        "with schedulers that fail, lie and lose jobs, bounds hold and every block ends",
        arguments: Thoroughness.seeds(few: 8, many: 40))
    func trouble(number: UInt64) async {
        let seed = 99 + number
        var random = SeededRandom(seed: seed)
        var trouble = ScalingSimulation.Trouble()
        trouble.submitFails = random.next(below: 400)
        trouble.neverRegisters = random.next(below: 200)
        trouble.jobFails = random.next(below: 200)
        trouble.goesSilent = random.next(below: 200)
        trouble.cancelFails = random.next(below: 500)
        trouble.statusFails = random.next(below: 300)
        trouble.statusLies = random.next(below: 3) == 0 ? random.next(below: 100) : 0
        trouble.walltime = random.next(below: 2) == 0 ? 300 + random.next(below: 1000) : nil
        trouble.statusPeriod = [5, 30, 60][random.next(below: 3)]
        if random.next(below: 3) == 0 { trouble.memory = 0 }
        if random.next(below: 2) == 0 { trouble.outage = 1000..<(1100 + random.next(below: 600)) }
        var simulation = ScalingSimulation(seed: seed, trouble: trouble, settings { $0.maxBlocks = 20 })
        await simulation.run(loads(seed: seed, seconds: 4000, most: 100))
        await simulation.finish()
        #expect(simulation.complaints.isEmpty, "seed \(seed)")
        #expect(simulation.mostLiving <= 20)
    }

    @Test("a scheduler that refuses everything is asked a few times, not every five seconds (issue 2851)")
    func refusal() async {
        var trouble = ScalingSimulation.Trouble()
        trouble.submitFails = 1000
        var simulation = ScalingSimulation(seed: 1, trouble: trouble, settings { $0.maxBlocks = 50 })
        await simulation.run(Array(repeating: 1000, count: 7200))
        // The first block and the burst of the first period; after that about one in five minutes, for two hours.
        #expect(simulation.started <= 50 + 32)
    }

    @Test("thousands of blocks come, work and go")
    func thousands() async {
        let blocks = Thoroughness.count(few: 1500, many: 5000)
        var trouble = ScalingSimulation.Trouble()
        trouble.jobFails = 20
        trouble.neverRegisters = 10
        trouble.cancelFails = 100
        var simulation = ScalingSimulation(
            seed: 3, trouble: trouble, settings { $0.maxBlocks = blocks })
        await simulation.run(Array(repeating: 4 * blocks, count: 300))
        #expect(simulation.mostLiving > blocks - blocks / 50)
        await simulation.run(Array(repeating: 9 * blocks / 5, count: 100))
        await simulation.finish()
        #expect(simulation.complaints.isEmpty)
        #expect(simulation.state.living.isEmpty)
    }
}

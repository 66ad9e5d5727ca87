import FleetModel
import TestSupport
import Testing

/// Large and small fleets around the real state; `Tests/Benchmarks/Scale` runs the largest.
@Suite("a fleet of managers around the interchange's state", .paced)
struct FleetTests {
    @Test(
        "every rule holds after every event, through losses and storms",
        arguments: Thoroughness.seeds(few: 2, many: 4))
    func everyEvent(seed: UInt64) throws {
        var settings = FleetSettings()
        settings.managers = 12
        settings.workers = [1, 3, 16, 20][Int(seed - 1)]
        settings.tasks = 600
        settings.queued = 40
        settings.losses = 3
        settings.storms = 2
        settings.seed = seed
        settings.checksEveryEvent = true
        let report = try FleetSimulation(settings).run()
        #expect(report.finished == 600)
        #expect(report.registrations >= 12 + 3)
    }

    @Test("hundreds of managers with 64 workers each are kept busy, and lose nothing in a storm")
    func hundreds() throws {
        let managers = Thoroughness.count(few: 300, many: 1000)
        let tasks = managers * 100
        var settings = FleetSettings()
        settings.managers = managers
        settings.tasks = tasks
        settings.queued = tasks / 5
        settings.storms = 1
        settings.losses = 5
        let report = try FleetSimulation(settings).run()
        #expect(report.finished == tasks)
        #expect(report.mostQueued >= tasks / 5)
        #expect(report.mostInFlight >= tasks / 5)
    }
}

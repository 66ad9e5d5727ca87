import FleetModel
import Testing

/// Large and small fleets around the real state; `Tests/Benchmarks/Scale` runs the largest.
@Suite("a fleet of managers around the interchange's state")
struct FleetTests {
    @Test("every rule holds after every event, through losses and storms", arguments: 1...4 as ClosedRange<UInt64>)
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

    @Test("a thousand managers with 64 workers each are kept busy, and lose nothing in a storm")
    func thousand() throws {
        var settings = FleetSettings()
        settings.managers = 1000
        settings.tasks = 100_000
        settings.queued = 20_000
        settings.storms = 1
        settings.losses = 5
        let report = try FleetSimulation(settings).run()
        #expect(report.finished == 100_000)
        #expect(report.mostQueued >= 20_000)
        #expect(report.mostInFlight >= 20_000)
    }
}

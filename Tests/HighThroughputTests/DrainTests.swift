import HighThroughput
import Provisioning
import TestSupport
import Testing

@Suite("When managers take no more tasks", .paced)
struct DrainTests {
    @Test(
        "the last tenth of a walltime is left for tasks that run, within bounds",
        arguments: [(600, 540), (60, 50), (80, 70), (7200, 6900), (59, nil), (nil, nil)] as [(Int?, Int?)])
    func walltime(walltime: Int?, expected: Int?) {
        var configuration = HighThroughputConfiguration(
            provider: LocalProvider(blocks: BlockParameters(walltime: walltime.map { .seconds($0) })))
        #expect(configuration.effectiveDrainPeriod == expected.map { .seconds($0) })
        configuration.drainsBeforeWalltime = false
        #expect(configuration.effectiveDrainPeriod == nil)
        configuration.drainPeriod = .seconds(7)
        #expect(configuration.effectiveDrainPeriod == .seconds(7))
    }

    @Test("without blocks there is no walltime")
    func local() {
        #expect(HighThroughputConfiguration(workers: 1).effectiveDrainPeriod == nil)
    }
}

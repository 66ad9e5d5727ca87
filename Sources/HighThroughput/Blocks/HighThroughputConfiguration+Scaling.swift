import Provisioning
import SystemSupport

extension HighThroughputConfiguration {
    /// The numbers by which the blocks of a provider are scaled.
    func scaling(of provider: any Provider) -> ScalingSettings {
        // Until a manager has reported, the workers of a node are those that were asked for, or its processors.
        let guess = ScalingSettings.workersPerNode(cores: provider.coresPerNode, memory: provider.memoryPerNode)
        var settings = ScalingSettings(blocks: provider.blocks, workersPerNode: workers > 0 ? workers : guess)
        settings.strategy = strategy
        settings.maxIdleTime = maxIdleTime.clampedNanoseconds
        settings.drainLimit = drainLimit?.clampedNanoseconds
        settings.errorHandler = blockErrorHandler
        return settings
    }

    /// What is wrong with the values that scaling uses; `nil` when they can work.
    var scalingFault: String? {
        if strategyPeriod < .milliseconds(10) { return "strategyPeriod is \(strategyPeriod); it is 10 ms or longer" }
        if maxIdleTime < .zero { return "maxIdleTime is \(maxIdleTime); it is 0 or longer" }
        if let drainLimit, drainLimit < .zero { return "drainLimit is \(drainLimit); it is 0 or longer" }
        if let fault = blockErrorHandler.fault { return "blockErrorHandler is \(fault)" }
        guard let provider else { return nil }
        if strategy == .none, provider.blocks.initBlocks == 0 {
            return "initBlocks is 0 and the strategy is none, so no block would ever start; use simple or auto"
        }
        return scaling(of: provider).fault
    }
}

/// A provider whose managers are started by a launcher: those whose blocks can have several.
package protocol LaunchingProvider {
    /// How the managers of a block are started.
    var launcher: any Launcher { get }
}

extension LocalProvider: LaunchingProvider {}
extension SlurmProvider: LaunchingProvider {}
extension CondorProvider: LaunchingProvider {}
extension LSFProvider: LaunchingProvider {}
extension GridEngineProvider: LaunchingProvider {}
extension TorqueProvider: LaunchingProvider {}
extension PBSProProvider: LaunchingProvider {}

import ArgumentParser
import ConfigurationFiles
import Glibc
import Launch
import SystemSupport

/// Hands settings to the program that this process becomes.
enum SettingsHandOver {
    /// Reads a file and the environment, and leaves what they set where the program finds it.
    ///
    /// The descriptor has no name, is its owner's alone, and is closed by the program as soon as it has read it.
    static func prepare(_ settings: LoadedSettings) throws {
        let file = try MemoryFile()
        try settings.handed.encode().withUnsafeBytes { try DescriptorIO.writeFully(file.descriptor, $0) }
        // It outlives exec, and nothing else: the variable names this process.
        guard fcntl(file.descriptor, F_SETFD, 0) == 0 else { throw SystemError.last("hand over the settings") }
        try EnvironmentVariables.set(HandedSettings.variable, "\(CurrentProcess.pid):\(file.descriptor)")
    }
}

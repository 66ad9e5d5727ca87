import SystemSupport
import WireProtocol

/// The environment in which this program is started again as a role.
enum RoleEnvironment {
    /// The own environment, the role's name, and what makes large messages cheaper there.
    static func make(role: String) -> [String: String] {
        var environment = EnvironmentVariables.all
        environment["APUS_ROLE"] = role
        HugePages.request(in: &environment)
        return environment
    }
}

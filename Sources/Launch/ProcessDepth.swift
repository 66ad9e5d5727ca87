import DataFlow
import SystemSupport

/// How deep Apus programs are nested: a task may start another Apus program, but not for ever.
enum ProcessDepth {
    /// The variable that counts; role processes keep it, and only it.
    static let variable = "APUS_DEPTH"
    /// A workflow in a task of a workflow makes sense; eight deep is a program that starts itself.
    static let limit = 8

    static var current: Int { EnvironmentVariables.get(variable).flatMap { Int($0) } ?? 0 }

    /// Refuses a workflow that is nested too deep.
    static func check() throws(WorkflowError) {
        guard current < limit else {
            throw WorkflowError(
                .badConfiguration,
                "this workflow would run inside \(current) others (\(variable)=\(current)), and the limit is \(limit): "
                    + "a task probably starts its own program again")
        }
    }
}

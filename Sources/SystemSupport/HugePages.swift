/// Huge pages for the memory of role processes.
///
/// Messages of tens of megabytes live in fresh memory each, and at four kilobytes a page fault that costs as much as
/// copying them: with huge pages a task of 50 MB in and out took half the processor time (docs/benchmarks.md).
package enum HugePages {
    private static let variable = "GLIBC_TUNABLES"
    private static let setting = "glibc.malloc.hugetlb=1"

    /// Asks glibc for them in a process that is to be started, unless the user has said something about it.
    package static func request(in environment: inout [String: String]) {
        if environment[variable] == nil { environment[variable] = setting }
    }

    /// Removes the request from this process's environment, so that tasks and their children do not see it.
    ///
    /// glibc reads it at the start only; what the user has said stays.
    package static func forgetRequest() {
        if EnvironmentVariables.get(variable) == setting { EnvironmentVariables.unset(variable) }
    }
}

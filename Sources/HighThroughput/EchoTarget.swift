package import SystemSupport

/// Where managers of this machine write the lines of tasks that are shown at once.
package enum EchoTarget {
    /// A descriptor of this process: standard error, unless something stands on the terminal.
    package static let descriptor = Locked<Int32>(2)
}

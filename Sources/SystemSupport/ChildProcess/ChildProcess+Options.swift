extension ChildProcess {
    /// What to start, and with what in its hands.
    package struct Options: Sendable {
        /// Where standard input comes from.
        package enum Input: Sendable {
            /// Empty.
            case null
            /// These bytes, then the end; of any size, since they wait in memory and nobody has to write them.
            case bytes([UInt8])
            /// The parent's own.
            case inherit
            /// A descriptor of the parent, which stays open there.
            case descriptor(Int32)
        }

        /// Where standard output or standard error goes.
        package enum Output: Sendable {
            /// Nowhere.
            case null
            /// Where the parent's goes.
            case inherit
            /// Into a file, created when missing.
            case file(_ path: String, append: Bool)
            /// Into a descriptor of the parent, which stays open there.
            case descriptor(Int32)
        }

        /// The program; looked up on PATH when it holds no slash.
        package var executable: String
        /// All of argv, the name at index 0 included.
        package var arguments: [String]
        /// The environment; nil inherits the parent's.
        package var environment: [String: String]?
        /// Where the child starts; nil inherits the parent's.
        package var workingDirectory: String?
        /// Standard input.
        package var standardInput: Input
        /// Standard output.
        package var standardOutput: Output
        /// Standard error.
        package var standardError: Output
        /// Further descriptors: the child's number and the parent's; the parent's stay open there.
        package var extraDescriptors: [(child: Int32, parent: Int32)]
        /// Puts the child into a process group of its own, so that Ctrl-C does not reach it.
        package var ownProcessGroup: Bool
        /// Kills what is left of the child's group when the child itself has ended.
        package var endsGroupWithLeader: Bool

        /// Describes a child.
        package init(
            executable: String, arguments: [String], environment: [String: String]? = nil,
            workingDirectory: String? = nil, standardInput: Input = .null, standardOutput: Output = .inherit,
            standardError: Output = .inherit, extraDescriptors: [(child: Int32, parent: Int32)] = [],
            ownProcessGroup: Bool = true, endsGroupWithLeader: Bool = false
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.workingDirectory = workingDirectory
            self.standardInput = standardInput
            self.standardOutput = standardOutput
            self.standardError = standardError
            self.extraDescriptors = extraDescriptors
            self.ownProcessGroup = ownProcessGroup
            self.endsGroupWithLeader = endsGroupWithLeader
        }
    }
}

import Glibc
package import SystemSupport
package import WireProtocol

/// The interchange as a process sees it: what to start with, and a loop that runs until it ends.
package struct InterchangeService: Sendable {
    /// How a process runs the interchange.
    package struct Options: Sendable {
        /// Ends when the parent process ends.
        package var watchesParent = true
        /// Ends on SIGTERM and ignores SIGINT, which a terminal sends to the whole process group.
        package var handlesSignals = true
        /// Ends when this is rung: for an interchange inside another program.
        package var stop: WakeUp?
        /// How many descriptors may be open; nil asks the kernel.
        package var descriptorLimit: Int?
        /// Where chance begins; by default it differs from run to run.
        package var seed = UInt64.random(in: .min ... .max)

        /// The options of a process of its own.
        package init() {}
    }

    private let start: InterchangeStartMessage
    private let parslVersion: String
    private let pythonVersion: String
    private let options: Options

    /// Describes an interchange.
    ///
    /// The versions are those that managers are compared with (wire document §7.2).
    package init(
        start: InterchangeStartMessage, parslVersion: String, pythonVersion: String, options: Options = Options()
    ) {
        self.start = start
        self.parslVersion = parslVersion
        self.pythonVersion = pythonVersion
        self.options = options
    }

    /// Describes an interchange.
    ///
    /// d until the interchange ends, and returns the exit code.
    ///
    /// - Throws: ``InterchangeError`` when it cannot start, or libzmq refuses to go on. No message ever makes it throw.
    package func run() throws -> Int32 {
        let limit = CurrentProcess.raiseDescriptorLimit()
        var signals: SignalDescriptor?
        if options.handlesSignals {
            CurrentProcess.ignoreSignal(SIGINT)
            // Before the context starts its threads: they take over the mask.
            signals = try SignalDescriptor([SIGTERM])
        }
        let parent = options.watchesParent ? try CurrentProcess.openParentDescriptor() : -1
        defer { if parent >= 0 { close(parent) } }
        let log = try InterchangeLog(start.log, directory: start.logDirectory, level: start.loggingLevel)
        log.log(.info, "interchange of run \(start.runID): Parsl \(parslVersion), Python \(pythonVersion)")
        if case .unknown(let name) = start.managerSelector {
            log.log(.warning, "manager selector \(name) cannot run outside Python: managers are chosen by chance")
        }
        if case .unknown(let name) = start.log {
            log.log(.warning, "log configuration \(name) cannot run outside Python: using the default format")
        }
        do {
            let settings = InterchangeSettings(
                heartbeatThreshold: UInt64(min(start.heartbeatThreshold, 1e9) * 1e9), selector: start.managerSelector,
                checksVersions: start.checkPythonMismatch, parslVersion: parslVersion, pythonVersion: pythonVersion,
                monitors: start.hubPort != nil, seed: options.seed)
            let sockets = try InterchangeSockets(start, log: log)
            let loop = InterchangeLoop(start: start, settings: settings, sockets: sockets, log: log)
            loop.descriptorLimit = options.descriptorLimit ?? Int(clamping: limit.soft)
            log.log(.info, "at most \(limit.soft) descriptors may be open here (hard limit \(limit.hard))")
            return try loop.run(signals: signals, parent: parent, stop: options.stop)
        } catch {
            log.log(.error, "ending: \(error)")
            throw error
        }
    }
}

import SystemSupport
import WireProtocol
import ZeroMQ

extension ManagerService {
    var probe: AddressProbe {
        AddressProbe(
            addresses: configuration.addresses, port: configuration.port, uid: configuration.uid,
            curve: try? configuration.certificateDirectory.map(CurveCertificates.loadClientRole(from:)),
            timeout: configuration.addressProbeTimeout)
    }

    /// Chooses the address, connects, and asks for a sign of life.
    func connect() throws {
        let addresses = configuration.addresses
        let address = addresses.count == 1 ? addresses[0] : try probe.firstReachable(context)
        try poller.add(monitor.socket, id: WatchID.monitor)
        try poller.add(socket, id: WatchID.interchange)
        let endpoint = Endpoint.tcp(address, port: configuration.port)
        try socket.connect(endpoint)
        answer = FirstAnswer(
            addresses: [address], port: configuration.port, limit: configuration.addressProbeTimeout,
            since: Monotonic.nanoseconds)
        log.write("connecting to \(endpoint)")
        transmit(ManagerMessage.probeBytes)
    }

    func readMonitor() throws {
        while let event = try monitor.next() {
            log.write("connection: \(event)")
            answer.note(event.kind, of: 0, at: now)
            guard event.kind == .handshakeSucceeded else { continue }
            handshakes += 1
            guard handshakes > 1 else { continue }
            // What was on its way when the connection ended may be lost.
            if isReachable { handle(.reconnected) } else { transmit(ManagerMessage.probeBytes) }
        }
    }

    func readInterchange() throws {
        for _ in 0..<Self.messagesPerRound {
            guard ending == nil, let message = try socket.receive() else { return }
            if message.hasMore {
                let dropped = try socket.discardRest()
                log.write("dropped a message of \(dropped + 1) frames from the interchange; it sends one frame")
                continue
            }
            take(message)
        }
    }

    private func take(_ message: consuming Message) {
        guard message.count > 0 else {
            isReachable = true
            return handle(.reachable)
        }
        let parsed: InterchangeMessage
        do throws(WireError) {
            parsed = try message.withUnsafeBytes { bytes throws(WireError) in try InterchangeMessage.parse(bytes) }
        } catch {
            return log.write("dropped a message of \(message.count) bytes from the interchange: \(error)")
        }
        switch parsed {
        case .heartbeat: handle(.heartbeat)
        case .shutdown: handle(.shutdown)
        case .welcome: handle(.welcome)
        case .refused(let text): handle(.refused(text))
        case .acknowledged(let ids): handle(.acknowledged(ids))
        case .cancel(let ids):
            log.write("asked to stop \(ids.count == 1 ? "task \(ids[0])" : "\(ids.count) tasks")")
            handle(.cancel(ids))
        case .tasks(let envelopes):
            var tickets: [TaskTicket] = []
            tickets.reserveCapacity(envelopes.count)
            if envelopes.count == 1, let envelope = envelopes.first {
                tickets.append(keep(message, envelope))
            } else {
                keep(message, envelopes, &tickets)
            }
            handle(.tasks(tickets))
        }
    }

    /// Keeps the only task of a message: the message is what the worker gets.
    private func keep(_ message: consuming Message, _ envelope: TaskEnvelope) -> TaskTicket {
        let (app, layout) = message.withUnsafeBytes { bytes in
            (
                appNumber(of: envelope, in: bytes),
                envelope.needs.map { $0.nodes > 0 } ?? false ? TaskContext.all(in: bytes).first?.layout : nil
            )
        }
        if state.standing[envelope.taskID] == nil {
            let isLarge = message.count >= OutgoingFrames.copyLimit
            held[envelope.taskID] = HeldTask(
                payload: isLarge ? .message(MessageBox(message)) : .bytes(message.toArray()), app: app,
                layout: layout)
        }
        return TaskTicket(id: envelope.taskID, group: app, needs: envelope.needs)
    }

    /// Keeps the tasks of a batch, each as a message of its own.
    private func keep(_ message: borrowing Message, _ envelopes: [TaskEnvelope], _ tickets: inout [TaskTicket]) {
        message.withUnsafeBytes { bytes in
            // A context that says something is rare: priorities and monitoring.
            let contexts = envelopes.allSatisfy(\.contextIsEmpty) ? nil : TaskContext.all(in: bytes)
            for (position, envelope) in envelopes.enumerated() {
                let app = appNumber(of: envelope, in: bytes)
                tickets.append(TaskTicket(id: envelope.taskID, group: app, needs: envelope.needs))
                guard state.standing[envelope.taskID] == nil else { continue }
                let context = contexts.flatMap { position < $0.count ? $0[position] : nil } ?? TaskContext()
                let message = TaskMessage.encode(
                    taskID: envelope.taskID, context: context,
                    buffer: UnsafeRawBufferPointer(rebasing: bytes[envelope.buffer]))
                held[envelope.taskID] = HeldTask(payload: .bytes(message), app: app, layout: context.layout)
            }
        }
    }

    /// The app's number, which is only asked for when lines are shown; else 0.
    private func appNumber(of envelope: TaskEnvelope, in bytes: UnsafeRawBufferPointer) -> Int {
        guard echo != nil else { return 0 }
        return apps.number(of: TaskCall.name(in: bytes, range: envelope.buffer) ?? "task")
    }

    /// Queues a message to the interchange.
    func transmit(_ bytes: [UInt8]) {
        do throws(ZeroMQError) {
            if bytes.count < OutgoingFrames.copyLimit {
                guard try !socket.trySend(copying: bytes) else { return }
                log.write("a message of \(bytes.count) bytes to the interchange was refused by the socket")
            } else {
                try socket.send(Message(adopting: bytes))
            }
        } catch {
            log.write("could not send \(bytes.count) bytes to the interchange: \(error)")
        }
    }

    /// How this manager presents itself.
    func registration(holding tasks: [Int], capacity: Int) -> Registration {
        let drain = configuration.drainPeriod.map { startTime + Double($0.clampedNanoseconds) / 1e9 } ?? .infinity
        return Registration(
            parslVersion: configuration.parslVersion, pythonVersion: configuration.pythonVersion, packages: nil,
            workerCount: workerCount, uid: configuration.uid, blockID: .text(configuration.blockID),
            startTime: startTime, drainTime: drain, prefetchCapacity: configuration.prefetch.announcedCapacity,
            maxCapacity: capacity, operatingSystem: "Linux", hostname: host, directory: Directory.current,
            cpuCount: CurrentProcess.physicalCoreCount, totalMemory: Int(CurrentProcess.totalMemoryBytes),
            apus: ApusManagerHello(
                fingerprint: fingerprint, rows: rows, byteCapacity: configuration.byteCapacity, held: tasks,
                heartbeatPeriod: Double(configuration.heartbeatPeriod.clampedNanoseconds) / 1e9,
                heartbeatThreshold: Double(configuration.heartbeatThreshold.clampedNanoseconds) / 1e9,
                capacity: state.settings.capacity))
    }
}

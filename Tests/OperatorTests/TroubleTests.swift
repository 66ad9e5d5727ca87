import Glibc
import SystemSupport
import TestSupport
import Testing

/// What operators are told when there is nobody to ask, and what askers cannot do to a workflow.
@Suite("Trouble with questions", .tags(.realProcess), .blocking)
struct TroubleTests {
    @Test("where nothing runs the error says so, and where the logs are")
    func nothing() throws {
        let folder = try TestFolder()
        let missing = try folder.apus("tasks")
        #expect(missing.code == 1 && missing.errors.contains("there is no directory 'runinfo'"), "\(missing.errors)")
        try Directory.make(folder.path + "/runinfo", mode: 0o755)
        #expect(try folder.apus("blocks").errors.contains("has no runs in it"))
        try Directory.make(folder.path + "/runinfo/007", mode: 0o755)
        let foreign = try folder.apus("managers")
        #expect(foreign.code == 1 && foreign.errors.contains("runinfo/007 is of a run that cannot be asked"))
        #expect(foreign.errors.contains("runinfo/007/*/interchange.log"), "\(foreign.errors)")
    }

    @Test("a workflow that has ended, or was killed, is told apart, and the newest that runs is taken")
    func over() throws {
        let run = try AskedRun("ended")
        run.running.child.signal(SIGKILL)
        _ = run.running.child.wait()
        let killed = try run.apus("tasks")
        #expect(killed.code == 1)
        #expect(killed.errors.contains("runinfo/000 (process "), "\(killed.errors)")
        #expect(
            killed.errors.contains("has ended without cleaning up: it was killed, or it crashed"), "\(killed.errors)")
        #expect(killed.errors.contains("runinfo/000/*/interchange.log"))
        #expect(try run.apus("explain", "1", "--run", "runinfo/000").errors.contains("it was killed, or it crashed"))

        // A second run in the same place: it is found beside the remains of the first, and then ends well.
        let second = try run.folder.start(
            "/bin/sh", ["-c", "cd '\(run.place)' && exec '\(Built.products)/AskedProgram' ended"])
        let isReady = eventually { second.text.contains("ready") }
        #expect(isReady, "\(second.errors)")
        #expect(try run.apus("tasks").output.contains("/runinfo/001\n"))
        try run.go()
        #expect(try run.folder.finish(second).code == 0)
        let ended = try run.apus("tasks")
        #expect(ended.errors.contains("of 2 runs none can be asked; the newest one: "), "\(ended.errors)")
        #expect(ended.errors.contains("runinfo/001 (process ") && ended.errors.contains(") has ended. Its logs"))
        #expect(access(run.place + "/runinfo/001/command.socket", F_OK) != 0)
    }

    @Test("a run of another host is not taken for a dead one")
    func elsewhere() throws {
        let folder = try TestFolder()
        try Directory.make(folder.path + "/runinfo/000", mode: 0o755)
        try folder.write(
            "runinfo/000/workflow.json",
            #"{"runID": "x", "program": "/p", "process": 5, "host": "another.example.org", "started": 0}"#)
        let asked = try folder.apus("tasks")
        #expect(asked.code == 1)
        #expect(
            asked.errors.contains("was started on another.example.org, and can be asked there alone"), "\(asked.errors)"
        )
    }

    /// Says something to the channel and returns what comes back, by the deadline.
    private func say(_ bytes: [UInt8], _ run: AskedRun) throws -> String {
        let socket = try LocalSocket.connect(in: run.place + "/runinfo/000", name: "command.socket")
        defer { DescriptorIO.close(socket) }
        _ = bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let ready = try DescriptorIO.poll(socket, .read, timeoutNanoseconds: 60_000_000_000)
            guard !ready.isEmpty else { return "nothing came" }
            let count = piece.withUnsafeMutableBytes { read(socket, $0.baseAddress, $0.count) }
            guard count > 0 else { return String(decoding: received, as: UTF8.self) }
            received += piece[..<count]
        }
    }

    @Test("questions that are none get an error, or nothing, and the next one is answered")
    func hostile() throws {
        let run = try AskedRun("ended")
        for (text, words) in [
            ("hello\n", "this is no question"), ("apus 1\n", "this is no question"), ("\n", "this is no question"),
            ("apus 2 tasks\n", "version 2"), ("apus 1 stop\n", "there is no question 'stop'"),
            ("apus 1 tasks limit=9999\n", "limit is 9999"), ("apus 1 tasks limit=x\n", "limit is x"),
            ("apus 1 tasks a\n", "not of the form name=value"), ("apus 1 tasks a=1\n", "tasks takes no 'a'"),
            ("apus 1 explain\n", "explain needs task=NUMBER"), ("apus 1 explain task=-1\n", "task is -1"),
            ("apus 1 tasks state=done\n", "there is no state 'done'"),
            ("apus 1 explain task=1 task=2\n", "is there twice"),
        ] {
            let answer = try say(Array(text.utf8), run)
            #expect(answer.hasPrefix(#"{"error":""#) && answer.contains(words), "\(text) gave \(answer)")
        }
        #expect(try say([0xFF, 0xFE, 0x0A], run).contains("this is no question"))
        #expect(try say(Array(repeating: UInt8(ascii: "a"), count: 2000), run) == "", "a line that does not end")
        // One who says nothing is given two seconds, and then the next one is served.
        let silent = try LocalSocket.connect(in: run.place + "/runinfo/000", name: "command.socket")
        defer { DescriptorIO.close(silent) }
        #expect(try run.apus("explain", "1").output == "Task 1 has ended well.\n")
        // The workflow ends though somebody still holds a connection.
        let late = try LocalSocket.connect(in: run.place + "/runinfo/000", name: "command.socket")
        defer { DescriptorIO.close(late) }
        #expect(try run.finish().code == 0)
    }

    @Test("nobody else may ask: the socket is its owner's alone")
    func permissions() throws {
        let run = try AskedRun("ended")
        var status = stat()
        #expect(stat(run.place + "/runinfo/000/command.socket", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600 && status.st_mode & S_IFMT == S_IFSOCK)
        #expect(stat(run.place + "/runinfo/000", &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(stat(run.place + "/runinfo/000/workflow.json", &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try run.finish().code == 0)
    }
}

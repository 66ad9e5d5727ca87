import TestSupport
import Testing
import WorkflowCore

@testable import Provisioning

@Suite("What the other schedulers' commands print", .paced)
struct SchedulerAnswerTests {
    private func job(_ name: String) -> JobID { JobID(name) }

    // MARK: Grid Engine

    @Test(
        "the job number of qsub -terse",
        arguments: [
            ("12\n", "12"), ("motd of the site\n345\n", "345"), ("7.1-10:1\n", "7"), ("", nil), ("denied\n", nil),
        ]
    )
    func gridEngineID(_ output: String, _ id: String?) {
        #expect(GridEngineAnswers.jobID(output)?.rawValue == id)
    }

    @Test("qstat of Grid Engine 8.1.9")
    func qstat() {
        let output = """
            job-ID  prior   name       user         state submit/start at     queue                          slots ja-task-ID
            -----------------------------------------------------------------------------------------------------------------
                  5 0.55500 apus.block root         r     11/21/2026 14:02:11 all.q@localhost                    1
                  6 0.00000 apus.block root         qw    11/21/2026 14:02:12                                    1
                  7 0.55500 apus.block root         Eqw   11/21/2026 14:02:12                                    1
                  8 0.55500 apus.block root         dr    11/21/2026 14:02:11 all.q@localhost                    1
                 9 0.5
            """
        let states = GridEngineAnswers.queue(output).mapValues(\.state)
        #expect(states == [job("5"): .running, job("6"): .pending, job("7"): .failed, job("8"): .running])
    }

    @Test(
        "each state of sge_status(5)",
        arguments: [
            ("qw", JobState.pending), ("Rq", .pending), ("hqw", .held), ("hRwq", .held), ("r", .running),
            ("hr", .running), ("t", .running), ("Rr", .running), ("Rt", .running), ("s", .held), ("ts", .held),
            ("S", .held), ("tS", .held), ("T", .held), ("tT", .held), ("Rs", .held), ("RtT", .held), ("Eqw", .failed),
            ("Ehqw", .failed), ("EhRqw", .failed), ("dr", .running), ("dRt", .running), ("ds", .held), ("dS", .held),
            ("dqw", .pending), ("z", .completed), ("x", .unknown), ("", .unknown), ("running", .unknown),
        ])
    func gridEngineState(_ letters: String, _ state: JobState) {
        #expect(GridEngineAnswers.state(letters) == state)
    }

    @Test("why a job could not start, as qstat -j says it")
    func gridEngineErrorReason() {
        let output = """
            job_number:                 7
            error reason    1:          11/21/2026 14:02:12 [0:4711]: error: can't open output file "/x/y": No such file
            scheduling info:            (Collecting of scheduler job information is turned off)

            """
        #expect(
            GridEngineAnswers.errorReason(output) == "error: can't open output file \"/x/y\": No such file")
        #expect(GridEngineAnswers.errorReason("error reason 1: can not find a shell") == "can not find a shell")
        #expect(GridEngineAnswers.errorReason("job_number: 7\n") == nil)
    }

    private func record(_ failed: String, _ exit: Int, wallclock: String = "3.1", deletedBy: String = "NONE") -> String
    {
        """
        ==============================================================
        qname        all.q
        hostname     localhost
        jobnumber    5
        failed       \(failed)
        deleted_by   \(deletedBy)
        exit_status  \(exit)
        ru_wallclock \(wallclock)
        maxvmem      12.000M
        """
    }

    @Test("qacct says how a job ended")
    func qacct() {
        func status(_ text: String) -> JobStatus? { GridEngineAnswers.accounting(text, walltime: .seconds(60)) }
        #expect(status(record("0", 0)) == JobStatus(.completed, exitCode: 0))
        #expect(status(record("0", 3)) == JobStatus(.failed, exitCode: 3))
        #expect(
            status(record("100 : assumedly after job", 137))
                == JobStatus(.failed, reason: "100 : assumedly after job", exitCode: 137))
        #expect(status(record("100 : assumedly after job", 137, wallclock: "61.02s"))?.state == .timeout)
        #expect(status(record("37  : qmaster enforced h_rt, h_cpu, or h_vmem limit", 137))?.state == .timeout)
        #expect(
            status(record("100 : assumedly after job", 137, deletedBy: "root@localhost"))
                == JobStatus(.cancelled, reason: "deleted by root@localhost", exitCode: 137))
        #expect(status("error: job id 5 not found\n") == nil)
        #expect(status("") == nil)
    }

    // MARK: PBS Pro and Torque

    @Test(
        "the job's name in what qsub prints",
        arguments: [
            ("123.pbs-server\n", "123.pbs-server"), ("Welcome!\n123.host.example.org\n\n", "123.host.example.org"),
            ("123\n", "123"), ("7[].srv\n", "7[].srv"), ("", nil), ("qsub: nothing\n", nil),
        ])
    func pbsID(_ output: String, _ id: String?) { #expect(PBSAnswers.jobID(output)?.rawValue == id) }

    @Test("qstat -x -f of PBS Pro, with long values, a job that is over, and a record that broke off")
    func pbsPro() {
        let output = """
            Job Id: 100.pbs
                Job_Name = apus.block-0
                job_state = R
                Variable_List = PBS_O_HOME=/root,PBS_O_LANG=C,QUOTE="a\\b",
            \tjob_state = X,MORE=1
                comment = Job run at Sat Nov 21 at 14:00 on (n1:ncpus=1)

            Job Id: 101.pbs
                job_state = F
                Exit_status = 271
                substate = 91
                comment = Job run at Sat Nov 21 and terminated

            Job Id: 102.pbs
                Job_Name = apus.blo
            """
        let asked = [job("100.pbs.example.org"), job("101.pbs"), job("102.pbs"), job("103.pbs")]
        let status = PBSAnswers.status(output, asked: asked)
        #expect(status.count == 2)
        #expect(status[asked[0]]?.state == .running)
        #expect(status[asked[1]]?.state == .cancelled)
        #expect(status[asked[1]]?.exitCode == 143)
    }

    @Test("qstat -f of Slurm's wrapper, with a tab before each attribute and no exit status")
    func torqueOnSlurm() {
        let output = """
            Job Id:\t3
            \tJob_Name = apus.htex.block
            \tJob_Owner = root@host
            \tjob_state = R
            \tqueue = debug
            \tResource_List.walltime = 00:05:00

            Job Id:\t4
            \tJob_Name = apus.htex.block
            \tjob_state = C

            """
        let status = PBSAnswers.status(output, asked: [job("3"), job("4")])
        #expect(status[job("3")] == JobStatus(.running, reason: "R"))
        #expect(status[job("4")] == JobStatus(.failed, reason: "ended without an exit status"))
    }

    @Test("qstat -f of Torque")
    func torque() {
        let output = """
            Job Id: 179.host
                Job_Name = STDIN
                job_state = C
                Resource_List.walltime = 00:01:00
                exit_status = 3

            Job Id: 180.host
                job_state = Q

            """
        let status = PBSAnswers.status(output, asked: [job("179.host"), job("180.host")])
        #expect(
            status == [
                job("179.host"): JobStatus(.failed, exitCode: 3), job("180.host"): JobStatus(.pending, reason: "Q"),
            ])
    }

    @Test(
        "each state letter of both",
        arguments: [
            ("Q", JobState.pending), ("W", .pending), ("T", .pending), ("M", .pending), ("H", .held), ("S", .held),
            ("U", .held), ("R", .running), ("B", .running), ("E", .running), ("?", .unknown),
        ])
    func pbsLetter(_ letter: String, _ state: JobState) { #expect(PBSAnswers.status(letter, [:]).state == state) }

    @Test(
        "the exit status says how a job ended",
        arguments: [
            ("0", JobState.completed, 0), ("3", .failed, 3), ("265", .failed, 137), ("-29", .timeout, nil),
            ("-11", .timeout, nil), ("-27", .failed, nil), ("-10", .failed, nil), ("-1", .failed, nil),
        ] as [(String, JobState, Int32?)])
    func pbsEnd(_ code: String, _ state: JobState, _ exit: Int32?) {
        let status = PBSAnswers.status("F", ["exit_status": code])
        #expect(status.state == state)
        #expect(status.exitCode == exit)
    }

    @Test("a job that was deleted before it ran has no exit status")
    func pbsDeleted() {
        #expect(PBSAnswers.status("F", ["substate": "91"]).state == .cancelled)
        #expect(PBSAnswers.status("C", [:]).state == .failed)
    }

    // MARK: LSF

    @Test(
        "the number in what bsub prints",
        arguments: [
            ("Job <123> is submitted to queue <normal>.\n", "123"),
            ("<<Verifying project>>\nJob <9> is submitted to default queue <normal>.\n", "9"),
            ("Request aborted by esub.\n", nil),
        ])
    func lsfID(_ output: String, _ id: String?) { #expect(LSFAnswers.jobID(output)?.rawValue == id) }

    @Test("bjobs with its four columns")
    func bjobs() {
        let output = """
            1|PEND|-|-
            2|RUN|-|-
            3|DONE|0|-
            4|EXIT|143|TERM_OWNER: job killed by owner
            5|EXIT|140|TERM_RUNLIMIT: job killed after reaching LSF run time limit
            6|EXIT|1|-
            7|EXIT|130|TERM_MEMLIMIT: job killed after reaching LSF memory usage limit
            8 |USUSP |- |-
            9|UNKWN|-|-
            10|ZOMBI|-|-
            11|RU
            Cannot connect to LSF. Please wait ...
            """
        let status = LSFAnswers.status(output)
        let expected: [Int: JobState] = [
            1: .pending, 2: .running, 3: .completed, 4: .cancelled, 5: .timeout, 6: .failed, 7: .failed, 8: .held,
            9: .unknown, 10: .failed,
        ]
        #expect(status.count == expected.count)
        for (number, state) in expected { #expect(status[job("\(number)")]?.state == state, "job \(number)") }
        #expect(status[job("4")]?.exitCode == 143)
        #expect(status[job("7")]?.reason?.hasPrefix("TERM_MEMLIMIT") == true)
    }

    // MARK: HTCondor

    @Test("the job in what condor_submit prints")
    func condorID() {
        #expect(CondorAnswers.jobID("Submitting job(s).\n1 job(s) submitted to cluster 118907.\n") == job("118907.0"))
        #expect(CondorAnswers.jobID("ERROR: Failed to connect to queue manager\n") == nil)
    }

    @Test("condor_q with its columns")
    func condorQueue() {
        let output = """
            10.0 1 undefined undefined undefined
            11.0 2 undefined undefined undefined
            12.0 3 undefined undefined "via condor_rm (by user me)"
            13.0 4 0 undefined undefined
            14.0 4 3 undefined undefined
            15.0 4 undefined 9 undefined
            16.0 5 undefined undefined "Error from slot1@n1: Failed to open \\"/x y\\""
            17.0 6 undefined undefined undefined
            18.0 7 undefined undefined undefined
            19.0 9 undefined undefined undefined
            20.0 3 undefined undefined "The job attribute PeriodicRemove expression 'x' evaluated to TRUE"
            21.0 4
            -- Failed to fetch ads from: <127.0.0.1:9618>
            """
        let status = CondorAnswers.status(output)
        let expected: [Int: JobState] = [
            10: .pending, 11: .running, 12: .cancelled, 13: .completed, 14: .failed, 15: .failed, 16: .held,
            17: .running, 18: .held, 19: .unknown, 20: .timeout,
        ]
        #expect(status.count == expected.count)
        for (number, state) in expected { #expect(status[job("\(number).0")]?.state == state, "job \(number)") }
        #expect(status[job("15.0")]?.exitCode == 137)
        #expect(status[job("16.0")]?.reason == "Error from slot1@n1: Failed to open \"/x y\"")
    }

    @Test(
        "a word in condor_submit's newer syntax",
        arguments: [
            ("plain", "plain"), ("a b", "'a b'"), ("it's", "'it''s'"), ("say \"x\"", "'say \"\"x\"\"'"), ("", "''"),
        ])
    func condorWord(_ word: String, _ quoted: String) { #expect(CondorScript.argument(word) == quoted) }
}

import HighThroughput
import Provisioning
import TestSupport
import Testing

@testable import Launch

/// Options as a struct: what the command line makes of it.
@Suite("Options of programs", .paced)
struct OptionTests {
    enum Colour: String, Codable, CaseIterable, Sendable {
        case red
        case green
    }

    struct Everything: ProgramOptions, Equatable {
        var folder = ""
        var count = 3
        var share = 0.5
        var isLoud = false
        var showsMap = true
        var colour = Colour.red
        var maybe: Int?
        var small: UInt8 = 7
        var names: [String] = ["a"]
        var files: [String] = []

        static let help: [String: OptionHelp] = [
            "folder": .positional("where"), "files": .positional("what"), "count": OptionHelp("how many", in: 1...9),
        ]

        func validate() throws {
            if maybe == count { throw UsageError("maybe must not be count") }
        }
    }

    private func read(_ words: String...) throws -> Everything { try OptionReader<Everything>().read(words).options }

    @Test("what is not given has its default")
    func defaults() throws {
        #expect(try read("here") == Everything(folder: "here"))
    }

    @Test("every kind of property is read")
    func all() throws {
        let given = try read(
            "here", "--count", "9", "--share=-1.5e3", "--is-loud", "--no-shows-map", "--colour", "green", "--maybe",
            "-4", "--names", "x", "--names=--y", "--small", "255", "f1", "--", "--f2")
        let expected = Everything(
            folder: "here", count: 9, share: -1500, isLoud: true, showsMap: false, colour: .green, maybe: -4,
            small: 255, names: ["x", "--y"], files: ["f1", "--f2"])
        #expect(given == expected)
    }

    @Test("text is taken as it is", arguments: ["", " ", "\"", "\\n", "ü\u{1F600}", "{}", "null", "-", "-5"])
    func texts(text: String) throws {
        #expect(try read("--names=\(text)", "here").names == [text])
        #expect(try read(text).folder == text)
    }

    @Test("the last one counts")
    func repeated() throws {
        let given = try read("x", "--count", "1", "--count", "2", "--is-loud", "--no-is-loud")
        #expect(given.count == 2 && !given.isLoud)
    }

    @Test(
        "what makes no sense is refused, and named",
        arguments: [
            ([], "FOLDER is missing: where"),
            (["x", "--count", "0"], "--count is '0'; it is a whole number from 1 to 9"),
            (["x", "--count", "1.5"], "--count is '1.5'"), (["x", "--count"], "--count needs a number after it"),
            (["x", "--count", "--is-loud"], "--count needs a number after it"),
            (["x", "--count="], "--count is ''"), (["x", "--small", "256"], "--small is '256'; it is a whole number"),
            (["x", "--share", "half"], "--share is 'half'; it is a number"),
            (["x", "--colour", "blue"], "--colour is 'blue'; it is one of red, green"),
            (["x", "--is-loud=yes"], "--is-loud takes no value, and 'yes' was given"),
            (["x", "--cont", "3"], "unknown option '--cont'; did you mean '--count'?"),
            (["x", "-c"], "unknown option '-c'"),
            (["x", "--maybe", "3"], "maybe must not be count"), (["x", "--workers", "0"], "--workers is '0'"),
            (["x", "--on", "mars"], "--on is 'mars'; it is 'threads', 'local' or 'slurm'"),
            (["x", "--nodes", "0", "--on", "slurm"], "--nodes is '0'; it is a whole number from 1"),
            (["x", "--nodes", "2"], "--nodes is of use with '--on slurm' alone"),
        ])
    func mistakes(words: [String], text: String) throws {
        let reader = try OptionReader<Everything>()
        let error = try #require(throws: UsageError.self) { _ = try reader.read(words) }
        #expect(error.text.contains(text), "\(error)")
    }

    @Test("too many words are refused where nothing takes the rest")
    func strays() throws {
        struct One: ProgramOptions { var count = 1 }
        let reader = try OptionReader<One>()
        let error = try #require(throws: UsageError.self) { _ = try reader.read(["--count", "2", "more"]) }
        #expect(error.text == "unexpected argument 'more'")
    }

    @Test("a property that no words can give is a mistake of the program, and named")
    func impossible() throws {
        struct Inner: Codable, Sendable { var x = 1 }
        struct Outer: ProgramOptions {
            var fine = 1
            var inner = Inner()
        }
        let error = try #require(throws: UsageError.self) { _ = try OptionReader<Outer>() }
        #expect(error.text.contains("'inner'"))

        struct Stray: ProgramOptions {
            var fine = 1
            static let help: [String: OptionHelp] = ["fin": "so"]
        }
        let stray = try #require(throws: UsageError.self) { _ = try OptionReader<Stray>() }
        #expect(stray.text.contains("'fin'"))
    }

    @Test("options of every run change the configuration, and a program's own of the same name hide them")
    func common() throws {
        struct Own: ProgramOptions { var workers = 1 }
        let (own, none) = try OptionReader<Own>().read(["--workers", "99999", "--no-progress"])
        #expect(own.workers == 99_999 && none == CommonOptions(showsProgress: false))

        let processes = WorkflowConfiguration.local(workers: 3)
        let threads = CommonOptions(place: .threads).applied(to: processes)
        #expect(threads.placement == .threads(3, throughCodec: false))
        let back = CommonOptions(place: .local, workers: 5, showsProgress: false).applied(to: threads)
        #expect(back.placement == WorkflowConfiguration.local(workers: 5).placement && !back.progress)
        #expect(CommonOptions(workers: 8).applied(to: processes) == .local(workers: 8))
        #expect(CommonOptions().applied(to: processes) == processes)
    }

    @Test("--on slurm keeps the jobs that a program describes, and makes one-node jobs for others")
    func slurm() throws {
        func slurm(_ common: CommonOptions, _ configuration: WorkflowConfiguration) throws
            -> HighThroughputConfiguration
        {
            guard case .processes(let processes) = common.applied(to: configuration).placement else {
                throw UsageError("no processes")
            }
            return processes
        }
        let two = try slurm(CommonOptions(place: .slurm, nodes: 2), .local(workers: 3))
        let provider = try #require(two.provider as? SlurmProvider)
        #expect(provider.blocks.nodesPerBlock == 1 && provider.blocks.maxBlocks == 2)
        #expect(two.workers == 0, "the number for this machine says nothing of a node")
        #expect(two.fault == nil)
        let threads = try slurm(CommonOptions(place: .slurm, workers: 6), .threads(2))
        #expect(threads.workers == 6)
        let own = SlurmProvider(
            partition: "gpu", blocks: BlockParameters(nodesPerBlock: 4, initBlocks: 3, minBlocks: 3, maxBlocks: 8))
        let kept = try slurm(CommonOptions(place: .slurm, nodes: 9), .slurm(own, workersPerNode: 7))
        let blocks = try #require(kept.provider as? SlurmProvider).blocks
        #expect((kept.provider as? SlurmProvider)?.partition == "gpu" && kept.workers == 7)
        #expect(blocks.maxBlocks == 2 && blocks.initBlocks == 2 && blocks.minBlocks == 2 && kept.fault == nil)
        // And back to this machine.
        let local = CommonOptions(place: .local).applied(to: .slurm(own))
        #expect(local.placement == WorkflowConfiguration.local().placement)
        #expect(
            CommonOptions(place: .threads).applied(to: .slurm(own)).placement
                == .threads(HighThroughputConfiguration.coreCount, throughCodec: false))
    }

    @Test(
        "names are written with dashes",
        arguments: [("count", "count"), ("showsMap", "shows-map"), ("inputURL", "input-url"), ("a_b", "a-b")])
    func names(property: String, flag: String) { #expect(OptionField.dashed(property) == flag) }
}

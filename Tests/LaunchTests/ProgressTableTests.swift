import TestSupport
import Testing

@testable import ProgressDisplay

/// What the display shows, whatever the terminal's size.
@Suite("The table of apps", .paced)
struct ProgressTableTests {
    private static let apps = [
        ProgressSample.App(name: "simulate", done: 1204, running: 8, waiting: 3788, failed: 3),
        ProgressSample.App(name: "total", waiting: 1),
    ]
    private static let places = [ProgressSample.Place(label: "htex", blocks: 1, workers: 8, calls: 8)]

    private func lines(
        _ apps: [ProgressSample.App], width: Int = 80, height: Int = 20, seconds: Double = 12.3, colour: Bool = false
    ) -> [String] {
        var rates = ProgressRates()
        rates.note(ProgressSample(apps: apps.map { .init(name: $0.name) }, places: []), seconds: 0)
        let sample = ProgressSample(apps: apps, places: Self.places)
        rates.note(sample, seconds: seconds)
        return ProgressTable(width: width, height: height, usesColour: colour)
            .lines(sample, rates: rates, seconds: seconds)
    }

    @Test("wide terminals show everything")
    func wide() {
        #expect(
            lines(Self.apps) == [
                "apus 12 s: 1204 of 5004 done, 3 failed, 98 tasks/s, about 39 s left",
                "app       done  running  waiting  failed  rate  left",
                "simulate  1204        8     3788       3  98/s  39 s",
                "total        0        0        1       0            ",
                "htex: 1 block, 8 workers, 8 calls",
            ])
    }

    @Test("no line is wider than the terminal, nor are there more than fit", arguments: [1, 2, 5, 12, 20, 33, 47, 60])
    func narrow(width: Int) {
        for height in 0..<12 {
            let shown = lines(Self.apps + Self.many(30), width: width, height: height)
            #expect(shown.allSatisfy { $0.count <= width }, "\(shown)")
            #expect(shown.count <= height)
        }
    }

    private static func many(_ count: Int) -> [ProgressSample.App] {
        (0..<count).map { .init(name: "app-\($0)", done: 1, running: $0 == 17 ? 1 : 0) }
    }

    @Test("a narrow terminal loses columns from the right, then names are cut")
    func columns() {
        let shown = lines(Self.apps, width: 26)
        #expect(shown[1] == "app       done  running")
        #expect(lines(Self.apps, width: 21)[1].hasPrefix("app       done"))
    }

    @Test("with more apps than lines those that run are shown, and the others are counted")
    func manyApps() {
        let shown = lines(Self.many(30), height: 8)
        #expect(shown.count == 8)
        #expect(shown.contains { $0.hasPrefix("app-17 ") })
        #expect(shown.contains { $0.hasPrefix("26 more ") && $0.contains(" 26 ") }, "\(shown)")
    }

    @Test("names cannot steer the terminal, and wide characters count twice")
    func names() {
        let shown = lines([.init(name: "a\u{1b}[2Jb\n", done: 1), .init(name: "日本", done: 1)])
        #expect(shown[2].hasPrefix("a?[2Jb?  "))
        #expect(shown[3].hasPrefix("日本     "))
        #expect(TerminalText.cut("日本語", to: 5) == "日本…")
    }

    @Test("only a failure is in colour")
    func colours() {
        let shown = lines(Self.apps, colour: true)
        #expect(shown[2].contains("\u{1b}[31m3\u{1b}[39m"))
        #expect(!shown[3].contains("\u{1b}"))
    }

    @Test(
        "times are told in two parts",
        arguments: [
            (0.42, "0.4 s"), (59, "59 s"), (125, "2 min 5 s"), (11_520, "3 h 12 min"), (440_000, "5 d 2 h"),
            (1e12, "for ever"),
        ])
    func times(seconds: Double, text: String) { #expect(ProgressTable.time(seconds) == text) }

    @Test("a rate forgets what is older than its window")
    func window() {
        var rates = ProgressRates(window: 10)
        for second in 0...60 {
            let done = second < 30 ? second * 100 : 3000 + (second - 30)
            rates.note(ProgressSample(apps: [.init(name: "a", done: done)], places: []), seconds: Double(second))
        }
        #expect(rates.rate(of: "a") == 1)
        #expect(rates.rate(of: "b") == nil)
    }

    @Test("the way of showing fits the place and the environment")
    func styles() {
        func style(_ isTerminal: Bool, _ variables: [String: String]) -> ProgressWatch.Style {
            .suited(isTerminal: isTerminal) { variables[$0] }
        }
        #expect(style(true, ["TERM": "xterm"]) == .table(usesColour: true))
        #expect(style(true, ["TERM": "xterm", "NO_COLOR": "1"]) == .table(usesColour: false))
        #expect(style(true, ["TERM": "dumb"]) == .lines)
        #expect(style(true, [:]) == .lines)
        #expect(style(false, ["TERM": "xterm"]) == .lines)
    }

    @Test("a line for logs counts all calls")
    func line() {
        let sample = ProgressSample(apps: Self.apps, places: Self.places)
        #expect(
            ProgressWatch.line(sample, seconds: 12.3)
                == "apus: 1204 done, 8 running, 3789 waiting, 3 failed on 8 workers, 12.3 s, 98.1 tasks/s")
    }
}

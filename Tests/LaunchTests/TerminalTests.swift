import SystemSupport
import TestSupport
import Testing

/// Programs on a terminal: what a person sees.
@Suite("Progress on a terminal", .tags(.realProcess), .blocking, .serialized)
struct TerminalTests {
    private static let places = [["--on", "threads", "--workers", "2"], []]

    private func row(_ name: String, in screen: [String]) -> [String]? {
        screen.first { $0.hasPrefix(name + " ") }?.split(separator: " ").map(String.init)
    }

    @Test("apps have their lines, the program's words stand above, and nothing is left at the end", arguments: places)
    func wholeLife(place: [String]) throws {
        let terminal = try PseudoTerminal("ProgressProgram", place, columns: 80, lines: 20)
        let isThere = terminal.eventually { screen in
            row("quick", in: screen)?.prefix(5) == ["quick", "7", "0", "0", "0"]
                && row("patient", in: screen)?.prefix(5) == ["patient", "0", "2", "1", "0"]
        }
        #expect(isThere, "\(terminal.model.screen)")
        #expect(
            terminal.model.screen.contains { $0.contains("app") && $0.contains("running") && $0.contains("failed") })
        #expect(terminal.model.screen.contains { $0.contains("2 workers") })

        try terminal.make("talk")
        let hasSpoken = terminal.eventually { screen in
            let said = screen.firstIndex(of: "the program says something")
            let table = screen.firstIndex { $0.hasPrefix("apus ") }
            guard let said, let table else { return false }
            return said < table && screen.contains("and more, in two pieces") && screen.contains("an error, of two")
                && screen.contains("lines") && row("patient", in: screen) != nil
        }
        #expect(hasSpoken, "\(terminal.model.screen)")

        try terminal.make("go")
        let status = terminal.finish()
        #expect(status == .exited(0))
        let words = terminal.model.screen.filter { !$0.isEmpty && !$0.contains("a task says something") }
        #expect(
            words == ["the program says something", "and more, in two pieces", "an error, of two", "lines", "done"])
        // On threads a task's words are the program's; from processes they are echoed.
        #expect(terminal.model.screen.count { $0.contains("a task says something") } == 1, "\(terminal.model.screen)")
    }

    @Test("the display follows the size of the terminal")
    func resize() throws {
        let terminal = try PseudoTerminal(
            "ProgressProgram", ["--on", "threads", "--quiet"], columns: 100, lines: 20)
        #expect(terminal.eventually { row("patient", in: $0) != nil })
        terminal.resize(columns: 24, lines: 20)
        let isNarrow = terminal.eventually { screen in
            let header = screen.first { $0.hasPrefix("app ") }
            return header != nil && screen.allSatisfy { $0.count < 24 } && header?.contains("failed") == false
        }
        #expect(isNarrow, "\(terminal.model.screen)")
        terminal.resize(columns: 100, lines: 3)
        let isLow = terminal.eventually { screen in
            screen.last?.hasPrefix("apus ") == true && !screen.contains { $0.hasPrefix("app ") }
        }
        #expect(isLow, "\(terminal.model.screen)")
        try terminal.make("go")
        #expect(terminal.finish() == .exited(0))
        #expect(terminal.model.screen.filter { !$0.isEmpty && !$0.contains("a task says") } == ["done"])
    }

    @Test(
        "nothing but the program's words comes where no table is wanted",
        arguments: [["TERM": "dumb"], ["TERM": ""], [:]])
    func plain(environment: [String: String]) throws {
        let options = environment.isEmpty ? ["--no-progress"] : []
        let terminal = try PseudoTerminal(
            "ProgressProgram", ["--on", "threads", "--quiet"] + options, columns: 80, lines: 20,
            environment: environment)
        try terminal.make("go")
        #expect(terminal.finish() == .exited(0))
        #expect(!terminal.received.contains(0x1b))
        #expect(terminal.model.screen.last == "done")
    }

    @Test("colour is used for failures, unless NO_COLOR is set", arguments: ["", "1"])
    func colour(value: String) throws {
        let terminal = try PseudoTerminal(
            "ProgressProgram", ["--on", "threads"], columns: 80, lines: 20, environment: ["NO_COLOR": value])
        try terminal.make("go")
        let hasFailed = terminal.eventually { row("patient", in: $0)?.prefix(5) == ["patient", "2", "0", "0", "1"] }
        #expect(hasFailed, "\(terminal.model.screen)")
        let text = String(decoding: terminal.received, as: UTF8.self)
        #expect(text.contains("\u{1b}[31m1") == value.isEmpty)
        try terminal.make("talk")
        #expect(terminal.finish() == .exited(0))
    }
}

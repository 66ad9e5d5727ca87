import DataFlow
import Glibc
import SystemSupport

/// What a program does, once its command line has been read.
enum ProgramStart<Options: Sendable>: Sendable {
    /// Its body, with what it was told.
    case body(Options, CommonOptions)
    /// Something else in the body's place.
    case job(ProgramJob)
}

extension ProgramStart where Options: ProgramOptions {
    /// For a body with options: all words that are no command are options.
    ///
    /// Ends the program when that has answered, or when the words make no sense.
    static func decided(answersCommands: Bool) -> Self {
        let words = Array(CurrentProcess.commandLine.dropFirst())
        var commands = ProgramCommands()
        do throws(UsageError) {
            let reader = try OptionReader<Options>()
            commands.main = .init(summary: Options.summary, fields: reader.fields)
            switch try commands.answer(words, answersCommands: answersCommands) {
            case .text(let text): commands.end(with: text)
            case .job(let job): return .job(job)
            case .none:
                let own = words.prefix { $0 != "--" }
                if own.contains("--help") || own.contains("-h") {
                    commands.end(with: ProgramHelp(commands: commands).text)
                }
                let (options, common) = try reader.read(words)
                return .body(options, common)
            }
        } catch {
            commands.refuse(error)
        }
    }
}

extension ProgramStart where Options == NoOptions {
    /// For a body that reads the command line itself, or not at all.
    static func decided(plainly answersCommands: Bool) -> Self {
        let commands = ProgramCommands()
        do throws(UsageError) {
            guard answersCommands else { return .body(NoOptions(), CommonOptions()) }
            switch try commands.answer(Array(CurrentProcess.commandLine.dropFirst()), answersCommands: true) {
            case .text(let text): commands.end(with: text)
            case .job(let job): return .job(job)
            case .none: return .body(NoOptions(), CommonOptions())
            }
        } catch {
            commands.refuse(error)
        }
    }
}

extension ProgramCommands {
    /// What the program has declared so far.
    init() {
        let path = CurrentProcess.commandLine.first ?? ""
        self.init(
            apps: AppRegistry.cards, harnesses: HarnessRegistry.all, main: nil,
            program: path.split(separator: "/").last.map(String.init) ?? "program")
    }

    /// Prints an answer and ends the program well.
    func end(with text: String) -> Never {
        // Standard output may be a pipe that nobody reads any more; that is no failure of ours.
        print(text, terminator: "")
        exit(0)
    }

    /// Says what makes no sense, and ends the program with code 2.
    func refuse(_ error: UsageError) -> Never {
        StandardError.write(
            "\(program): \(error)\n\(ProgramHelp(commands: self).usage)\n'\(program) --help' says more\n")
        exit(2)
    }
}

import TestSupport
import Testing

/// A program that must not compile, and words of the error that says why.
struct RefusedProgram: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var words: [String]
    /// Words of a warning beside the error.
    var warning: String?
    var text: String
}

/// What must not reach a worker is refused by the compiler, where the mistake is made.
///
/// Each program is a small change of the one that must compile, so that it fails for its own reason alone.
@Suite("Programs that must not compile", .tags(.realProcess), .blocking)
struct RefusedProgramTests {
    static let refused = [
        RefusedProgram(
            testDescription: "an app that captures an object which is not Sendable",
            words: ["capture of 'counter' with non-Sendable type"],
            text: """
                final class Counter { var value = 0 }
                func declare() {
                    let counter = Counter()
                    _ = app("count") { (n: Int) -> Int in counter.value + n }
                }
                """),
        RefusedProgram(
            testDescription: "an app that uses a top-level variable",
            words: ["main actor-isolated var 'total'"],
            text: """
                var total = 0
                let add = app("add") { (n: Int) -> Int in total + n }
                """),
        RefusedProgram(
            testDescription: "a parameter that is not Codable",
            words: ["call can throw"], warning: "its parameters and its result must be AppValues",
            text: """
                struct Handle: Sendable { var number = 0 }
                let use = app("use") { (handle: Handle) -> Int in handle.number }
                """),
        RefusedProgram(
            testDescription: "a type that says AppValue and holds what is not Codable",
            words: ["does not conform to protocol", "able"],
            text: """
                struct Handle: Sendable {}
                struct Job: AppValue { var handle: Handle }
                """),
        RefusedProgram(
            testDescription: "a declared result that is no app value",
            words: ["call can throw"], warning: "its parameters and its result must be AppValues",
            text: """
                struct Handle: Sendable { var number = 0 }
                let make = app("make") { (n: Int) -> Handle in Handle(number: n) }
                """),
        RefusedProgram(
            testDescription: "a result that is no app value, in one expression, which would be thrown away",
            words: ["call can throw"], warning: "its parameters and its result must be AppValues",
            text: """
                struct Handle: Sendable { var number = 0 }
                let make = app("make") { (n: Int) in Handle(number: n) }
                """),
        RefusedProgram(
            testDescription: "a call of an app whose result is no app value",
            words: ["NotAnApp<Handle>"],
            text: """
                struct Handle: Sendable { var number = 0 }
                func call() throws {
                    let make = try app("make") { (n: Int) in Handle(number: n) }
                    make(1)
                }
                """),
        RefusedProgram(
            testDescription: "a join app that returns neither future nor value",
            words: ["AppArgument"],
            text: """
                struct Handle: Sendable { var number = 0 }
                let make = joinApp("make") { (n: Int) -> Handle in Handle(number: n) }
                """),
        RefusedProgram(
            testDescription: "a lock as a parameter",
            words: ["no exact matches in call to global function 'app'"],
            text: """
                import Synchronization
                let use = app("use") { (lock: borrowing Mutex<Int>) -> Int in lock.withLock { $0 } }
                """),
        RefusedProgram(
            testDescription: "a closure as a parameter",
            words: ["converting non-escaping value"],
            text: """
                let use = app("use") { (body: @Sendable () -> Int) -> Int in body() }
                """),
        RefusedProgram(
            testDescription: "an error type in throwing: that is not Codable",
            words: ["Failure"],
            text: """
                struct Failure: Error { var cause: any Error }
                let use = app("use", throwing: [Failure.self]) { (n: Int) -> Int in n }
                """),
        RefusedProgram(
            testDescription: "labels at a call",
            words: ["extraneous argument label 'left:'"],
            text: """
                func call() { _ = add(left: 1, 2) }
                """),
        RefusedProgram(
            testDescription: "an argument of another type",
            words: ["the types 'Int' and 'String' be equivalent"],
            text: """
                func call() { _ = add(1, "2") }
                """),
        RefusedProgram(
            testDescription: "a future of another type",
            words: ["String", "Int"],
            text: """
                let shout = app("shout") { (text: String) -> String in text + "!" }
                func call() { _ = add(1, shout("a")) }
                """),
        RefusedProgram(
            testDescription: "too few arguments",
            words: ["argument"],
            text: """
                func call() { _ = add(1) }
                """),
        RefusedProgram(
            testDescription: "a value used where there is only a future",
            words: ["AppFuture<Int>"],
            text: """
                func call() { let sum: Int = add(1, 2) }
                """),
    ]

    /// What all programs begin with.
    private static let beginning = """
        import Apus
        struct Point: AppValue { var x = 0.0, y = 0.0 }
        let add = app("add-two") { (a: Int, b: Int) -> Int in a + b }

        """

    @Test("the compiler refuses it, and says why", arguments: refused)
    func refusal(of program: RefusedProgram) throws {
        let verdict = try Compiler.check(Self.beginning + program.text)
        #expect(!verdict.succeeded, "it compiled")
        for words in program.words {
            #expect(verdict.errors.contains { $0.contains(words) }, "\(verdict.errors)")
        }
        if let warning = program.warning {
            #expect(verdict.warnings.contains { $0.contains(warning) }, "\(verdict.warnings)")
        }
        #expect(!verdict.errors.contains { $0.contains("no such module") }, "\(verdict.errors)")
    }

    @Test("a program that uses everything rightly compiles")
    func accepted() throws {
        let program = """
            struct Failure: Error, Codable { var reason: String }
            let limit = 10
            let norm = app("norm") { (p: Point, scale: Double?) -> Double in p.x * p.x + p.y * p.y + (scale ?? 0) }
            let sum = app("sum") { (parts: [Int]) in parts.reduce(0, +) }
            let limited = app("limited", throwing: [Failure.self]) { (n: Int) throws -> Int in
                if n > limit { throw Failure(reason: "too large") }
                return n
            }
            let log = app("log", options: AppOptions(version: 2, retries: 3, priority: 1)) { (text: String) in
                print(text)
            }
            struct Job: AppValue { var count: Int; var name = "plain" }
            let work = app("work") { (job: Job) in job.count }
            let again = joinApp("again") { (n: Int) in [add(n, 1), add(n, 2)] }
            let later = app("later") { (names: [String: Int], flag: Bool) async throws -> [Point] in [Point()] }

            await Workflow.run(configuration: .threads(2)) {
                let three = add(1, 2)
                let four = add(three, 1)
                let total = sum([three, four, add(5, 6)])
                log("done")
                _ = later(["a": 1], true)
                _ = work(.init(count: 1))
                _ = work.with(retries: 2, walltime: .seconds(1), label: "x")(.init(count: 2))
                let both: AppFuture<[Int]> = again(1)
                let first: AppFuture<Int> = both[0]
                let x: AppFuture<Double> = AppFuture<Point> { Point() }.x
                for await future in [three, first].asCompleted() where future.status == .succeeded { future.cancel() }
                let pair = try await x.zip(four).value(timeout: .seconds(1))
                print(pair.first, pair.second, try await [three, first].all().count.value)
                let length: Double = try await norm(Point(x: 3, y: 4), nil).value
                do {
                    print(try await limited(total).value, length)
                } catch let failure as Failure {
                    print(failure.reason)
                }
            }
            """
        let verdict = try Compiler.check(Self.beginning + program)
        #expect(verdict.succeeded, "\(verdict.errors)")
    }
}

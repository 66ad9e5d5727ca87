import Glibc
import InterchangeRuntime
import SystemSupport
import WireProtocol
import WorkerRuntime

// Measures Apus at the size of a large cluster, on one machine. For that the program starts itself as an interchange, as
// managers, and as workers.

let arguments = Array(CommandLine.arguments.dropFirst())
do {
    if EnvironmentVariables.get("APUS_ROLE") == "worker" {
        EnvironmentVariables.unset("APUS_ROLE")
        await WorkerService(table: try RealManagers.table()).serve()
    }
    switch arguments.first {
    case "interchange":
        let start = try InterchangeStartMessage.parse(try StandardInput.readAll())
        exit(try InterchangeService(start: start, parslVersion: "benchmark", pythonVersion: "3.11.1").run())
    case "hold":
        let numbers = arguments.map { Int($0) ?? 0 }
        guard arguments.count == 6 else { throw BenchmarkError("hold needs five words") }
        try PretendManagers(
            first: numbers[1], count: numbers[2], port: numbers[3],
            certificates: arguments[4] == "none" ? nil : arguments[4], workers: numbers[5]
        ).run()
    case "manager":
        exit(try RealManagers.become(Array(arguments.dropFirst())))
    default:
        try ScaleCommand(arguments: arguments).run()
    }
} catch {
    print("\(error)")
    exit(1)
}

/// What the parent wrote.
enum StandardInput {
    static func readAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case .bytes(let count) = try chunk.withUnsafeMutableBytes({ try DescriptorIO.readSome(0, into: $0) }) {
            bytes.append(contentsOf: chunk[..<count])
        }
        return bytes
    }
}

import Apus
import Glibc

/// A program whose apps are spread over three files, which Swift initialises on first use only.
@main
struct SpreadProgram: WorkflowProgram {
    static var apps: [any RegisteredApp] { [double, plus, name] }
    static var configuration: WorkflowConfiguration {
        var configuration = WorkflowConfiguration.local(workers: 1)
        configuration.progress = false
        return configuration
    }

    static func workflow() async throws {
        print(try await name(plus(double(20), 2)).value)
        do {
            _ = try await forgotten(1).value
        } catch {
            print("\(error)")
        }
        fflush(nil)
    }
}

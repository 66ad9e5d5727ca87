import HighThroughput
package import Provisioning
import WorkflowCore

/// Stands for a provider that a file describes, until the program says which type it is.
package struct MissingProvider: BlockProvider {
    /// What the file says.
    package var description: ProviderDescription
    /// The product that has the provider.
    package var product: String
    /// The provider's type.
    package var type: String

    /// Stands for a provider of a product.
    package init(kind: String, product: String, type: String, blocks: BlockParameters = BlockParameters()) {
        description = ProviderDescription(kind: kind, blocks: blocks)
        self.product = product
        self.type = type
    }

    package var label: String { description.kind }

    package var blocks: BlockParameters {
        get { description.blocks }
        set { description.blocks = newValue }
    }

    package var statusPollingInterval: Duration {
        get { description.statusPollingInterval }
        set { description.statusPollingInterval = newValue }
    }

    package var workerInit: String {
        get { description.workerInit }
        set { description.workerInit = newValue }
    }

    /// What the program lacks.
    package var fault: String? {
        "kind \(description.kind) needs the product \(product): add the trait \"\(product)\" to the dependency on apus and "
            + "`.product(name: \"\(product)\", package: \"apus\")` to the program's target, import it, and name the provider: "
            + "`configuration.providers = [\(type).self]`, or `providers: [\(type).self]` where the program reads the file"
    }

    package func submit(_ job: JobRequest) async throws -> JobID { throw refusal }
    package func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] { throw refusal }
    package func cancel(_ jobs: [JobID]) async throws { throw refusal }

    private var refusal: ProviderError { ProviderError(.badParameter, fault ?? "") }
}

extension WorkflowConfiguration {
    /// Whether the types of all providers are known.
    package var isResolved: Bool {
        !executors.contains { executor in
            guard case .processes(let processes) = executor.placement else { return false }
            return processes.provider is MissingProvider
        }
    }

    /// Puts the program's providers in the place of those that a file describes.
    ///
    /// One that the program does not name stays, with its fault.
    ///
    /// - Parameter providers: the types that the program names.
    /// - Returns: what is wrong, by the executor's label.
    package mutating func resolve(_ providers: [any DescribedProvider.Type]) -> [(label: String, fault: String)] {
        var faults: [(label: String, fault: String)] = []
        for index in executors.indices {
            guard case .processes(var processes) = executors[index].placement,
                let missing = processes.provider as? MissingProvider,
                let type = providers.first(where: { $0.kind == missing.description.kind })
            else { continue }
            do {
                processes.provider = try type.init(missing.description)
                executors[index].placement = .processes(processes)
            } catch {
                faults.append((executors[index].label, "\(error)"))
            }
        }
        return faults
    }
}

/// Types as a part of a configuration, which is compared.
struct ProviderTypes: Sendable, Equatable {
    var types: [any DescribedProvider.Type] = []

    static func == (left: Self, right: Self) -> Bool {
        left.types.map { ObjectIdentifier($0) } == right.types.map { ObjectIdentifier($0) }
    }
}

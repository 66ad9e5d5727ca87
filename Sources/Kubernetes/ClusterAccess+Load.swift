#if Kubernetes
    import Glibc
    import KubernetesObjects
    import Provisioning
    import SystemSupport

    extension ClusterAccess {
        /// Credentials that programs have made, for a minute: some take a second, and states are asked for often.
        private static let made = Locked<[String: (Credentials, until: UInt64)]>([:])

        /// How the provider's cluster is reached: what the provider names, `$KUBECONFIG`, this pod's account, or
        /// `~/.kube/config`.
        static func load(for provider: KubernetesProvider) async throws(ProviderError) -> ClusterAccess {
            var access = try found(for: provider)
            if case .program(let plugin) = access.credentials { access.credentials = try await credentials(of: plugin) }
            return access
        }

        private static func found(for provider: KubernetesProvider) throws(ProviderError) -> ClusterAccess {
            if let path = provider.kubeconfig { return try read(path, provider.context) }
            let environment = EnvironmentVariables.all
            // A list of files is merged by kubectl; here the first that is there counts.
            let named = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
            if let path = named.first(where: { access($0, R_OK) == 0 }) { return try read(path, provider.context) }
            if provider.context == nil, let own = inCluster(environment, read: { try? SmallFile.readText($0) }) {
                return own
            }
            let usual = (environment["HOME"] ?? "") + "/.kube/config"
            if access(usual, R_OK) == 0 { return try read(usual, provider.context) }
            throw ProviderError(
                .badParameter,
                "there is no kubeconfig file (\(named.isEmpty ? "KUBECONFIG is not set" : named.joined(separator: ", ")), no "
                    + "\(usual)), and this program runs in no pod; name a file with `kubeconfig`")
        }

        private static func read(_ path: String, _ context: String?) throws(ProviderError) -> ClusterAccess {
            let text = try text(of: path)
            do throws(KubeConfigError) {
                return try KubeConfig.access(text, path: path, context: context)
            } catch {
                throw ProviderError(.badParameter, "kubeconfig: \(error)")
            }
        }

        /// A file that the access needs.
        static func text(of path: String) throws(ProviderError) -> String {
            do throws(SystemError) {
                return try SmallFile.readText(path)
            } catch {
                throw ProviderError(.badParameter, "\(error)")
            }
        }

        private static func credentials(of plugin: ExecPlugin) async throws(ProviderError) -> Credentials {
            let variables = plugin.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let information: JSONValue = [
                "apiVersion": .string(plugin.apiVersion), "kind": "ExecCredential", "spec": ["interactive": false],
            ]
            let command = SchedulerCommand(
                "env", variables + ["KUBERNETES_EXEC_INFO=\(information.text())"] + plugin.command,
                timeout: .seconds(60))
            let key = command.text
            if let known = made.withLock({ $0[key] }), known.until > Monotonic.nanoseconds { return known.0 }
            let outcome = try await command.outcome()
            guard outcome.exitCode == 0 else {
                throw command.refusal(
                    outcome,
                    remedy: plugin.installHint ?? "kubeconfig names this program for credentials; run it by hand")
            }
            do throws(KubeConfigError) {
                let answer = try ExecPlugin.answer(Array(outcome.standardOutput.utf8))
                made.withLock { $0[key] = (answer.credentials, Monotonic.nanoseconds + 60_000_000_000) }
                return answer.credentials
            } catch {
                throw ProviderError(.unreadableAnswer, error.description, command: command.text)
            }
        }
    }
#endif

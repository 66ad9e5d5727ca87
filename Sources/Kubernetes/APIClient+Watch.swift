#if Kubernetes
    import AsyncHTTPClient
    import KubernetesObjects
    import NIOCore
    import NIOHTTP1
    import Provisioning

    extension APIClient {
        /// How long the server follows for us; then it is asked again, perhaps another one of several.
        private static let watchTime: Duration = .seconds(240)
        private static let longestRefusal = 1 << 20

        /// Follows the changes of objects with a label, until that ends.
        ///
        /// - Parameters:
        ///   - resource: the kind of the objects.
        ///   - selector: the label.
        ///   - version: the list or change after which it begins.
        ///   - began: called when the server follows.
        ///   - take: gets what comes, in pieces as they come; false ends it.
        func watch(
            _ resource: APIResource, selector: String, from version: String, began: () -> Void,
            take: ([UInt8]) -> Bool
        ) async -> WatchState.End {
            let seconds = Self.watchTime.components.seconds
            let query =
                "watch=1&allowWatchBookmarks=true&timeoutSeconds=\(seconds)&resourceVersion=\(Self.escaped(version))"
                + "&labelSelector=\(Self.escaped(selector))"
            var hasBegun = false
            do {
                let request = try request(.GET, "\(server)\(resource.path(namespace))?\(query)")
                let response = try await client.execute(request, timeout: timeout.asTimeAmount)
                guard response.status == .ok else {
                    let body = try await response.body.collect(upTo: Self.longestRefusal)
                    let bytes = Array(body.readableBytesView)
                    let words = JSONValue(parsing: bytes)?["message"].string
                    return .refused(
                        Int(response.status.code), words ?? String(decoding: bytes.prefix(200), as: UTF8.self))
                }
                hasBegun = true
                began()
                for try await piece in response.body where !take(Array(piece.readableBytesView)) { return .closed }
                return .closed
            } catch {
                // In the middle it is no matter of addresses and firewalls.
                if hasBegun { return .lost("\(error)") }
                return .lost("\(Self.failure(error, description(.GET, resource, verb: "watch")))")
            }
        }
    }
#endif

#if Kubernetes
    import AsyncHTTPClient
    import KubernetesObjects
    import NIOCore
    import NIOHTTP1
    import NIOSSL
    import Provisioning

    /// One connection to the API of a cluster, for a few requests.
    struct APIClient: Sendable {
        let client: HTTPClient
        let server: String
        let credentials: ClusterAccess.Credentials
        let timeout: Duration
        private let attempts: Int
        /// Where all objects are.
        let namespace: String

        /// More than a thousand pods take.
        private static let longestAnswer = 64 << 20
        private static let firstPause: Duration = .milliseconds(500)
        private static let longestPause: Duration = .seconds(30)

        /// Runs a body with a client that is shut down afterwards.
        ///
        /// - Parameters:
        ///   - provider: says how the cluster is reached.
        ///   - silence: how long the server may send nothing in the middle of an answer; `nil` is the provider's time-out.
        ///   - body: what is done with it.
        static func with<Value: Sendable>(
            _ provider: KubernetesProvider, silence: Duration? = nil, _ body: (APIClient) async throws -> Value
        ) async throws -> Value {
            let access = try await ClusterAccess.load(for: provider)
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: try ClusterTLS.configuration(access), redirectConfiguration: .disallow,
                timeout: .init(
                    connect: min(provider.requestTimeout, .seconds(10)).asTimeAmount,
                    read: (silence ?? provider.requestTimeout).asTimeAmount))
            // Attempts are counted here, and a refused connection is one.
            configuration.connectionPool.retryConnectionEstablishment = false
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            let api = APIClient(
                client: client, server: access.server, credentials: access.credentials,
                timeout: provider.requestTimeout, attempts: provider.attempts,
                namespace: provider.namespace ?? access.namespace)
            do {
                let value = try await body(api)
                try? await client.shutdown()
                return value
            } catch {
                try? await client.shutdown()
                throw error
            }
        }

        private init(
            client: HTTPClient, server: String, credentials: ClusterAccess.Credentials, timeout: Duration,
            attempts: Int, namespace: String
        ) {
            self.client = client
            self.server = server
            self.credentials = credentials
            self.timeout = timeout
            self.attempts = attempts
            self.namespace = namespace
        }

        // MARK: Verbs

        /// Makes an object, or finds the one that an earlier request made whose answer was lost.
        func create(_ resource: APIResource, _ object: JSONValue) async throws(ProviderError) -> JSONValue {
            let (status, body) = try await send(.POST, resource, object: object)
            if status == 409, let name = object["metadata"]["name"].string {
                let found = try await read(resource, name)
                // The name holds the block and the run: an object of another run under it is somebody else's.
                if found["metadata"]["labels"][Manifest.runLabel] == object["metadata"]["labels"][Manifest.runLabel] {
                    return found
                }
            }
            return try accepted(status, body, .POST, resource)
        }

        /// Reads one object.
        func read(_ resource: APIResource, _ name: String) async throws(ProviderError) -> JSONValue {
            let (status, body) = try await send(.GET, resource, name: name)
            return try accepted(status, body, .GET, resource, verb: "get")
        }

        /// Deletes one object, with what it owns; one that is not there is no error.
        func delete(_ resource: APIResource, _ name: String) async throws(ProviderError) {
            let (status, body) = try await send(.DELETE, resource, name: name, query: "propagationPolicy=Background")
            if status != 404 { _ = try accepted(status, body, .DELETE, resource) }
        }

        /// Objects, and the version of the list that they are in.
        struct Listing: Sendable {
            var items: [JSONValue] = []
            var version = ""
        }

        /// All objects with a label, in pages; when the list changes too much meanwhile it is read anew.
        func list(_ resource: APIResource, selector: String) async throws(ProviderError) -> Listing {
            var list = Listing()
            let labels = "labelSelector=\(Self.escaped(selector))"
            var query = "limit=500&\(labels)"
            while true {
                let (status, body) = try await send(.GET, resource, query: query)
                if status == 410 {
                    // The place in the list has expired; without pages there is none.
                    list = Listing()
                    query = labels
                    continue
                }
                let page = try accepted(status, body, .GET, resource, verb: "list")
                list.items += page["items"].elements
                list.version = page["metadata"]["resourceVersion"].string ?? list.version
                guard let next = page["metadata"]["continue"].string, !next.isEmpty else { return list }
                query = "limit=500&\(labels)&continue=\(Self.escaped(next))"
            }
        }

        /// What was noted about a pod lately; `nil` when that may not be read.
        ///
        /// Nothing depends on it, so there is one attempt.
        func events(about pod: String) async throws(ProviderError) -> [JSONValue]? {
            let fields = Self.escaped("involvedObject.kind=Pod,involvedObject.name=\(pod)")
            let (status, body) = try await send(.GET, .events, query: "limit=100&fieldSelector=\(fields)", attempts: 1)
            if status == 403 { return nil }
            return try accepted(status, body, .GET, .events, verb: "list")["items"].elements
        }

        static func escaped(_ text: String) -> String {
            let digits = Array("0123456789ABCDEF".utf8)
            var result: [UInt8] = []
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    result.append(byte)
                default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                }
            }
            return String(decoding: result, as: UTF8.self)
        }

        // MARK: Requests

        private func accepted(
            _ status: Int, _ body: [UInt8], _ method: HTTPMethod, _ resource: APIResource, verb: String? = nil
        ) throws(ProviderError) -> JSONValue {
            let request = description(method, resource, verb: verb)
            guard (200...299).contains(status) else {
                throw APIFailure.error(status, body: body, request: request, attempts: attempts)
            }
            guard let value = JSONValue(parsing: body) else {
                throw ProviderError(
                    .unreadableAnswer, "Kubernetes answered \(status), and not with JSON; is there a proxy on the way?",
                    command: request.line, output: String(decoding: body.prefix(500), as: UTF8.self))
            }
            return value
        }

        func description(
            _ method: HTTPMethod, _ resource: APIResource, verb: String? = nil
        ) -> APIFailure.Request {
            let usual =
                switch method {
                case .POST: "create"
                case .DELETE: "delete"
                default: "get"
                }
            return APIFailure.Request(
                verb: verb ?? usual, resource: resource.rawValue, group: resource.group, namespace: namespace,
                line: "\(method.rawValue) \(server)\(resource.path(namespace))")
        }

        /// Makes a request, again and again while what fails may pass; every request may be made twice.
        private func send(
            _ method: HTTPMethod, _ resource: APIResource, name: String? = nil, query: String? = nil,
            object: JSONValue? = nil, attempts: Int? = nil
        ) async throws(ProviderError) -> (Int, [UInt8]) {
            let attempts = attempts ?? self.attempts
            let address =
                server + resource.path(namespace) + (name.map { "/\($0)" } ?? "") + (query.map { "?\($0)" } ?? "")
            var pause = Self.firstPause
            for attempt in 1... {
                var wanted: Duration?
                do {
                    var request = try self.request(method, address)
                    if let object {
                        request.headers.add(name: "content-type", value: "application/json")
                        request.body = .bytes(Array(object.text().utf8))
                    }
                    let response = try await client.execute(request, timeout: timeout.asTimeAmount)
                    let body = try await response.body.collect(upTo: Self.longestAnswer)
                    let status = Int(response.status.code)
                    if !APIFailure.isPassing(status) || attempt >= attempts {
                        return (status, Array(body.readableBytesView))
                    }
                    wanted = response.headers.first(name: "retry-after").flatMap { Int($0) }.map {
                        .seconds(max(0, $0))
                    }
                } catch let error as ProviderError {
                    throw error
                } catch {
                    let failure = Self.failure(error, description(method, resource))
                    if failure.code == .untrusted || attempt >= attempts || Task.isCancelled { throw failure }
                }
                let time = min(max(pause, wanted ?? .zero), Self.longestPause)
                try? await Task.sleep(for: time)  // why: a server that has just failed gets time, or what it asked for
                pause *= 2
            }
            return (0, [])
        }

        /// A request with who asks.
        func request(_ method: HTTPMethod, _ address: String) throws -> HTTPClientRequest {
            var request = HTTPClientRequest(url: address)
            request.method = method
            request.headers.add(name: "accept", value: "application/json")
            request.headers.add(name: "user-agent", value: "apus")
            try credentials.authorize(&request)
            return request
        }

        /// What went wrong before there was an answer.
        static func failure(_ error: any Error, _ request: APIFailure.Request) -> ProviderError {
            switch error {
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
                return ProviderError(
                    .untrusted,
                    "no safe connection to the API: the server's certificate must be signed by the authority of the cluster in "
                        + "kubeconfig, and name the server", command: request.line, output: "\(error)")
            case let error as HTTPClientError
            where [.deadlineExceeded, .connectTimeout, .readTimeout, .writeTimeout].contains(error):
                return ProviderError(
                    .timedOut,
                    "the API server did not answer in time; is it up, and does a firewall let this host through?",
                    command: request.line, output: "\(error)")
            case let error as HTTPClientError where [.remoteConnectionClosed].contains(error):
                return ProviderError(
                    .connectionLost, "the API server ended the connection before it answered", command: request.line,
                    output: "\(error)")
            default:
                return ProviderError(
                    .unreachable,
                    "no connection to the API server; check the address in kubeconfig, and whether it is up",
                    command: request.line, output: "\(error)")
            }
        }
    }

    /// The kinds of objects that a block has.
    enum APIResource: String {
        case pods, secrets, jobs, events

        /// The group in access rules.
        var group: String { self == .jobs ? "batch" : "" }

        func path(_ namespace: String) -> String {
            (self == .jobs ? "/apis/batch/v1" : "/api/v1") + "/namespaces/\(namespace)/\(rawValue)"
        }
    }

    extension ClusterAccess.Credentials {
        /// Adds what says who asks; certificates are part of the connection instead.
        func authorize(_ request: inout HTTPClientRequest) throws {
            switch self {
            case .anonymous, .certificate, .program: return
            case .token(let token): request.headers.add(name: "authorization", value: "Bearer \(token)")
            case .tokenFile(let path):
                let token = try ClusterAccess.text(of: path).filter { !$0.isWhitespace }
                request.headers.add(name: "authorization", value: "Bearer \(token)")
            case .password(let user, let password):
                let text = Base64.text(Array("\(user):\(password)".utf8))
                request.headers.add(name: "authorization", value: "Basic \(text)")
            }
        }
    }

    extension Duration {
        var asTimeAmount: TimeAmount { .nanoseconds(Int64(self / .nanoseconds(1))) }
    }
#endif

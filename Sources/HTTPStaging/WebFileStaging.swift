// The library below is built for programs that ask for it alone: the trait HTTPStaging of this package.
#if HTTPStaging
    import AsyncHTTPClient
    public import DataFlow
    import Glibc
    import NIOSSL

    /// Files of the web: `http:` and `https:` are staged in.
    ///
    /// A transfer that is cut goes on where it ended, when the server can do that and the file is still the same; it is tried
    /// again a few times. Redirections are followed. What comes is compared with the length that the server named.
    public struct WebFileStaging: StagingProvider {
        /// When files are brought.
        public var mode: StagingMode
        /// How often a file is asked for at most, before its staging fails.
        public var attempts: Int
        /// The time between the first two attempts; it doubles each time, up to half a minute.
        public var pause: Duration
        /// How long a connection may take, and how long the server may be silent.
        public var timeout: Duration
        /// A file in the PEM form with authorities that are trusted beside those of the system.
        public var authorities: String?
        /// Further header fields of requests, such as `Authorization`.
        public var headers: [String: String]

        /// A provider for `http:` and `https:`.
        ///
        /// - Parameters:
        ///   - mode: when files are brought.
        ///   - attempts: how often a file is asked for at most.
        ///   - pause: the time between the first two attempts.
        ///   - timeout: how long a connection may take, and how long the server may be silent.
        ///   - authorities: a file in the PEM form with authorities that are trusted beside those of the system.
        ///   - headers: further header fields of requests.
        public init(
            mode: StagingMode = .separateTask, attempts: Int = 5, pause: Duration = .milliseconds(500),
            timeout: Duration = .seconds(60), authorities: String? = nil, headers: [String: String] = [:]
        ) {
            self.mode = mode
            self.attempts = max(1, attempts)
            self.pause = pause
            self.timeout = timeout
            self.authorities = authorities
            self.headers = headers
        }

        /// `web`.
        public var name: String { "web" }

        /// Takes `http:` and `https:`, inwards.
        public func mode(for file: File, _ direction: StagingDirection) -> StagingMode? {
            direction == .stageIn && ["http", "https"].contains(file.scheme) ? mode : nil
        }

        /// Brings the file.
        ///
        /// - Throws: ``StagingError`` with the status and the number of bytes that came; `CancellationError`.
        public func stageIn(_ file: File, to path: String) async throws {
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: try configuration(for: file))
            do {
                let transfer = try WebTransfer(file: file, provider: self, path: path, client: client)
                try await transfer.run()
            } catch {
                try? await client.shutdown()
                throw error
            }
            try await client.shutdown()
        }

        private func configuration(for file: File) throws -> HTTPClient.Configuration {
            var tls = TLSConfiguration.makeClientConfiguration()
            if let authorities {
                do {
                    let certificates = try NIOSSLCertificate.fromPEMFile(authorities)
                    tls.additionalTrustRoots = [.certificates(certificates)]
                } catch {
                    throw StagingError(
                        .localFile, file: file, provider: name,
                        "the authorities in '\(authorities)' cannot be read: \(error); the file is in the PEM form")
                }
            }
            let silence = timeout.asTimeAmount
            var configuration = HTTPClient.Configuration(
                tlsConfiguration: tls, redirectConfiguration: .follow(max: 10, allowCycles: false),
                timeout: .init(connect: silence, read: silence))
            // Attempts are counted here, and a refused connection is one.
            configuration.connectionPool.retryConnectionEstablishment = false
            return configuration
        }
    }
#endif

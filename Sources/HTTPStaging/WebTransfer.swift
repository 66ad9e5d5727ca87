#if HTTPStaging
    import AsyncHTTPClient
    import DataFlow
    import Glibc
    import NIOCore
    import NIOHTTP1
    import NIOSSL

    /// One file on its way: what has come, and what the server has said about it.
    final class WebTransfer {
        /// What becomes of an attempt.
        private enum Step {
            case complete
            /// Worth another attempt: why, and how long the server wants to be left alone.
            case again(String, after: Duration?)
        }

        private static let longestPause: Duration = .seconds(30)

        private let file: File
        private let provider: WebFileStaging
        private let client: HTTPClient
        private let descriptor: Int32
        private var received = 0
        private var total: Int?
        /// By what the server knows that the file is still the same; without it no transfer goes on where it ended.
        private var validator: String?
        private var status: Int?

        init(file: File, provider: WebFileStaging, path: String, client: HTTPClient) throws {
            self.file = file
            self.provider = provider
            self.client = client
            descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                throw StagingError(
                    .localFile, file: file, provider: provider.name,
                    "'\(path)' cannot be written: \(String(cString: strerror(errno)))")
            }
        }

        deinit { close(descriptor) }

        func run() async throws {
            var last = ""
            for attempt in 1...provider.attempts {
                if attempt > 1 {
                    try await Task.sleep(for: pauseBefore(attempt))  // why: a server that has just failed gets time
                }
                switch try await ask() {
                case .complete: return
                case .again(let reason, let wanted):
                    last = reason
                    if let wanted, attempt < provider.attempts {
                        try await Task.sleep(for: min(wanted, Self.longestPause))  // why: the server asked for it
                    }
                }
            }
            throw failure(
                .transferFailed,
                "\(last); \(provider.attempts) attempts were made, and \(progress) came; look at the server, or raise "
                    + "`attempts`")
        }

        private func pauseBefore(_ attempt: Int) -> Duration {
            min(provider.pause * (1 << min(attempt - 2, 16)), Self.longestPause)
        }

        private func ask() async throws -> Step {
            var request = HTTPClientRequest(url: String(file.url.prefix { $0 != "#" }))
            // A compressed body would have another length than the file.
            request.headers.add(name: "accept-encoding", value: "identity")
            for (name, value) in provider.headers { request.headers.replaceOrAdd(name: name, value: value) }
            if received > 0, let validator {
                request.headers.add(name: "range", value: "bytes=\(received)-")
                request.headers.add(name: "if-range", value: validator)
            } else {
                try startAgain()
            }
            do {
                let response = try await client.execute(request, deadline: .distantFuture)
                status = Int(response.status.code)
                if let step = try judge(response) { return step }
                for try await part in response.body { try write(part) }
            } catch let error as StagingError {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch let error as HTTPClientError where error == .cancelled {
                throw CancellationError()
            } catch {
                return try judge(error)
            }
            if let total, received < total { return .again("the transfer was cut", after: nil) }
            if let total, received > total {
                try startAgain()
                return .again("more bytes came than the server had said (\(total))", after: nil)
            }
            return .complete
        }

        /// Looks at the head of an answer; `nil` when its body is to be taken.
        private func judge(_ response: HTTPClientResponse) throws -> Step? {
            let code = Int(response.status.code)
            let text = "the server answered \(code) \(response.status.reasonPhrase)"
            switch code {
            case 200:
                // All of it from the beginning: it has changed, or the server knows nothing of parts.
                try startAgain()
                total = response.headers.first(name: "content-length").flatMap { Int($0) }
                validator = Self.validator(response.headers)
                return nil
            case 206:
                guard let range = ContentRange(response.headers.first(name: "content-range")), range.first == received
                else {
                    try startAgain()
                    return .again("the server answered with another part than was asked for", after: nil)
                }
                total = range.total ?? total
                return nil
            case 416:
                try startAgain()
                return .again(text, after: nil)
            case 404, 410:
                throw failure(.notFound, "\(text); check the address")
            case 408, 425, 429, 500...599:
                let seconds = response.headers.first(name: "retry-after").flatMap { Int($0) }
                return .again(text, after: seconds.map { .seconds(max(0, $0)) })
            case 401, 403, 407:
                throw failure(.refused, "\(text); give the right to read it with `headers`")
            default:
                throw failure(.refused, "\(text), which is no file")
            }
        }

        private func judge(_ error: any Error) throws -> Step {
            switch error {
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
                throw failure(
                    .refused,
                    "no safe connection: \(error); the server's certificate must be signed by an authority of this host or "
                        + "of `authorities`, and name the server")
            case let error as HTTPClientError
            where [.invalidURL, .emptyHost, .emptyScheme, .redirectLimitReached, .redirectCycleDetected].contains(error):
                throw failure(.refused, "\(error); check the address")
            default:
                return .again("the connection failed: \(error)", after: nil)
            }
        }

        private func startAgain() throws {
            received = 0
            total = nil
            validator = nil
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw localFailure() }
        }

        private func write(_ part: ByteBuffer) throws {
            var done = 0
            try part.withUnsafeReadableBytes { bytes in
                while done < bytes.count {
                    let count = Glibc.write(
                        descriptor, UnsafeRawBufferPointer(rebasing: bytes[done...]).baseAddress, bytes.count - done)
                    if count < 0, errno == EINTR { continue }
                    guard count >= 0 else { throw localFailure() }
                    done += count
                }
            }
            received += done
        }

        private func localFailure() -> StagingError {
            failure(.localFile, "the copy cannot be written: \(String(cString: strerror(errno)))")
        }

        private func failure(_ code: StagingError.Code, _ message: String) -> StagingError {
            StagingError(
                code, file: file, provider: provider.name, message, status: status,
                received: received)
        }

        private var progress: String { total.map { "\(received) of \($0) bytes" } ?? "\(received) bytes" }

        /// What `If-Range` takes: a strong tag, or else a date.
        private static func validator(_ headers: HTTPHeaders) -> String? {
            if let tag = headers.first(name: "etag"), !tag.hasPrefix("W/") { return tag }
            return headers.first(name: "last-modified")
        }
    }

    /// The value of a header field `Content-Range`: `bytes 100-199/200`.
    private struct ContentRange {
        var first: Int
        var total: Int?

        init?(_ text: String?) {
            guard let text, text.hasPrefix("bytes ") else { return nil }
            let parts = text.dropFirst("bytes ".count).split(separator: "/")
            guard parts.count == 2, let dash = parts[0].firstIndex(of: "-"), let first = Int(parts[0][..<dash]) else {
                return nil
            }
            self.first = first
            total = Int(parts[1])
        }
    }

    extension Duration {
        var asTimeAmount: TimeAmount { .nanoseconds(Int64(self / .nanoseconds(1))) }
    }
#endif

import Apus
import Foundation
import HTTPStaging
import Testing

private let size = app("size") { (file: File) in try Data(contentsOf: URL(filePath: try file.localPath)).count }

@Suite("Files of the web, from a server of this machine", .serialized)
struct WebFileStagingTests {
    private let provider = WebFileStaging(attempts: 4, pause: .milliseconds(10), timeout: .seconds(5))

    /// Brings a file and returns its content.
    private func bring(_ path: String, from server: LocalServer, _ provider: WebFileStaging? = nil) async throws -> Data
    {
        let target = server.file("target")
        try await (provider ?? self.provider).stageIn(try File(server.address(path)), to: target)
        return try Data(contentsOf: URL(filePath: target))
    }

    private func failure(
        _ path: String, from server: LocalServer, _ provider: WebFileStaging? = nil
    ) async throws -> StagingError {
        let error = await #expect(throws: StagingError.self) { _ = try await bring(path, from: server, provider) }
        return try #require(error)
    }

    @Test("a file comes as it is", arguments: [0, 1, 100_000, 3_000_000])
    func complete(size: Int) async throws {
        let server = try LocalServer()
        let data = try await bring("/data/\(size)", from: server)
        #expect(data == LocalServer.content(size))
        #expect(server.requests.count == 1)
    }

    @Test("a transfer that is cut goes on where it ended", arguments: [1, 2, 3])
    func resumed(cuts: Int) async throws {
        let server = try LocalServer()
        let data = try await bring("/cut/100000/\(cuts)", from: server)
        #expect(data == LocalServer.content(100_000))
        #expect(server.requests.count == cuts + 1)
        #expect(server.requests[0].hasSuffix(" - -"))
        // The last bytes before a cut may be lost on the way.
        #expect(server.requests[1].contains(" bytes=") && server.requests[1].hasSuffix("- \"one\""))
    }

    @Test("without ranges a cut transfer begins anew")
    func restarted() async throws {
        let server = try LocalServer()
        let data = try await bring("/plain/100000/2", from: server)
        #expect(data == LocalServer.content(100_000))
        #expect(server.requests.allSatisfy { $0.hasSuffix(" - -") } && server.requests.count == 3)
    }

    @Test("a file that changes in between begins anew, and is not mixed")
    func changed() async throws {
        let server = try LocalServer()
        let data = try await bring("/changing/100000", from: server)
        #expect(data == LocalServer.content(100_000, shift: 2))
        #expect(server.requests.count == 2 && server.requests[1].hasSuffix("\"1\""))
    }

    @Test("a transfer that is always cut fails, with what had come")
    func alwaysCut() async throws {
        let server = try LocalServer()
        let error = try await failure("/plain/1000/99", from: server)
        #expect(error.code == .transferFailed && (error.received ?? -1) <= 500 && server.requests.count == 4)
        #expect(error.description.contains(" of 1000 bytes") && error.description.contains("4 attempts"))
        let short = try await failure("/short/1000", from: server)
        #expect(short.code == .transferFailed && short.description.contains(" of 1001 bytes"))
    }

    @Test("a missing file is asked for once", arguments: ["/nowhere", "/status/410/9"])
    func missing(path: String) async throws {
        let server = try LocalServer()
        let error = try await failure(path, from: server)
        #expect(error.code == .notFound && [404, 410].contains(error.status) && server.requests.count == 1)
        #expect(error.file == server.address(path) && error.description.contains("check the address"))
    }

    @Test("what may pass is tried again, what will not is refused", arguments: [503, 500, 429, 408])
    func passing(status: Int) async throws {
        let server = try LocalServer()
        let data = try await bring("/status/\(status)/2", from: server)
        #expect(String(decoding: data, as: UTF8.self) == "at last\n")
        let error = try await failure("/status/\(status)/9", from: server)
        #expect(error.code == .transferFailed && error.status == status)
        for refused in [400, 403, 418] {
            let error = try await failure("/status/\(refused)/1", from: server)
            #expect(error.code == .refused && error.status == refused)
        }
    }

    @Test("redirections are followed, but not for ever")
    func redirections() async throws {
        let server = try LocalServer()
        let data = try await bring("/moved/data/100", from: server)
        #expect(data == LocalServer.content(100))
        let error = try await failure("/loop", from: server)
        #expect(error.code == .refused)
    }

    @Test("a silent server is given up")
    func silent() async throws {
        let server = try LocalServer()
        let hasty = WebFileStaging(attempts: 2, pause: .milliseconds(1), timeout: .milliseconds(200))
        let error = try await failure("/silent", from: server, hasty)
        #expect(error.code == .transferFailed && server.requests.count == 2)
    }

    @Test("nobody listens: an error that says so")
    func nobody() async throws {
        let server = try LocalServer()
        let file = try File("http://127.0.0.1:1/x")
        let error = await #expect(throws: StagingError.self) { try await provider.stageIn(file, to: server.file("x")) }
        #expect(error?.code == .transferFailed && error?.description.contains("connection failed") == true)
    }

    @Test("header fields are sent")
    func headers() async throws {
        let server = try LocalServer()
        let data = try await bring("/secret", from: server, WebFileStaging(headers: ["Authorization": "Bearer right"]))
        #expect(String(decoding: data, as: UTF8.self) == "secret\n")
        let error = try await failure("/secret", from: server)
        #expect(error.code == .refused && error.status == 401 && error.description.contains("`headers`"))
    }

    @Test("TLS: a certificate of a known authority is accepted, any other is refused at once")
    func secure() async throws {
        let server = try LocalServer(isSecure: true)
        let trusting = WebFileStaging(attempts: 3, pause: .milliseconds(10), authorities: server.certificate)
        let data = try await bring("/cut/100000/1", from: server, trusting)
        #expect(data == LocalServer.content(100_000))
        let error = try await failure("/data/10", from: server)
        #expect(error.code == .refused && error.description.contains("`authorities`"))
        let broken = WebFileStaging(authorities: "/no/such.pem")
        let unread = try await failure("/data/10", from: server, broken)
        #expect(unread.code == .localFile && unread.description.contains("/no/such.pem"))
    }

    @Test("in a workflow, as a task of its own and in the task", arguments: [StagingMode.separateTask, .inTask])
    func workflow(mode: StagingMode) async throws {
        let server = try LocalServer()
        _ = size.name
        var configuration = WorkflowConfiguration.threads(2, throughCodec: true)
        configuration.progress = false
        configuration.files.providers.insert(WebFileStaging(mode: mode, pause: .milliseconds(10)), at: 0)
        configuration.files.workingDirectory = server.file("work")
        try await Workflow.execute(configuration: configuration) {
            let file = try File(server.address("/cut/5000/1"))
            let calls = (0..<5).map { _ in size(file) }
            for call in calls {
                let count = try await call.value
                #expect(count == 5000)
            }
            let wrong = size(try File(server.address("/data/10"), checksum: String(repeating: "0", count: 64)))
            guard case .failure(let error) = await wrong.result else {
                Issue.record("a wrong checksum was accepted")
                return
            }
            let cause = try #require(((error as? DependencyError)?.rootCause ?? error) as? StagingError)
            #expect(cause.code == .damaged && cause.received == 10)
        }
        #expect(server.requests.count { $0.hasPrefix("/cut") } <= (mode == .separateTask ? 2 : 4))
    }
}

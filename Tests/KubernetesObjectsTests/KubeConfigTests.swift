import TestSupport
import Testing

@testable import KubernetesObjects

@Suite("Files that say how a cluster is reached", .paced)
struct KubeConfigTests {
    private static let text = """
        apiVersion: v1
        kind: Config
        current-context: main
        clusters:
        - name: main
          cluster: {server: "https://10.0.0.1:6443/", certificate-authority-data: Y2E=}
        - name: files
          cluster: {server: https://k.example.org, certificate-authority: pki/ca.crt}
        - name: open
          cluster: {server: https://k.example.org, insecure-skip-tls-verify: true}
        - name: both
          cluster: {server: https://k.example.org, insecure-skip-tls-verify: true, certificate-authority-data: Y2E=}
        - name: proxied
          cluster: {server: https://k.example.org, proxy-url: http://proxy}
        - name: nowhere
          cluster: {server: k.example.org}
        users:
        - name: token
          user: {token: abc}
        - name: certificate
          user: {client-certificate-data: Yw==, client-key: /keys/me.key, token: unused}
        - name: half
          user: {client-certificate-data: Yw==}
        - name: file
          user: {tokenFile: tokens/me}
        - name: password
          user: {username: me, password: "123"}
        - name: program
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1beta1
              command: aws
              args: [eks, get-token]
              env: [{name: AWS_PROFILE, value: work}]
              installHint: install the command aws
        - name: old
          user: {auth-provider: {name: gcp}}
        - name: broken
          user: {client-certificate-data: "***", client-key-data: Yw==}
        contexts:
        - name: main
          context: {cluster: main, user: token, namespace: batch}
        - name: nobody
          context: {cluster: main}
        """
        + ["certificate", "half", "file", "password", "program", "old", "broken", "ghost"].map {
            "\n- name: \($0)\n  context: {cluster: main, user: \($0)}"
        }.joined()
        + ["files", "open", "both", "proxied", "nowhere", "missing"].map {
            "\n- name: to-\($0)\n  context: {cluster: \($0), user: token}"
        }.joined()

    private static func access(_ context: String? = nil) throws -> ClusterAccess {
        try KubeConfig.access(text, path: "/home/me/.kube/config", context: context)
    }

    @Test("the current context, with its authority, token and namespace")
    func current() throws {
        let access = try Self.access()
        #expect(
            access
                == ClusterAccess(
                    server: "https://10.0.0.1:6443", authority: .inline(Array("ca".utf8)), credentials: .token("abc"),
                    namespace: "batch"))
    }

    @Test(
        "who asks",
        arguments: [
            ("nobody", ClusterAccess.Credentials.anonymous),
            ("certificate", .certificate(.inline(Array("c".utf8)), key: .file("/keys/me.key"))),
            ("file", .tokenFile("/home/me/.kube/tokens/me")), ("password", .password(user: "me", "123")),
            (
                "program",
                .program(
                    ExecPlugin(
                        command: ["aws", "eks", "get-token"], environment: ["AWS_PROFILE": "work"],
                        apiVersion: "client.authentication.k8s.io/v1beta1", installHint: "install the command aws"))
            ),
        ])
    func credentials(_ context: String, _ credentials: ClusterAccess.Credentials) throws {
        let access = try Self.access(context)
        #expect(access.credentials == credentials)
        #expect(access.namespace == "default")
    }

    @Test("an authority in a file beside the configuration, and none at all")
    func authorities() throws {
        let files = try Self.access("to-files")
        #expect(files.authority == .file("/home/me/.kube/pki/ca.crt"))
        let open = try Self.access("to-open")
        #expect(open.skipsVerification && open.authority == nil)
    }

    @Test(
        "what cannot be used is named",
        arguments: [
            ("half", "no client-key"), ("old", "auth-provider"), ("broken", "not in base 64"),
            ("ghost", "no 'ghost' in users"),
            ("to-both", "skips verification"), ("to-proxied", "proxy-url"), ("to-nowhere", "no server"),
            ("to-missing", "no 'missing' in clusters; there are: main, files"), ("absent", "no 'absent' in contexts"),
        ])
    func errors(_ context: String, _ words: String) {
        let error = #expect(throws: KubeConfigError.self) { _ = try Self.access(context) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test(
        "texts that are no such file are refused",
        arguments: [("", "empty"), ("- a\n- b", "empty"), ("a: [", "no YAML"), ("a: b", "no current context")])
    func noFile(_ text: String, _ words: String) {
        let error = #expect(throws: KubeConfigError.self) { _ = try KubeConfig.access(text, path: "/f") }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("JSON is YAML as well")
    func json() throws {
        let text =
            #"{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"http://localhost:8001"}}]}"#
        let access = try KubeConfig.access(text, path: "/f")
        #expect(access == ClusterAccess(server: "http://localhost:8001"))
    }

    @Test("a program's answer is a token or a certificate")
    func programs() throws {
        let token = try ExecPlugin.answer(Array(#"{"kind": "ExecCredential", "status": {"token": "t"}}"#.utf8))
        #expect(token.credentials == .token("t"))
        let text = #"{"kind": "ExecCredential", "status": {"clientCertificateData": "c", "clientKeyData": "k"}}"#
        let certificate = try ExecPlugin.answer(Array(text.utf8))
        #expect(certificate.credentials == .certificate(.inline([99]), key: .inline([107])))
        for bad in ["", "token", #"{"kind": "Status"}"#, #"{"kind": "ExecCredential", "status": {}}"#] {
            #expect(throws: KubeConfigError.self) { _ = try ExecPlugin.answer(Array(bad.utf8)) }
        }
    }

    @Test("a pod finds its own account")
    func inCluster() {
        let directory = ClusterAccess.accountDirectory
        let files = ["\(directory)/token": "t", "\(directory)/namespace": "batch\n"]
        let variables = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        #expect(
            ClusterAccess.inCluster(variables) { files[$0] }
                == ClusterAccess(
                    server: "https://[fd00::1]:443", authority: .file("\(directory)/ca.crt"),
                    credentials: .tokenFile("\(directory)/token"), namespace: "batch"))
        #expect(ClusterAccess.inCluster(variables) { _ in nil } == nil)
        #expect(ClusterAccess.inCluster([:]) { files[$0] } == nil)
    }
}

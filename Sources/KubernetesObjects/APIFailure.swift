package import Provisioning

/// An answer of the API that is no success, as an error that says what to do.
package enum APIFailure {
    /// Whether the same request may succeed a little later.
    package static func isPassing(_ status: Int) -> Bool {
        status == 429 || status == 408 || (500...599).contains(status) && status != 501
    }

    /// The error.
    ///
    /// - Parameters:
    ///   - status: the HTTP status.
    ///   - body: what came with it: an object of kind `Status`, mostly.
    ///   - request: what was asked for, as `kubectl` has it: `create pods in namespace batch`.
    ///   - verb: the verb of the API's access rules: `create`.
    ///   - resource: the resource: `pods`.
    ///   - group: the resource's group; empty for the core.
    package static func error(
        _ status: Int, body: [UInt8], request: Request, attempts: Int = 1
    ) -> ProviderError {
        let answer = JSONValue(parsing: body)
        // A gateway before the API answers with pages of its own.
        let text = answer?["message"].string ?? String(decoding: body.prefix(500), as: UTF8.self)
        let reason = answer?["reason"].string.map { " \($0)" } ?? ""
        let (code, remedy) = judgement(status, request)
        let often = attempts > 1 ? " after \(attempts) attempts" : ""
        return ProviderError(
            code, "Kubernetes refused to \(request.verb) \(request.resource)\(often) (\(status)\(reason)): \(remedy)",
            command: request.description, output: text)
    }

    private static func judgement(_ status: Int, _ request: Request) -> (ProviderError.Code, String) {
        switch status {
        case 401:
            (
                .permissionDenied,
                "it does not accept the credentials; a token may have expired: try `kubectl auth whoami` with the same context"
            )
        case 403:
            (
                .permissionDenied,
                "the user lacks the right to \(request.verb) \(request.resource), or a quota is used up; a Role needs the rule "
                    + "{apiGroups: [\"\(request.group)\"], resources: [\"\(request.resource)\"], verbs: [\"\(request.verb)\"]} in "
                    + "namespace \(request.namespace)"
            )
        case 404:
            (.refused, "there is no namespace \(request.namespace), or the cluster does not know \(request.resource)")
        case 409: (.refused, "an object of that name is there already")
        case 413: (.refused, "the request is too large; the program has very many arguments or apps")
        case 422: (.refused, "a value of the provider does not suit it")
        case 429, 408, 500...599:
            (.refused, "the API server is overloaded or in trouble; raise `attempts`, or look at the cluster")
        default: (.refused, "see the message below")
        }
    }

    /// What was asked for.
    package struct Request: Sendable, Hashable, CustomStringConvertible {
        /// The verb of the access rules.
        package var verb: String
        /// The resource.
        package var resource: String
        /// Its group; empty for the core.
        package var group: String
        /// The namespace.
        package var namespace: String
        /// The method and address.
        package var line: String

        /// Describes a request.
        package init(verb: String, resource: String, group: String = "", namespace: String, line: String = "") {
            self.verb = verb
            self.resource = resource
            self.group = group
            self.namespace = namespace
            self.line = line
        }

        package var description: String { line }
    }
}

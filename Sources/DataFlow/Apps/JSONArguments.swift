/// The arguments of a call, from a JSON array.
struct JSONArguments<each Input: AppValue>: Decodable {
    let values: (repeat each Input)

    /// Reads the array.
    ///
    /// - Throws: ``JSONArgumentError`` when the text is no JSON, or its values do not fit the parameters.
    static func read(_ json: [UInt8], app: String) throws(JSONArgumentError) -> (repeat each Input) {
        do {
            return try JSONText.decode(Self.self, from: json).values
        } catch let error as WrongCount {
            throw JSONArgumentError(
                app: app, text: "it takes \(Self.phrase(error.expected)), and \(error.given) stand in the array")
        } catch let error as DecodingError {
            throw JSONArgumentError(app: app, text: Self.text(error))
        } catch {
            throw JSONArgumentError(app: app, text: "\(error)")
        }
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var expected = 0
        for _ in repeat (each Input).self { expected += 1 }
        if let given = container.count, given != expected { throw WrongCount(expected: expected, given: given) }
        values = (repeat try container.decode((each Input).self))
    }

    private struct WrongCount: Error {
        var expected: Int
        var given: Int
    }

    private static func phrase(_ count: Int) -> String { count == 1 ? "1 argument" : "\(count) arguments" }

    private static func text(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(let type, let context):
            "\(place(context)) is no \(type)" + (context.codingPath.isEmpty ? ": write a JSON array" : "")
        case .valueNotFound(let type, let context): "\(place(context)) is null, and no \(type)"
        case .keyNotFound(let key, let context): "\(place(context)) has no key '\(key.stringValue)'"
        case .dataCorrupted(let context):
            // The parser says where in the text, in an error below.
            "\(place(context)): \(context.debugDescription)" + (context.underlyingError.map { " (\($0))" } ?? "")
        @unknown default: "\(error)"
        }
    }

    /// `argument 2, at 'points'[0]`: the first key is the position among the arguments.
    private static func place(_ context: DecodingError.Context) -> String {
        guard let first = context.codingPath.first?.intValue else { return "the text" }
        let rest = context.codingPath.dropFirst().map { key in
            key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)"
        }
        return "argument \(first + 1)" + (rest.isEmpty ? "" : ", at '\(rest.joined())',")
    }
}

/// JSON that does not fit the parameters of an app.
package struct JSONArgumentError: Error, CustomStringConvertible {
    /// The app.
    package var app: String
    /// Which argument, and what is wrong with it.
    package var text: String

    /// Names app and argument.
    package var description: String { "the arguments for '\(app)': \(text)" }
}

/// A file that an app makes: where it will be when the call has succeeded.
///
/// The app gets it as an argument and writes to ``localPath``. When its body has returned, the file must be there, else the
/// call fails with ``MissingOutputs``; a file of another place is then *staged out*. The call's future has it as a data
/// future in ``AppFuture/outputs``, which may be an argument of further calls.
///
/// ```swift
/// let sort = bashApp("sort") { (text: File, sorted: OutputFile) in "sort \(text) > \(sorted)" }
/// let call = sort(try File("words.txt"), try OutputFile("zip:/data/results.zip/sorted.txt"))
/// let first = head(call.outputs[0])
/// ```
public struct OutputFile: AppValue, Hashable, CustomStringConvertible {
    /// The file, as it will be.
    public let file: File

    /// The file that will be at an address, or at a path when the text names no scheme.
    ///
    /// - Parameter text: the address, or a path; a relative path is relative to the directory of the process.
    /// - Throws: ``FileError`` when the text is no address.
    public init(_ text: String) throws(FileError) { file = try File(text) }

    /// The file that will be at a path, whatever letters are in it.
    ///
    /// - Parameter path: a path on this machine, or on a file system that all hosts share.
    /// - Throws: ``FileError`` when no file can have the path.
    public init(path: String) throws(FileError) { file = try File(path: path) }

    /// The file, declared as the output of an app.
    public init(_ file: File) { self.file = file }

    /// Where the app writes it, on the machine where it runs.
    ///
    /// - Throws: ``FileError`` outside of apps, and unless it is a `file:`.
    public var localPath: String {
        get throws(FileError) { try file.localPath }
    }

    /// The last part of the path.
    public var filename: String { file.filename }

    /// The address, without a password.
    public var description: String { file.description }

    /// A declared output depends on nothing; the call notes it.
    public func collectDependencies(into list: inout DependencyList) { list.append(output: self) }
}

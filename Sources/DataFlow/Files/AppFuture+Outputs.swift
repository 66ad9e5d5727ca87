/// The data future of a file: it has its value when the file is where it shall be.
///
/// That is when the app has ended well and the file is staged out. It may be an argument of further calls, which then get
/// the file staged in.
public typealias FileFuture = AppFuture<File>

extension AppFuture {
    /// A data future for each file that the call makes: each ``OutputFile`` among its arguments, in their order, and the
    /// promised outputs of a bash app.
    public var outputs: [FileFuture] { declaredOutputs }
}

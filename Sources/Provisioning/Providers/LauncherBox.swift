/// A launcher that can be compared, so that providers get their `==` from the compiler.
struct LauncherBox: Equatable, Sendable {
    var launcher: any Launcher

    static func == (left: Self, right: Self) -> Bool { left.launcher.isEqual(to: right.launcher) }
}

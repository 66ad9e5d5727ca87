/// The version of this library and of the programs built with it.
public enum ApusVersion {
    /// Semantic version, as in the changelog.
    public static let current = "0.1.0"
}

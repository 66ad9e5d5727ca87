extension PickleDisassembler {
    /// The opcodes with their arguments and what they do, and the names that loading the pickle in Python would import.
    public static func listing(of bytes: [UInt8], limits: PickleLimits = PickleLimits()) throws(PickleError) -> [UInt8]
    {
        try lines(of: bytes, limits: limits)
    }
}

extension PickleMachine {
    /// Records a call, or makes the value if the callee is known and the arguments have exactly the right form.
    mutating func call(_ callee: UInt32, _ arguments: UInt32) throws(PickleError) -> UInt32 {
        try newRecord(.reduce, PickleRecord(callee: callee, arguments: arguments))
    }
}

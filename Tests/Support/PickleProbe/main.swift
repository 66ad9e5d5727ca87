import AllocationCounter

// Measures what the tests and the benchmarks cannot see from outside: what the allocator is asked for.
//
//     PickleProbe counts             whether this build counts allocations
//     PickleProbe memory KIND        one line per input: name, bytes, opcodes, peak, live, outcome
//     PickleProbe envelope           reads lines; answers each with nanoseconds and allocations of a task message

switch CommandLine.arguments.dropFirst().first {
case "counts": print(allocation_counts())
case "memory": MemoryProbe.run(CommandLine.arguments.dropFirst(2).first ?? "")
case "envelope": EnvelopeProbe.run()
default: print("usage: PickleProbe counts | memory KIND | envelope")
}

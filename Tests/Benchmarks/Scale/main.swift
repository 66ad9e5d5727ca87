import Glibc

// Measures Apus at the size of a large cluster, on one machine; the scripts beside it run it and make tables.

do {
    try ScaleCommand(arguments: Array(CommandLine.arguments.dropFirst())).run()
} catch {
    print("\(error)")
    exit(1)
}

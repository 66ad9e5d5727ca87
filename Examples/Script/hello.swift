#!/usr/bin/env -S apus run  // apus: name = "hello"
import Apus

let greet = app("greet") { (name: String) -> String in
    "Hello, \(name), from a worker process!"
}

let names = CommandLine.arguments.count > 1 ? Array(CommandLine.arguments.dropFirst()) : ["Ada", "Grace", "Barbara"]

await Workflow.run(configuration: .local(workers: 2)) {
    for greeting in names.map({ greet($0) }) {
        print(try await greeting.value)
    }
}

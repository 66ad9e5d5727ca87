import Apus

let greet = app("greet") { (name: String) -> String in
    "Hello, \(name), from a worker process!"
}

await Workflow.run(configuration: .local(workers: 2)) {
    let greetings = ["Ada", "Grace", "Barbara"].map { greet($0) }
    for greeting in greetings {
        print(try await greeting.value)
    }
}

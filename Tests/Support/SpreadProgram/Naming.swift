import Apus

let name = app("spread.name") { (n: Int) in "number \(n)" }

/// Not listed: called after the table is sealed, it must be refused by name.
let forgotten = app("spread.forgotten") { (n: Int) in n }

import Apus

let double = app("spread.double") { (n: Int) in n * 2 }

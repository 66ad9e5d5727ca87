import Apus

let plus = app("spread.plus") { (a: Int, b: Int) in a + b }

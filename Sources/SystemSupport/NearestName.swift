/// Guesses which name was meant by one that does not exist.
package enum NearestName {
    /// The candidate with the fewest changed letters, unless more than half of the word would change.
    package static func find(_ word: String, among candidates: [String]) -> String? {
        // Nobody means a name by a hundred letters, and comparing them takes time.
        guard word.utf8.count <= 100 else { return nil }
        let ranked = candidates.map { (name: $0, distance: distance(word.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance * 2 <= max(word.count, best.name.count) ? best.name : nil
    }

    /// Insertions, removals and replacements that lead from one to the other (Levenshtein).
    static func distance(_ from: String, _ to: String) -> Int {
        let target = Array(to)
        var row = Array(0...target.count)
        for (i, letter) in from.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in target.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
            }
        }
        return row[target.count]
    }
}

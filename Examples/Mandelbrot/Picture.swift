import Glibc

/// The points of the whole picture, as numbers of colours.
struct Picture {
    let width: Int
    let height: Int
    private(set) var indices: [UInt8]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        indices = [UInt8](repeating: 0, count: width * height)
    }

    /// Puts a tile where it belongs.
    mutating func insert(_ tile: Tile) {
        let area = tile.area
        for row in 0..<area.height {
            let source = row * area.width
            let target = (area.y + row) * width + area.x
            indices.replaceSubrange(target..<target + area.width, with: tile.colours[source..<source + area.width])
        }
    }
}

/// The 256 colours: black for the set, then one round through blue, white, orange and black.
enum Palette {
    static let colours: [(red: UInt8, green: UInt8, blue: UInt8)] =
        [(0, 0, 0)]
        + (0..<255).map { index in
            let turn = Double(index) / 255
            return (wave(turn, 0.60), wave(turn, 0.50), wave(turn, 0.35))
        }

    private static func wave(_ turn: Double, _ middle: Double) -> UInt8 {
        UInt8(127.5 + 127.5 * cos(2 * Double.pi * (turn - middle)))
    }
}

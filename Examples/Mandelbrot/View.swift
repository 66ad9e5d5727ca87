import Apus
import Glibc

/// Which part of the plane is drawn, how large, and how carefully.
struct View: AppValue {
    var width: Int
    var height: Int
    var iterations: Int
    /// The middle of the picture; the whole set lies within 1.25 above and below it.
    var centreX = -0.65
    var centreY = 0.0
    var span = 2.5

    /// The colours of an area's points, row by row: 0 for points of the set, else by how soon they escape.
    func colours(of area: Area) -> [UInt8] {
        let step = span / Double(height)
        var colours: [UInt8] = []
        colours.reserveCapacity(area.width * area.height)
        for row in area.y..<area.y + area.height {
            let y = centreY + (Double(height) / 2 - Double(row) - 0.5) * step
            for column in area.x..<area.x + area.width {
                let x = centreX + (Double(column) + 0.5 - Double(width) / 2) * step
                colours.append(colour(x, y))
            }
        }
        return colours
    }

    private func colour(_ x: Double, _ y: Double) -> UInt8 {
        var real = 0.0
        var imaginary = 0.0
        for iteration in 0..<iterations {
            let realSquare = real * real
            let imaginarySquare = imaginary * imaginary
            // Escaping at a large radius makes the fraction below smooth.
            if realSquare + imaginarySquare > 256 {
                let fraction = log2(log2(realSquare + imaginarySquare) / 2) - 3
                let smooth = Double(iteration) + 1 - fraction
                return UInt8(1 + Int(smooth * 6) % 255)
            }
            imaginary = 2 * real * imaginary + y
            real = realSquare - imaginarySquare + x
        }
        return 0
    }
}

/// A rectangle of the picture, in points from its upper left corner.
struct Area: AppValue {
    var x: Int
    var y: Int
    var width: Int
    var height: Int

    /// The squares that cover a picture; those at the right and lower edge are cut to fit.
    static func tiling(width: Int, height: Int, edge: Int) -> [Area] {
        var areas: [Area] = []
        for y in stride(from: 0, to: height, by: edge) {
            for x in stride(from: 0, to: width, by: edge) {
                areas.append(Area(x: x, y: y, width: min(edge, width - x), height: min(edge, height - y)))
            }
        }
        return areas
    }
}

/// A computed area.
struct Tile: AppValue {
    var area: Area
    var colours: [UInt8]
}

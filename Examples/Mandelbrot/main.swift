// Draws the Mandelbrot set: tasks compute tiles of the picture, the script puts them together and writes a PNG file.

import Apus
import FoundationEssentials

struct MandelbrotOptions: ProgramOptions {
    var width = 1200
    var height = 900
    var tile = 100
    var iterations = 2000
    var output = "mandelbrot.png"

    static let summary = "Draws the Mandelbrot set into a PNG file."
    static let help: [String: OptionHelp] = [
        "width": OptionHelp("points across", in: 1...20_000),
        "height": OptionHelp("points down", in: 1...20_000),
        "tile": OptionHelp("edge of the square that one task computes", in: 1...20_000),
        "iterations": OptionHelp("how long a point is followed", in: 1...1_000_000),
        "output": OptionHelp("the picture", placeholder: "FILE"),
    ]
}

/// Computes one tile.
///
/// `View` and `Tile` are types of this program; one word, `AppValue`, makes them travel.
let computeTile = app("compute-tile") { (view: View, area: Area) -> Tile in
    Tile(area: area, colours: view.colours(of: area))
}

// The one line that decides where calls run; `--on threads` and `--workers N` change it.
var configuration = WorkflowConfiguration.local(workers: 2)
configuration.summary = .always

await Workflow.run(configuration: configuration) { (options: MandelbrotOptions) in
    let view = View(width: options.width, height: options.height, iterations: options.iterations)
    let areas = Area.tiling(width: options.width, height: options.height, edge: options.tile)
    let tiles = areas.map { computeTile(view, $0) }

    var picture = Picture(width: options.width, height: options.height)
    for tile in tiles {
        picture.insert(try await tile.value)
    }
    let file = PNGFile(width: picture.width, height: picture.height, palette: Palette.colours, indices: picture.indices)
    try Data(file.bytes).write(to: URL(filePath: options.output))
    print("wrote \(options.output): \(options.width) × \(options.height) points in \(areas.count) tiles")
}

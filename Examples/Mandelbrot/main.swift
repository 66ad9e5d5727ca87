// Draws the Mandelbrot set: tasks compute tiles of the picture, the script puts them together and writes a PNG file.

import Apus
import FoundationEssentials

let options = MandelbrotOptions.fromCommandLine()

/// Computes one tile.
///
/// `View` and `Tile` are types of this program; one word, `AppValue`, makes them travel.
let computeTile = app("compute-tile") { (view: View, area: Area) -> Tile in
    Tile(area: area, colours: view.colours(of: area))
}

// The one line that decides where calls run.
var configuration: WorkflowConfiguration =
    options.useThreads ? .threads(options.workers) : .local(workers: options.workers)
configuration.summary = .always

await Workflow.run(configuration: configuration) {
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

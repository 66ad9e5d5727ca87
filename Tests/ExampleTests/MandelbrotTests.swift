import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Mandelbrot", .tags(.realProcess), .blocking, .serialized)
struct MandelbrotTests {
    private func draw(_ options: [String], in folder: TemporaryFolder) throws -> [UInt8] {
        let finished = try Example.run("Mandelbrot", options + ["--output", "picture.png"], in: folder)
        try #require(finished.code == 0, "\(finished.errors)")
        #expect(finished.output.hasPrefix("wrote picture.png: "))
        #expect(finished.errors.contains(" tasks (0 failed) on "))
        return try SmallFile.read(folder.path + "/picture.png", limit: 1 << 26)
    }

    @Test("the picture is a valid PNG file and shows the set", arguments: placements)
    func picture(placement: [String]) throws {
        // Neither edge is a multiple of the tile, and the data need more than one stored block.
        let size = ["--width", "330", "--height", "250", "--tile", "64", "--iterations", "200"]
        let file = try PNGReader(draw(size + placement, in: TemporaryFolder()))
        #expect((file.width, file.height) == (330, 250))
        #expect(file.palette.count == 256)
        #expect(file.palette.first == [0, 0, 0])

        // The scale is 100 points a unit, the middle of the picture is -0.65.
        func colour(_ real: Double, _ imaginary: Double) -> UInt8 {
            file.rows[Int(125 - imaginary * 100)][Int(165 + (real + 0.65) * 100)]
        }
        for (real, imaginary) in [(0.0, 0.0), (-0.2, 0.5), (-1.0, 0.1), (-0.5, -0.3)] {
            #expect(colour(real, imaginary) == 0, "\(real) + \(imaginary)i belongs to the set")
        }
        for (real, imaginary) in [(0.5, 0.5), (-2.2, 0.2), (0.9, -1.0), (-1.5, 0.8)] {
            #expect(colour(real, imaginary) != 0, "\(real) + \(imaginary)i does not belong to the set")
        }
        #expect(Set(file.rows.joined()).count > 50, "there are bands of many colours")
        #expect(file.rows == file.rows.reversed(), "the set is symmetric about the real axis")
    }

    @Test("the file is the same whatever computes it, and however it is tiled")
    func sameEverywhere() throws {
        let size = ["--width", "200", "--height", "150", "--iterations", "100"]
        let places = [["--workers", "1"], ["--workers", "3", "--tile", "37"], ["--on", "threads", "--tile", "300"]]
        let files = try places.map { try draw(size + $0, in: TemporaryFolder()) }
        #expect(Set(files).count == 1)
    }

    @Test("a picture of one point is a valid file")
    func onePoint() throws {
        let file = try PNGReader(draw(["--width", "1", "--height", "1"], in: TemporaryFolder()))
        #expect(file.rows == [[0]], "the point is the middle, which belongs to the set")
    }

    @Test("a picture that cannot be written ends the program with code 1 and names the file")
    func unwritable() throws {
        let arguments = ["--width", "20", "--height", "20", "--output", "missing/picture.png"]
        let finished = try Example.run("Mandelbrot", arguments, in: TemporaryFolder())
        #expect(finished.code == 1)
        #expect(finished.errors.contains("picture.png"), "\(finished.errors)")
    }
}

/// An independent decoder is the best judge: here Python's zlib.
///
/// Pixels are compared with those of the reader above.
@Suite(
    "Mandelbrot beside Python", .paced, .tags(.python), .serialized,
    .enabled(if: python != nil, "needs python3, or APUS_PYTHON"))
struct MandelbrotPythonTests {
    @Test("Python's zlib inflates the picture to the same points")
    func inflate() throws {
        let folder = try TemporaryFolder()
        let size = ["--width", "400", "--height", "300", "--iterations", "50"]
        let arguments = size + ["--on", "threads", "--output", "p.png"]
        try #require(try Example.run("Mandelbrot", arguments, in: folder).code == 0)
        let file = try PNGReader(SmallFile.read(folder.path + "/p.png"))
        let script = """
            import struct, sys, zlib
            data, position, stored = open("p.png", "rb").read(), 8, b""
            while position < len(data):
                length, = struct.unpack(">I", data[position:position + 4])
                body = data[position + 4:position + 8 + length]
                assert zlib.crc32(body) == struct.unpack(">I", data[position + 8 + length:position + 12 + length])[0]
                if body[:4] == b"IDAT":
                    stored += body[4:]
                position += length + 12
            sys.stdout.write(zlib.decompress(stored).hex())
            """
        let decoded = try Example.run(path: try #require(python), ["-c", script], in: folder)
        try #require(decoded.code == 0, "\(decoded.errors)")
        let digits = file.rows.flatMap { [0] + $0 }.map {
            $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16)
        }
        #expect(decoded.output == digits.joined())
    }
}

private let python: String? = [EnvironmentVariables.get("APUS_PYTHON"), "/usr/bin/python3"].compactMap { $0 }
    .first { access($0, X_OK) == 0 }

import FoundationEssentials
import PickleCoding
import SystemSupport
import TestSupport
import Testing

@testable import DataFlow

@Suite("Files by their address", .paced)
struct FileTests {
    @Test(
        "an address is taken apart",
        arguments: [
            ("https://example.org:8443/a/b%20c.txt?x=1#y", "https", "example.org:8443", "/a/b c.txt", "b c.txt"),
            ("HTTP://example.org", "http", "example.org", "", "file"),
            ("ftp://user@host/pub/x.tar.gz", "ftp", "user@host", "/pub/x.tar.gz", "x.tar.gz"),
            ("file:///data/x", "file", "", "/data/x", "x"),
            ("file://localhost/data/x", "file", "", "/data/x", "x"),
            ("file:/data/what?.txt", "file", "", "/data/what?.txt", "what?.txt"),
            ("/data/100%.txt", "file", "", "/data/100%.txt", "100%.txt"),
            ("/data/a:b", "file", "", "/data/a:b", "a:b"),
            ("zip:/data/a.zip/in/b.txt", "zip", "", "/data/a.zip/in/b.txt", "b.txt"),
            ("rsync://login/home/x/", "rsync", "login", "/home/x/", "file"),
            ("s3+new://bucket/key", "s3+new", "bucket", "/key", "key"),
        ])
    func parts(text: String, scheme: String, host: String, path: String, filename: String) throws {
        let file = try File(text)
        #expect(file.scheme == scheme && file.host == host && file.path == path && file.filename == filename)
        // The address names the same file again.
        #expect(try File(file.url) == file)
    }

    @Test("a relative path is relative to the directory of now")
    func relative() throws {
        let file = try File("data/x y.txt")
        #expect(file.path.hasPrefix("/") && file.path.hasSuffix("/data/x y.txt"))
        #expect(file.url.hasSuffix("/data/x%20y.txt") && file.url.hasPrefix("file:///"))
        #expect(try file.localPath == file.path)
        #expect(try File(path: "http://x").scheme == "file")
    }

    @Test(
        "what is no address is refused with the reason",
        arguments: [
            ("", "one byte or more"), ("a\0b", "no byte 0"), ("http:///x", "host is missing"),
            ("https:", "host is missing"), ("http://a b/", "%20"), ("file://other/x", "rsync://other/x"),
            ("zip:/a/b", "zip:/path/of/archive.zip"), ("zip:/a.zip", "zip:/path"), ("zip:/a.zip/../x", "zip:/path"),
            ("http://x/%zz", "two hexadecimal"), ("http://x/%00", "never by 00"), ("http://x/%f", "two hexadecimal"),
            ("file:", "path is missing"), ("ftp:/x", "host is missing"), ("s3:", "path is missing"),
        ])
    func refused(text: String, reason: String) throws {
        let error = try #require(throws: FileError.self) { try File(text) }
        #expect(error.description.contains(reason), "\(error)")
    }

    @Test("a file in an archive has an address, whatever its name")
    func member() throws {
        let file = try File(archive: "/data/a b.zip", member: "in/it's 100%.txt")
        #expect(file.scheme == "zip" && file.path == "/data/a b.zip/in/it's 100%.txt")
        #expect(try File(file.url) == file)
        for (archive, member) in [("/a", "b"), ("/a.zip", ""), ("/a.zip", "../b"), ("", "b"), ("/a.zip", "/b")] {
            #expect(throws: FileError.self) { try File(archive: archive, member: member) }
        }
    }

    @Test("a checksum is 64 hexadecimal digits, in any case")
    func checksum() throws {
        let digits = String(repeating: "aB", count: 32)
        #expect(try File("/x", checksum: digits).checksum == digits.lowercased())
        for wrong in ["", "abc", String(repeating: "g", count: 64)] {
            #expect(throws: FileError.self) { try File("/x", checksum: wrong) }
        }
    }

    @Test("a password is not shown, and equal addresses are equal files")
    func shown() throws {
        let file = try File("ftp://me:secret@host/x")
        #expect(file.description == "ftp://me:***@host/x" && file.url.contains("secret"))
        let same = try [File("/x"), File("file:/x"), File("file:///x")]
        #expect(Set(same).count == 1)
        let checked = try File("/x", checksum: String(repeating: "0", count: 64))
        #expect(same[0] != checked)
    }

    @Test("a file of elsewhere has no path here")
    func elsewhere() throws {
        let error = try #require(throws: FileError.self) { try File("http://host/x").localPath }
        #expect(error.code == .notHere)
    }

    @Test("the checksum of a file is its SHA-256")
    func computed() throws {
        let path = "/tmp/apus-test-\(UUID().uuidString)"
        try SmallFile.write(Array("abc".utf8), to: path, mode: 0o600)
        defer { LocalPath.removeTree(path) }
        #expect(
            try File(path).computedChecksum() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(throws: FileError.self) { try File(path + "-not").computedChecksum() }
    }

    @Test("a file travels as address and checksum, and a wrong one is refused")
    func coding() throws {
        let file = try File("https://h/x", checksum: String(repeating: "0", count: 64))
        let bytes = try PickleEncoder().encode(file)
        #expect(try PickleDecoder().decode(File.self, from: bytes) == file)
        let wrong = try PickleEncoder().encode(["url": "http:///"])
        #expect(throws: DecodingError.self) { try PickleDecoder().decode(File.self, from: wrong) }
        let forged = try PickleEncoder().encode(["url": ["x": "y"]])
        #expect(throws: DecodingError.self) { try PickleDecoder().decode(File.self, from: forged) }
    }

    private struct Plain: AppValue { var x = 1.0, name = "n", part: [Int]? = nil, parts = [1, 2] }
    private struct Holding: AppValue { var name = "n", files: [File] = [] }
    private enum Letter: String, AppValue { case a, b }

    @Test("types that cannot hold a file are known, all others are searched")
    func search() throws {
        #expect(FileSearch.isFree([String: [Int?]].self) && !FileSearch.isFree([File].self))
        #expect(!FileSearch.mayHold(Plain()) && !FileSearch.mayHold([Plain()]) && !FileSearch.mayHold(Letter.a))
        #expect(!FileSearch.mayHold(Optional(Plain())))
        let file = try File("/x")
        #expect(FileSearch.mayHold(Holding()) && FileSearch.mayHold(file))
        #expect(FileSearch.mayHold([Holding]()) && FileSearch.mayHold(Optional<Holding>.none))
        let collector = FileCollector()
        FileSearch.collect([Holding(files: [try File("/a"), try File("/b")]), Holding()], into: collector)
        #expect(collector.files.map(\.file.path) == ["/a", "/b"])
    }
}

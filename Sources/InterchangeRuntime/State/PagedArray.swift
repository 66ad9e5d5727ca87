/// A growing table of equal records whose memory grows page by page.
///
/// An array doubles, and would waste up to half of its memory when hundreds of thousands of tasks are queued.
struct PagedArray<Element> {
    private var pages: [ContiguousArray<Element>] = []
    private let filler: Element

    private static var pageBits: Int { 12 }
    private static var pageMask: Int { (1 << pageBits) - 1 }

    /// An empty table; new places hold `filler`.
    init(filledWith filler: Element) {
        self.filler = filler
    }

    /// How many places there are.
    var count: Int { pages.count << Self.pageBits }

    /// Makes sure that `index` is a place.
    mutating func reserve(_ index: Int) {
        while index >= count {
            pages.append(ContiguousArray(repeating: filler, count: 1 << Self.pageBits))
        }
    }

    subscript(index: Int) -> Element {
        get { pages[index >> Self.pageBits][index & Self.pageMask] }
        _modify { yield &pages[index >> Self.pageBits][index & Self.pageMask] }
    }
}

extension PagedArray: Sendable where Element: Sendable {}

/// The 68 opcodes of protocols 0 to 5.
///
/// The values are the bytes in a stream; names, introducing protocols and argument forms are those of PEP 307, 3154 and 574.
enum PickleOpcode: UInt8, CaseIterable, Sendable {
    /// Pushes None.
    case none = 0x4e
    /// Pushes True.
    case newTrue = 0x88
    /// Pushes False.
    case newFalse = 0x89
    /// Pushes an int or bool in text form.
    case int = 0x49
    /// Pushes a signed four-byte int.
    case binInt = 0x4a
    /// Pushes a one-byte int.
    case binInt1 = 0x4b
    /// Pushes a two-byte int.
    case binInt2 = 0x4d
    /// Pushes an int in text form.
    case long = 0x4c
    /// Pushes an int of up to 255 bytes.
    case long1 = 0x8a
    /// Pushes a very long int.
    case long4 = 0x8b
    /// Pushes a float in text form.
    case float = 0x46
    /// Pushes a big-endian double.
    case binFloat = 0x47
    /// Pushes a quoted 8-bit string.
    case string = 0x53
    /// Pushes an 8-bit string.
    case binString = 0x54
    /// Pushes a short 8-bit string.
    case shortBinString = 0x55
    /// Pushes text in raw-unicode-escape form.
    case unicode = 0x56
    /// Pushes text.
    case binUnicode = 0x58
    /// Pushes short text.
    case shortBinUnicode = 0x8c
    /// Pushes very long text.
    case binUnicode8 = 0x8d
    /// Pushes bytes.
    case binBytes = 0x42
    /// Pushes short bytes.
    case shortBinBytes = 0x43
    /// Pushes very long bytes.
    case binBytes8 = 0x8e
    /// Pushes a bytearray.
    case byteArray8 = 0x96
    /// Pushes the next out-of-band buffer.
    case nextBuffer = 0x97
    /// Makes the buffer on top read-only.
    case readonlyBuffer = 0x98
    /// Pushes a new list.
    case emptyList = 0x5d
    /// Makes a list of the items above the mark.
    case list = 0x6c
    /// Appends one item to a list.
    case append = 0x61
    /// Appends the items above the mark.
    case appends = 0x65
    /// Pushes the empty tuple.
    case emptyTuple = 0x29
    /// Makes a tuple of the items above the mark.
    case tuple = 0x74
    /// Makes a tuple of one item.
    case tuple1 = 0x85
    /// Makes a tuple of two items.
    case tuple2 = 0x86
    /// Makes a tuple of three items.
    case tuple3 = 0x87
    /// Pushes a new dict.
    case emptyDict = 0x7d
    /// Makes a dict of the items above the mark.
    case dict = 0x64
    /// Sets one pair of a dict.
    case setItem = 0x73
    /// Sets the pairs above the mark.
    case setItems = 0x75
    /// Pushes a new set.
    case emptySet = 0x8f
    /// Adds the items above the mark to a set.
    case addItems = 0x90
    /// Makes a frozenset of the items above the mark.
    case frozenSet = 0x91
    /// Pushes a mark.
    case mark = 0x28
    /// Drops the top, or a mark.
    case pop = 0x30
    /// Drops the items above the mark.
    case popMark = 0x31
    /// Pushes the top again.
    case dup = 0x32
    /// Stores the top in the memo.
    case put = 0x70
    /// Stores the top in the memo.
    case binPut = 0x71
    /// Stores the top in the memo.
    case longBinPut = 0x72
    /// Stores the top as the next memo entry.
    case memoize = 0x94
    /// Pushes a memo entry.
    case get = 0x67
    /// Pushes a memo entry.
    case binGet = 0x68
    /// Pushes a memo entry.
    case longBinGet = 0x6a
    /// Pushes a name.
    case global = 0x63
    /// Makes a name of module and name on the stack.
    case stackGlobal = 0x93
    /// Pushes the name of an extension code.
    case ext1 = 0x82
    /// Pushes the name of an extension code.
    case ext2 = 0x83
    /// Pushes the name of an extension code.
    case ext4 = 0x84
    /// Records a call.
    case reduce = 0x52
    /// Records a new instance.
    case newObj = 0x81
    /// Records a new instance with keyword arguments.
    case newObjEx = 0x92
    /// Records an instance of a named class.
    case inst = 0x69
    /// Records an instance of a class on the stack.
    case obj = 0x6f
    /// Records the state of an instance.
    case build = 0x62
    /// Pushes the value for a persistent id in text form.
    case persID = 0x50
    /// Pushes the value for a persistent id on the stack.
    case binPersID = 0x51
    /// Announces the protocol.
    case proto = 0x80
    /// Begins a frame.
    case frame = 0x95
    /// Ends the pickle; the top is the result.
    case stop = 0x2e
}

extension PickleOpcode {
    /// The form of the argument in the stream.
    enum Argument: Sendable {
        case none, u1, u2, u4, u8, i4, f8, long1, long4, text1, text4, text8, bytes1, bytes4, bytes8, string1, string4
        case integerLine, longLine, floatLine, stringLine, unicodeLine, indexLine, asciiLine, nameLines
    }

    /// Name, introducing protocol and argument form of the opcode.
    private var row: (name: StaticString, protocolVersion: Int, argument: Argument) {
        switch self {
        case .none: ("NONE", 0, .none)
        case .newTrue: ("NEWTRUE", 2, .none)
        case .newFalse: ("NEWFALSE", 2, .none)
        case .int: ("INT", 0, .integerLine)
        case .binInt: ("BININT", 1, .i4)
        case .binInt1: ("BININT1", 1, .u1)
        case .binInt2: ("BININT2", 1, .u2)
        case .long: ("LONG", 0, .longLine)
        case .long1: ("LONG1", 2, .long1)
        case .long4: ("LONG4", 2, .long4)
        case .float: ("FLOAT", 0, .floatLine)
        case .binFloat: ("BINFLOAT", 1, .f8)
        case .string: ("STRING", 0, .stringLine)
        case .binString: ("BINSTRING", 1, .string4)
        case .shortBinString: ("SHORT_BINSTRING", 1, .string1)
        case .unicode: ("UNICODE", 0, .unicodeLine)
        case .binUnicode: ("BINUNICODE", 1, .text4)
        case .shortBinUnicode: ("SHORT_BINUNICODE", 4, .text1)
        case .binUnicode8: ("BINUNICODE8", 4, .text8)
        case .binBytes: ("BINBYTES", 3, .bytes4)
        case .shortBinBytes: ("SHORT_BINBYTES", 3, .bytes1)
        case .binBytes8: ("BINBYTES8", 4, .bytes8)
        case .byteArray8: ("BYTEARRAY8", 5, .bytes8)
        case .nextBuffer: ("NEXT_BUFFER", 5, .none)
        case .readonlyBuffer: ("READONLY_BUFFER", 5, .none)
        case .emptyList: ("EMPTY_LIST", 1, .none)
        case .list: ("LIST", 0, .none)
        case .append: ("APPEND", 0, .none)
        case .appends: ("APPENDS", 1, .none)
        case .emptyTuple: ("EMPTY_TUPLE", 1, .none)
        case .tuple: ("TUPLE", 0, .none)
        case .tuple1: ("TUPLE1", 2, .none)
        case .tuple2: ("TUPLE2", 2, .none)
        case .tuple3: ("TUPLE3", 2, .none)
        case .emptyDict: ("EMPTY_DICT", 1, .none)
        case .dict: ("DICT", 0, .none)
        case .setItem: ("SETITEM", 0, .none)
        case .setItems: ("SETITEMS", 1, .none)
        case .emptySet: ("EMPTY_SET", 4, .none)
        case .addItems: ("ADDITEMS", 4, .none)
        case .frozenSet: ("FROZENSET", 4, .none)
        case .mark: ("MARK", 0, .none)
        case .pop: ("POP", 0, .none)
        case .popMark: ("POP_MARK", 1, .none)
        case .dup: ("DUP", 0, .none)
        case .put: ("PUT", 0, .indexLine)
        case .binPut: ("BINPUT", 1, .u1)
        case .longBinPut: ("LONG_BINPUT", 1, .u4)
        case .memoize: ("MEMOIZE", 4, .none)
        case .get: ("GET", 0, .indexLine)
        case .binGet: ("BINGET", 1, .u1)
        case .longBinGet: ("LONG_BINGET", 1, .u4)
        case .global: ("GLOBAL", 0, .nameLines)
        case .stackGlobal: ("STACK_GLOBAL", 4, .none)
        case .ext1: ("EXT1", 2, .u1)
        case .ext2: ("EXT2", 2, .u2)
        case .ext4: ("EXT4", 2, .i4)
        case .reduce: ("REDUCE", 0, .none)
        case .newObj: ("NEWOBJ", 2, .none)
        case .newObjEx: ("NEWOBJ_EX", 4, .none)
        case .inst: ("INST", 0, .nameLines)
        case .obj: ("OBJ", 1, .none)
        case .build: ("BUILD", 0, .none)
        case .persID: ("PERSID", 0, .asciiLine)
        case .binPersID: ("BINPERSID", 1, .none)
        case .proto: ("PROTO", 2, .u1)
        case .frame: ("FRAME", 4, .u8)
        case .stop: ("STOP", 0, .none)
        }
    }

    /// The name that Python's pickletools uses.
    var name: String { row.name.description }
    /// The protocol that introduced the opcode.
    var protocolVersion: Int { row.protocolVersion }
    /// The form of the argument.
    var argument: Argument { row.argument }

    /// What the opcode does, in one sentence.
    var summary: String {
        switch self {
        case .none: "Pushes None."
        case .newTrue: "Pushes True."
        case .newFalse: "Pushes False."
        case .int: "Pushes an int or bool in text form."
        case .binInt: "Pushes a signed four-byte int."
        case .binInt1: "Pushes a one-byte int."
        case .binInt2: "Pushes a two-byte int."
        case .long: "Pushes an int in text form."
        case .long1: "Pushes an int of up to 255 bytes."
        case .long4: "Pushes a very long int."
        case .float: "Pushes a float in text form."
        case .binFloat: "Pushes a big-endian double."
        case .string: "Pushes a quoted 8-bit string."
        case .binString: "Pushes an 8-bit string."
        case .shortBinString: "Pushes a short 8-bit string."
        case .unicode: "Pushes text in raw-unicode-escape form."
        case .binUnicode: "Pushes text."
        case .shortBinUnicode: "Pushes short text."
        case .binUnicode8: "Pushes very long text."
        case .binBytes: "Pushes bytes."
        case .shortBinBytes: "Pushes short bytes."
        case .binBytes8: "Pushes very long bytes."
        case .byteArray8: "Pushes a bytearray."
        case .nextBuffer: "Pushes the next out-of-band buffer."
        case .readonlyBuffer: "Makes the buffer on top read-only."
        case .emptyList: "Pushes a new list."
        case .list: "Makes a list of the items above the mark."
        case .append: "Appends one item to a list."
        case .appends: "Appends the items above the mark."
        case .emptyTuple: "Pushes the empty tuple."
        case .tuple: "Makes a tuple of the items above the mark."
        case .tuple1: "Makes a tuple of one item."
        case .tuple2: "Makes a tuple of two items."
        case .tuple3: "Makes a tuple of three items."
        case .emptyDict: "Pushes a new dict."
        case .dict: "Makes a dict of the items above the mark."
        case .setItem: "Sets one pair of a dict."
        case .setItems: "Sets the pairs above the mark."
        case .emptySet: "Pushes a new set."
        case .addItems: "Adds the items above the mark to a set."
        case .frozenSet: "Makes a frozenset of the items above the mark."
        case .mark: "Pushes a mark."
        case .pop: "Drops the top, or a mark."
        case .popMark: "Drops the items above the mark."
        case .dup: "Pushes the top again."
        case .put: "Stores the top in the memo."
        case .binPut: "Stores the top in the memo."
        case .longBinPut: "Stores the top in the memo."
        case .memoize: "Stores the top as the next memo entry."
        case .get: "Pushes a memo entry."
        case .binGet: "Pushes a memo entry."
        case .longBinGet: "Pushes a memo entry."
        case .global: "Pushes a name."
        case .stackGlobal: "Makes a name of module and name on the stack."
        case .ext1: "Pushes the name of an extension code."
        case .ext2: "Pushes the name of an extension code."
        case .ext4: "Pushes the name of an extension code."
        case .reduce: "Records a call."
        case .newObj: "Records a new instance."
        case .newObjEx: "Records a new instance with keyword arguments."
        case .inst: "Records an instance of a named class."
        case .obj: "Records an instance of a class on the stack."
        case .build: "Records the state of an instance."
        case .persID: "Pushes the value for a persistent id in text form."
        case .binPersID: "Pushes the value for a persistent id on the stack."
        case .proto: "Announces the protocol."
        case .frame: "Begins a frame."
        case .stop: "Ends the pickle; the top is the result."
        }
    }
}

import Glibc

/// A format of Python's `logging` in `%` style, taken apart once (wire document §14).
struct LogFormat: Sendable {
    /// Parsl's default.
    static let standard =
        "%(created)f %(asctime)s %(processName)s-%(process)d %(threadName)s-%(thread)d "
        + "%(name)s:%(lineno)d %(funcName)s %(levelname)s: %(message)s"

    private enum Piece: Sendable {
        case text(String)
        case field(
            name: String, width: Int, leftAligned: Bool, zeroPadded: Bool, precision: Int?, conversion: Character)
    }

    private var pieces: [Piece] = []

    /// Takes a format apart; what is no field stays as it is.
    init(_ format: String) {
        var rest = Substring(format)
        var text = ""
        while let percent = rest.firstIndex(of: "%") {
            text += rest[..<percent]
            rest = rest[rest.index(after: percent)...]
            if rest.first == "%" {
                text += "%"
                rest = rest.dropFirst()
            } else if let piece = Self.field(&rest) {
                pieces.append(.text(text))
                pieces.append(piece)
                text = ""
            } else {
                text += "%"
            }
        }
        pieces.append(.text(text + rest))
    }

    /// Reads `(name)[flags][width][.precision]conversion`; leaves `rest` alone when that is not there.
    private static func field(_ rest: inout Substring) -> Piece? {
        guard rest.first == "(", let close = rest.firstIndex(of: ")") else { return nil }
        let name = String(rest[rest.index(after: rest.startIndex)..<close])
        var tail = rest[rest.index(after: close)...]
        var left = false
        var zero = false
        while let flag = tail.first, "-0+ #".contains(flag) {
            if flag == "-" { left = true }
            if flag == "0" { zero = true }
            tail = tail.dropFirst()
        }
        let width = number(&tail) ?? 0
        var precision: Int?
        if tail.first == "." {
            tail = tail.dropFirst()
            precision = number(&tail) ?? 0
        }
        guard let conversion = tail.first, conversion.isLetter else { return nil }
        rest = tail.dropFirst()
        return .field(
            name: name, width: min(width, 200), leftAligned: left, zeroPadded: zero,
            precision: precision.map { min($0, 30) }, conversion: conversion)
    }

    private static func number(_ text: inout Substring) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        text = text.dropFirst(digits.count)
        return Int(digits)
    }

    /// One line for a record, without the line end.
    func line(_ record: LogRecord) -> String {
        var line = ""
        for piece in pieces {
            switch piece {
            case .text(let text): line += text
            case .field(let name, let width, let leftAligned, let zeroPadded, let precision, let conversion):
                var value = record.value(of: name, precision: precision, conversion: conversion)
                let missing = width - value.count
                if missing > 0 {
                    if leftAligned {
                        value += String(repeating: " ", count: missing)
                    } else {
                        value = String(repeating: zeroPadded ? "0" : " ", count: missing) + value
                    }
                }
                line += value
            }
        }
        return line
    }
}

/// One event for the log, with Python's names for its parts.
struct LogRecord: Sendable {
    let level: InterchangeLogLevel
    let message: String
    let function: String
    let lineNumber: Int
    /// Seconds since 1970.
    let created: Double

    /// The text of a field; the field's own name when it is unknown.
    func value(of name: String, precision: Int?, conversion: Character) -> String {
        switch name {
        case "message": message
        case "created": Self.decimal(created, places: precision ?? 6)
        case "asctime": Self.localTime(created)
        case "msecs":
            conversion == "d" ? String(milliseconds) : Self.decimal(Double(milliseconds), places: precision ?? 6)
        case "relativeCreated": "0"
        case "process": String(getpid())
        case "processName": "MainProcess"
        case "threadName": "MainThread"
        case "thread": String(UInt(pthread_self()))
        case "taskName": "None"
        case "name": "interchange"
        case "lineno": String(lineNumber)
        case "funcName": function
        case "levelname": levelName
        case "levelno": String(level.rawValue)
        case "filename", "pathname": "interchange.swift"
        case "module": "interchange"
        default: "(\(name))"
        }
    }

    /// Python's name of the level.
    var levelName: String {
        switch level {
        case .debug: "DEBUG"
        case .info: "INFO"
        case .warning: "WARNING"
        case .error: "ERROR"
        }
    }

    private var milliseconds: Int { Int((created - created.rounded(.down)) * 1000) }

    /// `places` digits behind the point, without Foundation.
    static func decimal(_ value: Double, places: Int) -> String {
        let places = min(places, 9)
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = Int((value * scale).rounded())
        guard places > 0 else { return String(scaled) }
        let digits = String(abs(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return (scaled < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
    }

    /// `2026-11-21 12:38:30`, as Parsl's logs have it.
    static func localTime(_ seconds: Double) -> String {
        var moment = time_t(seconds)
        var fields = tm()
        localtime_r(&moment, &fields)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(Int(fields.tm_year) + 1900)-\(two(fields.tm_mon + 1))-\(two(fields.tm_mday)) "
            + "\(two(fields.tm_hour)):\(two(fields.tm_min)):\(two(fields.tm_sec))"
    }
}

"""Canonical JSON of Python values, as `apus pickle dump --json` prints it.

Shared by generate.py and verify.py. Values with an identity that are met more than once are labelled in the order of
their first appearance.
"""
import base64
import collections
import datetime
import decimal
import fractions
import functools
import json
import math
import pathlib
import uuid

NAMED = (type, type(len), type(base64.b64encode))


def blob(data):
    return base64.b64encode(bytes(data)).decode()


class Printer:
    def __init__(self, root):
        self.times = collections.Counter()
        self.keep = []
        self.labels = {}
        self.count(root)
        self.text = self.show(root)

    @staticmethod
    def labelled(x):
        if isinstance(x, (tuple, frozenset)):
            return len(x) > 0
        return isinstance(x, (list, dict, set, collections.deque, functools.partial)) or Printer.is_instance(x)

    @staticmethod
    def is_instance(x):
        return type(x).__module__ == 'shapes'

    def parts(self, x):
        if isinstance(x, dict):
            yield from (part for pair in x.items() for part in pair)
            if isinstance(x, collections.defaultdict):
                yield x.default_factory
        elif isinstance(x, (list, tuple, set, frozenset, collections.deque)):
            yield from x
        elif isinstance(x, functools.partial):
            yield from (x.func, *x.args, *(p for pair in x.keywords.items() for p in pair))
        elif self.is_instance(x):
            yield from (part for pair in x.__dict__.items() for part in pair)

    def count(self, x):
        if not self.labelled(x):
            return
        self.times[id(x)] += 1
        self.keep.append(x)
        if self.times[id(x)] == 1:
            for part in self.parts(x):
                self.count(part)

    def show(self, x):
        if self.labelled(x) and self.times[id(x)] > 1:
            if id(x) in self.labels:
                return '{"ref":%d}' % self.labels[id(x)]
            self.labels[id(x)] = len(self.labels) + 1
            return '{"def":%d,"value":%s}' % (self.labels[id(x)], self.plain(x))
        return self.plain(x)

    def all(self, items):
        return ','.join([self.show(x) for x in items])

    def pairs(self, items):
        return ','.join(['[%s,%s]' % (self.show(k), self.show(v)) for k, v in items])

    def string(self, x):
        if any('\ud800' <= c <= '\udfff' for c in x):
            return '{"str":"%s"}' % blob(x.encode('utf-8', 'surrogatepass'))
        out = ''.join('\\' + c if c in '"\\' else '\\u%04x' % ord(c) if c < ' ' else c for c in x)
        return '"' + out + '"'

    def number(self, x):
        if isinstance(x, float):
            return repr(x) if math.isfinite(x) else '{"float":"%r"}' % x
        if abs(x) < 1 << 53:
            return str(x)
        if abs(x).bit_length() <= 4096:
            return '{"int":"%d"}' % x
        return '{"int":"%s"}' % hex(x)

    def zone(self, x):
        return '' if x.tzinfo is None else ',"tz":' + self.show(x.tzinfo)

    def plain(self, x):
        if x is None or x is True or x is False:
            return json.dumps(x)
        if type(x) in (int, float):
            return self.number(x)
        if type(x) is str:
            return self.string(x)
        if type(x) in (bytes, bytearray):
            return '{"%s":"%s"}' % (type(x).__name__, blob(x))
        if type(x) is list:
            return '[' + self.all(x) + ']'
        if type(x) in (tuple, set, frozenset):
            return '{"%s":[%s]}' % (type(x).__name__, self.all(x))
        if type(x) is dict:
            return '{"dict":[%s]}' % self.pairs(x.items())
        if isinstance(x, NAMED):
            return '{"global":["%s","%s"]}' % (x.__module__, x.__qualname__)
        return self.library(x)

    def library(self, x):
        if type(x) is complex:
            return '{"complex":[%s,%s]}' % (self.number(x.real), self.number(x.imag))
        if type(x) is range or type(x) is slice:
            return '{"%s":[%s]}' % (type(x).__name__, self.all([x.start, x.stop, x.step]))
        if type(x) is collections.OrderedDict or type(x) is collections.Counter:
            return '{"%s":[%s]}' % (type(x).__name__.lower(), self.pairs(x.items()))
        if type(x) is collections.defaultdict:
            return '{"defaultdict":[%s],"factory":%s}' % (self.pairs(x.items()), self.show(x.default_factory))
        if type(x) is collections.deque:
            return '{"deque":[%s],"maxlen":%s}' % (self.all(x), json.dumps(x.maxlen))
        if type(x) is datetime.datetime:
            fold = ',"fold":1' if x.fold else ''
            return '{"datetime":"%s"%s%s}' % (
                x.replace(tzinfo=None, fold=0).isoformat(timespec='microseconds'), fold, self.zone(x))
        if type(x) is datetime.time:
            fold = ',"fold":1' if x.fold else ''
            return '{"time":"%s"%s%s}' % (
                x.replace(tzinfo=None, fold=0).isoformat(timespec='microseconds'), fold, self.zone(x))
        if type(x) is datetime.date:
            return '{"date":"%s"}' % x.isoformat()
        if type(x) is datetime.timedelta:
            return '{"timedelta":[%d,%d,%d]}' % (x.days, x.seconds, x.microseconds)
        if type(x) is datetime.timezone:
            d = x.utcoffset(None)
            args = x.__getinitargs__()
            name = ',"name":' + self.string(args[1]) if len(args) > 1 else ''
            return '{"timezone":[%d,%d,%d]%s}' % (d.days, d.seconds, d.microseconds, name)
        if type(x) is decimal.Decimal:
            return '{"decimal":"%s"}' % x
        if type(x) is fractions.Fraction:
            return '{"fraction":"%d/%d"}' % (x.numerator, x.denominator)
        if isinstance(x, pathlib.PurePath):
            return '{"path":["%s",%s]}' % (type(x).__name__, self.string(str(x)))
        if type(x) is uuid.UUID:
            return '{"uuid":"%s"}' % x
        if type(x) is functools.partial:
            return '{"partial":%s,"args":[%s],"kwargs":[%s]}' % (
                self.show(x.func), self.all(x.args), self.pairs(x.keywords.items()))
        raise TypeError(type(x))


def dumps(value):
    return Printer(value).text

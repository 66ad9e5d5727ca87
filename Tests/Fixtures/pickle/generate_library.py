#!/usr/bin/env python3.11
"""Writes library.json: values of Python's library, of classes, of NumPy and of Parsl, pickled by CPython in every protocol.

    python3.11 generate_library.py > library.json

Needs numpy, tblib and parsl beside the standard library. Each entry has a name, the protocol and the pickle in base64;
what the values are is said by LibraryTests.swift, which reads them.
"""
import array
import base64
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import json
import pathlib
import pickle
import sys
import types
import typing
import uuid
import zoneinfo

import numpy
import tblib.pickling_support
from parsl.app.errors import RemoteExceptionWrapper

paint = types.ModuleType('paint')
sys.modules['paint'] = paint


def shown(cls):
    """Puts a class into a module of its own, which is the name that the pickles have."""
    cls.__module__ = 'paint'
    setattr(paint, cls.__name__, cls)
    return cls


@shown
class Color(enum.Enum):
    RED = 1
    BLUE = 2


@shown
class Unit(enum.StrEnum):
    METRE = 'm'


@shown
class Access(enum.Flag):
    READ = 1
    WRITE = 2


@shown
class Shade(enum.Enum):
    DARK = 0.25
    __reduce_ex__ = enum.pickle_by_enum_name


@shown
class Signal(enum.IntEnum):
    STOP = 19
    __reduce_ex__ = enum.pickle_by_global_name


paint.STOP = Signal.STOP
Point = shown(collections.namedtuple('Point', 'x y'))


@shown
class Span(typing.NamedTuple):
    start: int
    stop: int
    name: str = ''


@shown
@dataclasses.dataclass
class Job:
    name: str
    cores: int
    rate: float
    tags: list
    color: Color


@shown
@dataclasses.dataclass(slots=True)
class Slotted:
    name: str
    cores: int


@shown
@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    name: str
    cores: int


@shown
class Base:
    __slots__ = ('a',)


@shown
class Mixed(Base):
    def __init__(self):
        self.a = 1
        self.b = 'two'


@shown
class Broken(Exception):
    def __init__(self, text, code):
        super().__init__(text, code)
        self.code = code


def noted():
    error = ValueError('bad', 3)
    error.add_note('check the input')
    error.add_note('then again')
    return error


# Compiled by itself, so that the tracebacks name no file of the machine that writes them.
RAISING = '''
def look(table):
    return table['missing']


def chained():
    try:
        try:
            look({})
        except KeyError as error:
            raise Broken('no value', 7) from error
    except Broken as error:
        error.add_note('while painting')
        return error


def wrapper():
    try:
        raise chained()
    except Broken as error:
        return RemoteExceptionWrapper(type(error), error, error.__traceback__)
'''
SCOPE = {'__name__': 'paint', '__file__': 'paint.py', 'Broken': Broken, 'RemoteExceptionWrapper': RemoteExceptionWrapper}
exec(compile(RAISING, 'paint.py', 'exec'), SCOPE)
# Slots without methods of their own need protocol 2.
FROM_PROTOCOL_2 = {'dataclass slots', 'attributes and slots'}

UTC = datetime.timezone.utc
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30), 'IST')
VALUES = {
    'enum': Color.BLUE,
    'enum text': Unit.METRE,
    'enum flags': Access.READ | Access.WRITE,
    'enum by name': Shade.DARK,
    'enum by global name': Signal.STOP,
    'namedtuple': Point(1.5, -2.0),
    'namedtuples': [Span(1, 5, 'a'), Span(2, 6)],
    'dataclass': Job('align', 4, 0.5, ['x', 'y'], Color.RED),
    'dataclass slots': Slotted('align', 4),
    'dataclass frozen slots': Frozen('align', 4),
    'attributes and slots': Mixed(),
    'datetime': datetime.datetime(2024, 2, 29, 13, 14, 15, 16),
    'datetime utc': datetime.datetime(2024, 2, 29, 13, 14, 15, 16, UTC),
    'datetime offset': datetime.datetime(2024, 2, 29, 18, 44, 15, 16, EAST),
    'datetime fold': datetime.datetime(2024, 10, 27, 2, 30, fold=1),
    'datetime zone': datetime.datetime(2024, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')),
    'date': datetime.date(1999, 12, 31),
    'time': datetime.time(23, 59, 58, 999999, UTC),
    'timedelta': datetime.timedelta(-1, 5, 6),
    'timezone': EAST,
    'decimal': decimal.Decimal('1.50'),
    'decimal nan': decimal.Decimal('sNaN'),
    'fraction': fractions.Fraction(-3, 4),
    'uuid': uuid.UUID('12345678-1234-5678-9abc-def012345678'),
    'complex': complex(1.5, -0.0),
    'range': range(1, 10, 3),
    'slice': slice(1, None, -1),
    'OrderedDict': collections.OrderedDict([('b', 1), ('a', [2])]),
    'defaultdict': collections.defaultdict(list, {'a': [1]}),
    'deque': collections.deque([1, 2, 3], 5),
    'Counter': collections.Counter('abca'),
    'path': pathlib.PurePosixPath('/a/b.txt'),
    'path relative': pathlib.PosixPath('a/b/../c'),
    'partial': functools.partial(int, '10', base=2),
    'bytes': bytes(range(250, 256)),
    'exception': ValueError('bad', 3),
    'exception notes': noted(),
    'exception file': FileNotFoundError(2, 'No such file or directory', '/nowhere'),
    'exception group': ExceptionGroup('several', [ValueError('a'), KeyError('b')]),
    'array b': array.array('b', [-1, 2]),
    'array B': array.array('B', [1, 255]),
    'array h': array.array('h', [-300, 2]),
    'array H': array.array('H', [1, 65535]),
    'array i': array.array('i', [-70000, 2]),
    'array I': array.array('I', [1, 4294967295]),
    'array q': array.array('q', [-2**63, 2]),
    'array Q': array.array('Q', [1, 2**64 - 1]),
    'array f': array.array('f', [1.5, -2.0]),
    'array d': array.array('d', [0.1, -2.0]),
    'numpy float64': numpy.float64(1.5),
    'numpy float32': numpy.float32(0.25),
    'numpy float16': numpy.float16(-2.5),
    'numpy int8': numpy.int8(-7),
    'numpy uint64': numpy.uint64(2**64 - 1),
    'numpy bool': numpy.bool_(True),
    'ndarray f8': numpy.array([0.5, 1.5, 2.5]),
    'ndarray i4 2-D': numpy.array([[1, 2, 3], [4, 5, 6]], 'i4'),
    'ndarray f4 Fortran': numpy.asfortranarray(numpy.array([[1, 2, 3], [4, 5, 6]], 'f4')),
    'ndarray u1 3-D': numpy.arange(24, dtype='u1').reshape(2, 3, 4),
    'ndarray bool': numpy.array([True, False, True]),
    'ndarray empty': numpy.zeros((0, 3)),
    'ndarray 0-D': numpy.array(2.5),
    'ndarray big-endian': numpy.array([1.5, -2.0], '>f8'),
    'ndarray sliced': numpy.arange(10)[::3],
}
# Only with these does a pickled exception keep cause and traceback; after the plain ones have been written.
TRACED = {
    'exception chained': SCOPE['chained'],
    'exception wrapped': SCOPE['wrapper'],
}


def main():
    entries = []

    def add(name, value):
        for protocol in range(2 if name in FROM_PROTOCOL_2 else 0, 6):
            data = base64.b64encode(pickle.dumps(value, protocol)).decode()
            entries.append({'name': name, 'protocol': protocol, 'pickle': data})

    for name, value in VALUES.items():
        add(name, value)
    tblib.pickling_support.install()
    for name, make in TRACED.items():
        add(name, make())
    text = json.dumps(entries, indent=0, ensure_ascii=True)
    print(text)


main()

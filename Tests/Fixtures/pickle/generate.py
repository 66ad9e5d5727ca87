#!/usr/bin/env python3.11
"""Writes golden.json: values pickled by CPython's C pickler in every protocol, with their canonical JSON.

    python3.11 generate.py > golden.json

Each entry has the expression, the protocol, the pickle in base64, the JSON, and whether the value is plain (then the
writer must give the very same bytes in its CPython mode).
"""
import base64
import collections
import datetime
import decimal
import fractions
import functools
import json
import pathlib
import pickle
import sys
import uuid

import canonical

PLAIN = r"""
None
True
False
0
255
256
65535
65536
-1
2**31 - 1
-2**31
2**31
-2**31 - 1
2**63
-2**63
2**64
2**2039 - 1
-2**2039
2**2040
-10**400
0.0
-0.0
1.5
-1e300
1e16
9557661382529352.0
5e-324
1e-5
float('inf')
float('-inf')
''
'a'
'é Ā 😀'
'line\nback\\slash\r\x00\x1a'
'x' * 255
'x' * 256
'é' * 40000
'\ud800 lone'
b''
b'ab'
bytes(range(256))
b'z' * 70000
bytearray()
bytearray(b'abc')
bytearray(70000)
[]
[None]
[1, [2, [3, []]]]
()
(1,)
(1, 2)
(1, 2, 3)
(1, 2, 3, 4)
((), ((),))
{}
{'a': 1}
{'b': 1, 'a': {'c': (1, 2)}}
{1: 'int', 'x': 'str', b'y': 'bytes', (1, 'z'): 'tuple', None: 0, 2.5: 1}
set()
{7}
frozenset()
frozenset({7})
[frozenset({(1, 2)}), {(3,)}]
list(range(999))
list(range(1000))
list(range(1001))
list(range(2001))
dict.fromkeys(range(1000), None)
dict.fromkeys(range(1001), None)
set(range(1000))
set(range(1001))
[str(i) for i in range(300)]
['y' * 30000, 'z' * 30000, 'w' * 30000, 'v' * 70000, 'u']
shared()
deep(200)
cycle_list()
cycle_dict()
cycle_tuple()
cycle_tuple4()
""".strip().split('\n')

LIBRARY = r"""
1 + 2j
range(5)
range(1, 10, 3)
slice(1, None, -1)
collections.OrderedDict([('b', 1), ('a', [2])])
collections.defaultdict(list, {'a': [1]})
collections.Counter('abca')
collections.deque([1, 2, 3], 5)
collections.deque('abc')
datetime.datetime(2024, 2, 29, 13, 14, 15, 16)
datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)
datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=-5), 'EST'))
datetime.date(2024, 2, 29)
datetime.time(23, 59, 58, 999999)
datetime.timedelta(-1, 5, 6)
decimal.Decimal('1.50')
decimal.Decimal('-Infinity')
fractions.Fraction(3, -4)
uuid.UUID(int=5)
uuid.UUID(int=2**127 + 7)
pathlib.PurePosixPath('/a/b')
pathlib.PurePosixPath('rel/x.txt')
functools.partial(int, '10', base=2)
collections.OrderedDict
len
""".strip().split('\n')


def shared():
    a = ['shared']
    t = (a, 'text')
    return [a, t, {'k': a, 't': t}, a]


def deep(n):
    value = []
    for _ in range(n):
        value = [value]
    return value


def cycle_list():
    a = [1]
    a.append(a)
    return a


def cycle_dict():
    d = {'x': 1}
    d['self'] = d
    return d


def cycle_tuple():
    t = ([],)
    t[0].append(t)
    return t


def cycle_tuple4():
    t = ([], 1, 2, 3)
    t[0].append(t)
    return t


def main():
    entries = []
    for plain, lines in ((True, PLAIN), (False, LIBRARY)):
        for expression in lines:
            value = eval(expression)
            for protocol in range(6):
                data = pickle.dumps(value, protocol)
                entry = {'expression': expression, 'protocol': protocol, 'plain': plain}
                if len(data) > 60000 and protocol != (5 if isinstance(value, bytearray) else 4):
                    continue
                entry['pickle'] = base64.b64encode(data).decode()
                entry['json'] = canonical.dumps(pickle.loads(data))
                if len(entry['json']) > 20000:
                    del entry['json']
                entries.append(entry)
    json.dump(entries, sys.stdout, indent=0, ensure_ascii=True)
    print()


main()

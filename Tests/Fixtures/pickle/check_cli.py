#!/usr/bin/env python3
"""Checks the pickle commands of a built `apus` against the golden files and against Python.

    python3 check_cli.py path/to/apus

Every golden pickle is dumped, disassembled, and written again in every protocol; Python loads what was written. Then come
inputs that must be refused: cut, mutated, or wrong in one opcode. Prints what differs, and ends with status 1 if anything
did.
"""
import base64
import concurrent.futures
import io
import json
import os
import pickle
import pickletools
import random
import resource
import subprocess
import sys

import canonical

HERE = os.path.dirname(os.path.abspath(__file__))
APUS = os.path.abspath(sys.argv[1])
SEED = int(os.environ.get('APUS_SEED', '1'))
sys.setrecursionlimit(20000)
failures = []


def run(data, *arguments):
    return subprocess.run([APUS, 'pickle', *arguments], input=data, capture_output=True, timeout=60)


def code(result):
    """The word of an error, or None."""
    for line in result.stderr.decode('utf-8', 'replace').splitlines():
        if line.startswith('error: '):
            return line[7:].split()[0].rstrip(':')
    return None


def check(condition, *what):
    if not condition:
        failures.append(' '.join(str(part) for part in what)[:300])


class Plain(pickle.Unpickler):
    NAMES = {('_codecs', 'encode'), ('builtins', 'bytes'), ('builtins', 'bytearray'), ('builtins', 'set'),
             ('builtins', 'frozenset')}

    def find_class(self, module, name):
        # In its own mode the writer uses Python 2's name of the module below protocol 3, as CPython does.
        module = 'builtins' if module == '__builtin__' else module
        if (module, name) in self.NAMES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError('%s.%s is not plain data' % (module, name))


def opcodes(data):
    """The opcodes as pickletools sees them, without the rule that nothing may be left on the stack."""
    return [(position, opcode.name) for opcode, _, position in pickletools.genops(data)]


def golden(entry):
    data = base64.b64decode(entry['pickle'])
    name = '%s in protocol %d' % (entry['expression'], entry['protocol'])
    dumped = run(data, 'dump', '-', '--json')
    check(dumped.returncode == 0, name, 'dump', dumped.stderr)
    if 'json' in entry:
        check(dumped.stdout.decode().rstrip('\n') == entry['json'], name, 'dump', dumped.stdout)
    listed = run(data, 'disassemble', '-', '--lines')
    lines = [line.split(' ')[:2] for line in listed.stdout.decode('utf-8', 'surrogatepass').split('\n')[:-2]]
    check([(int(o), n) for o, n in lines] == opcodes(data), name, 'disassemble')
    if not entry['plain']:
        return
    # One protocol is enough to start from; its own it must come back to byte by byte.
    for version in range(6) if entry['protocol'] == 4 else [entry['protocol']]:
        for mode in ('compact', 'cpython'):
            written = run(data, 'roundtrip', '-', '--protocol', str(version), '--mode', mode).stdout
            if mode == 'cpython' and version == entry['protocol']:
                check(written == data, name, 'is not written as it was')
            if len(data) > 5000:
                continue
            check(canonical.dumps(Plain(io.BytesIO(written)).load()) == entry['json'], name, 'to', version, mode)


def cut(job):
    data, length = job
    result = run(data[:length], 'dump', '-', '--json')
    check((result.returncode, code(result)) == (1, 'truncated'), data, 'cut to', length, result.stderr)


def mutated(data):
    result = run(data, 'dump', '-', '--json')
    check(result.returncode in (0, 1), data, 'ends with', result.returncode)
    try:
        expected = canonical.dumps(Plain(io.BytesIO(data)).load())
    except Exception:
        # Python has names that are records here, and looks away now and then; what matters is that nothing breaks.
        return
    if result.returncode == 0:
        check(result.stdout.decode().rstrip('\n') == expected, data, 'is', result.stdout, 'in Python', expected)
    else:
        # Stricter than CPython in the text forms of numbers, and in frames.
        check(code(result) in ('badLiteral', 'badFrame', 'typeMismatch', 'truncated'), data, result.stderr)


# Input, options, and the word of the error, or what is dumped.
CASES = [
    (b'', [], 'truncated'), (b'\x80\x06N.', [], 'unsupportedProtocol'), (b'\n.', [], 'unknownOpcode'),
    (b'Np-1\n.', [], 'badLiteral'), (b'Np0x1\n.', [], 'badLiteral'), (b'Np01\n0g1\n.', [], None),
    (b'L' + b'9' * 5000 + b'L\n.', [], 'limitExceeded'), (b'F0x1p3\n.', [], 'badLiteral'),
    (b'0.', [], 'stackUnderflow'), (b'N(2.', [], 'stackUnderflow'), (b'1N.', [], 'missingMark'), (b'N(0.', [], None),
    (b'N((0.', [], 'stackUnderflow'), (b'}(Nu.', [], 'oddItems'), (b'](N\x90.', [], 'typeMismatch'),
    (b'\x8f(]\x90.', [], 'unhashable'), (b'h\x00.', [], 'missingMemo'), (b'\x97.', [], 'missingBuffer'),
    (b'N\x98.', [], 'typeMismatch'), (b'\x82\x01.', [], 'badExtension'), (b'\x84\xff\xff\xff\xff.', [], 'badExtension'),
    (b'\x82\x01.', ['--ext', '1=m:n'], None), (b'Pa\n.', [], 'persistentId'), (b'Pa\n.', ['--persistent'], None),
    (b'Pa\nQ.', ['--persistent'], None), (b'P\xe9\n.', ['--persistent'], 'badEncoding'),
    (b'ca\nb\n}b.', [], 'typeMismatch'), (b'ca\nb\n)\x81N}\x86b.', [], None), (b'ca\nb\n)\x81}b]b.', [], None),
    (b'\x95\x01' + bytes(7) + b'K\x01.', [], 'badFrame'), (b'\x95' + b'\xff' * 8 + b'N.', [], 'truncated'),
    (b'\x80\x04\x95\x0b' + bytes(7) + b'N\x95' + bytes(8) + b'.', [], 'badFrame'), (b'N.rest', [], None),
    (b'\x96\x01' + bytes(7) + b'a\x98.', [], None), (b'\x8e' + b'\xff' * 7 + b'\x7f.', [], 'truncated'),
    (b'U\x01\xe9.', [], 'badEncoding'), (b'U\x01\xe9.', ['--encoding', 'latin1'], None),
    (b'\x8c\x03\xed\xa0\x80.', [], None), (b'\x8c\x02\xc0\x80.', [], 'badEncoding'),
    (b']' * 1000 + b'a' * 999 + b'.', [], None), (b'N' + b'\x85' * 1000 + b'.', [], None),
    (b']' * 200000 + b'a' * 199999 + b'.', [], 'limitExceeded'), (b'N' + b'\x85' * 200000 + b'.', [], 'limitExceeded'),
    (b'(' * 200000 + b't' * 200000 + b'.', [], 'limitExceeded'),
]


def main():
    # Python's own unpickler makes a memo of 16 GB when a mutated pickle says so: it gets an error instead of the machine.
    limit = 6 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    with open(os.path.join(HERE, 'golden.json'), encoding='utf-8') as file:
        entries = json.load(file)
    rng = random.Random(SEED)
    small = [base64.b64decode(e['pickle']) for e in entries if len(e['pickle']) < 500]
    cuts = [(data, length) for data in small for length in range(len(data))]
    rng.shuffle(cuts)
    mutations = []
    for _ in range(1500):
        data = bytearray(rng.choice(small))
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(data) + 1)
            other = rng.choice(small)
            start = rng.randrange(len(other))
            data[place:place + rng.randint(0, 2)] = other[start:start + rng.randint(0, 4)]
        mutations.append(bytes(data))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for check_one, jobs in ((golden, entries), (cut, cuts[:1500]), (mutated, mutations)):
            list(pool.map(check_one, jobs))
    for data, options, expected in CASES:
        for command in (['dump', '-', '--json'], ['roundtrip', '-', '--protocol', '5']):
            result = run(data, *command, *options)
            wanted = (0, None) if expected is None else (1, expected)
            check((result.returncode, code(result)) == wanted, data[:40], command[0], result.stderr[:100])
    for failure in failures[:50]:
        print(failure)
    print('golden files %d, cuts 1500, mutations 1500 (seed %d), cases %d: %d failures'
          % (len(entries), SEED, len(CASES), len(failures)))
    sys.exit(1 if failures else 0)


main()

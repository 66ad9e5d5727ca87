"""The rows of the Swift benchmark, with CPython's C pickle (protocol 5).

Writes the pickles of all rows into the folder and says `ready`. Then answers every name of a row on standard input with
`dumps_ms loads_ms`, the best of three runs in CPU time, so that both sides can be measured in turn.
"""
import dataclasses
import gc
import pickle
import random
import sys
import time

SMALL = {'envelope': {'task_id': 123456, 'context': {}, 'buffer': bytes(range(150)) * 2}}


@dataclasses.dataclass
class Sample:
    id: int
    name: str
    x: float
    y: float
    ok: bool


def best(work, rounds=3):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
        del result
    return min(times) * 1000


def row(value):
    data = pickle.dumps(value, 5)
    return best(lambda: pickle.dumps(value, 5)), best(lambda: pickle.loads(data))


def small(value, count=20000):
    data = pickle.dumps(value)
    dumps = best(lambda: [pickle.dumps(value) for _ in range(count)]) / count
    loads = best(lambda: [pickle.loads(data) for _ in range(count)]) / count
    return dumps, loads


def values():
    numbers = random.Random(1)
    doubles = [numbers.random() for _ in range(1_000_000)]
    records = [Sample(i, 'sample%d' % i, i * 0.5, i * 0.25, i % 2 == 0) for i in range(100_000)]
    return {
        'ints': [i % 256 for i in range(1_000_000)],
        'wide_ints': list(range(1_000_000)),
        'doubles': doubles,
        'strings': ['string%d' % i for i in range(100_000)],
        'dict': {'key%d' % i: doubles[i] for i in range(100_000)},
        'records_dict': [dataclasses.asdict(r) for r in records],
        'records_class': records,
        # Not bytes(n): its pages would all be the one page of zeros, which is read from the cache.
        'bytes': b'0123456789' * 10_000_000,
    }


def main(folder):
    rows = values()
    for name, value in rows.items():
        with open('%s/%s.pkl' % (folder, name), 'wb') as f:
            pickle.dump(value, f, 5)
    gc.disable()
    print('ready', flush=True)
    for line in sys.stdin:
        name = line.strip()
        times = small(SMALL[name]) if name in SMALL else row(rows[name])
        print('%.6f %.6f' % times, flush=True)


if __name__ == '__main__':
    main(sys.argv[1])

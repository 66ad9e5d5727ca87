"""The rows of the Swift benchmark, with CPython's C pickle (protocol 5), in CPU time. Prints `name dumps_ms loads_ms bytes`."""
import dataclasses
import gc
import pickle
import random
import sys
import time


@dataclasses.dataclass
class Sample:
    id: int
    name: str
    x: float
    y: float
    ok: bool


def best(work, rounds):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
        del result
    return min(times) * 1000


def row(name, value, rounds=7):
    data = pickle.dumps(value, 5)
    dumps = best(lambda: pickle.dumps(value, 5), rounds)
    loads = best(lambda: pickle.loads(data), rounds)
    print('%s %.3f %.3f %d' % (name, dumps, loads, len(data)), flush=True)


def small(name, value, count=20000):
    data = pickle.dumps(value)
    dumps = best(lambda: [pickle.dumps(value) for _ in range(count)], 5) / count
    loads = best(lambda: [pickle.loads(data) for _ in range(count)], 5) / count
    print('%s %.6f %.6f %d' % (name, dumps, loads, len(data)), flush=True)


def main(folder):
    numbers = random.Random(1)
    doubles = [numbers.random() for _ in range(1_000_000)]
    records = [Sample(i, 'sample%d' % i, i * 0.5, i * 0.25, i % 2 == 0) for i in range(100_000)]
    dicts = [dataclasses.asdict(r) for r in records]
    rows = {
        'ints': [i % 256 for i in range(1_000_000)],
        'wide_ints': list(range(1_000_000)),
        'doubles': doubles,
        'strings': ['string%d' % i for i in range(100_000)],
        'dict': {'key%d' % i: doubles[i] for i in range(100_000)},
        'records_dict': dicts,
        'records_class': records,
        'bytes': bytes(100_000_000),
    }
    for name, value in rows.items():
        with open('%s/%s.pkl' % (folder, name), 'wb') as f:
            pickle.dump(value, f, 5)
    gc.disable()
    for name, value in rows.items():
        row(name, value)
    small('envelope', {'task_id': 123456, 'context': {}, 'buffer': bytes(300)})


main(sys.argv[1])

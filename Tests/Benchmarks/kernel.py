#!/usr/bin/env python3
"""Measures the task graph alone: the kernel on threads of one process, beside Parsl and Dask with the same graphs.

    swift build -c release --package-path Tests/Benchmarks/Kernel
    Tests/Benchmarks/kernel.py [--runs 5] [--parsl-python P] [--dask-python P] [--markdown FILE]

Each P is a Python with parsl or dask (`pip install "dask[distributed]"` in a virtual environment; `make test-extra` makes one
with parsl in .build/venv). What is not installed is left out. Systems take turns; figures are medians of the runs. The
peers run fewer tasks where a million would take them minutes: their number is in the table.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "Tests/Benchmarks/Kernel/.build/release/KernelBenchmark")

# graph: tasks of ours, of Parsl, of Dask's thread scheduler
GRAPHS = {
    "independent": (1_000_000, 10_000, 100_000),
    "chain": (100_000, 2_000, 100_000),
    "fanin": (100_000, 5_000, 100_000),
    "layers": (1_000_000, 10_000, 90_000),
}

PARSL = """
import json, sys, time, tempfile, threading
import parsl
from parsl.config import Config
from parsl.executors.threads import ThreadPoolExecutor
graph, count = sys.argv[1], int(sys.argv[2])
def noop(x): return 0
def next_(x): return x + 1
def total(inputs=()): return sum(inputs)
def join3(a, b, c): return max(a, b, c) + 1
with tempfile.TemporaryDirectory() as directory:
    parsl.load(Config(executors=[ThreadPoolExecutor(max_threads=2)], run_dir=directory, strategy="none",
                      initialize_logging=False))
    noop, next_, total, join3 = map(parsl.python_app, (noop, next_, total, join3))
    [f.result() for f in [noop(0) for _ in range(100)]]
    began = time.perf_counter()
    if graph == "independent":
        [f.result() for f in [noop(i) for i in range(count)]]
    elif graph == "chain":
        last = next_(0)
        for _ in range(count - 1): last = next_(last)
        assert last.result() == count
    elif graph == "fanin":
        assert total(inputs=[noop(i) for i in range(count)]).result() == 0
    else:
        width = round(count ** 0.5)
        layer = [noop(i) for i in range(width)]
        for _ in range(width - 1):
            layer = [join3(layer[i], layer[(i + 1) % width], layer[(i + 7) % width]) for i in range(width)]
        assert [f.result() for f in layer][-1] == width - 1
    seconds = time.perf_counter() - began
    parsl.dfk().cleanup()
print(json.dumps({"tasks_per_second": count / seconds}))
"""

DASK = """
import json, sys, time
import dask, dask.threaded
graph, count = sys.argv[1], int(sys.argv[2])
def noop(x): return 0
def next_(x): return x + 1
def total(values): return sum(values)
def join3(a, b, c): return max(a, b, c) + 1
sys.setrecursionlimit(1_000_000)
def build():
    g = {}
    if graph == "independent":
        for i in range(count): g[("t", i)] = (noop, i)
        return g, [("t", i) for i in range(count)], 0
    if graph == "chain":
        g[("t", 0)] = (next_, 0)
        for i in range(1, count): g[("t", i)] = (next_, ("t", i - 1))
        return g, [("t", count - 1)], count
    if graph == "fanin":
        for i in range(count): g[("t", i)] = (noop, i)
        g["sum"] = (total, [("t", i) for i in range(count)])
        return g, ["sum"], 0
    width = round(count ** 0.5)
    for i in range(width): g[("t", 0, i)] = (noop, i)
    for l in range(1, width):
        for i in range(width):
            g[("t", l, i)] = (join3, ("t", l - 1, i), ("t", l - 1, (i + 1) % width), ("t", l - 1, (i + 7) % width))
    return g, [("t", width - 1, i) for i in range(width)], width - 1
began = time.perf_counter()
g, keys, expected = build()
values = dask.threaded.get(g, keys, num_workers=2)
seconds = time.perf_counter() - began
assert values[-1] == expected, values[-1]
print(json.dumps({"tasks_per_second": count / seconds}))
"""


def last_json(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1800)
    if done.returncode != 0:
        raise SystemExit(f"{command[:4]} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def has(python, module):
    return subprocess.run([python, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--parsl-python", default=os.path.join(ROOT, ".build/venv/bin/python3"))
    parser.add_argument("--dask-python", default=sys.executable)
    parser.add_argument("--markdown")
    options = parser.parse_args()
    if not os.path.exists(PROGRAM):
        raise SystemExit("build it first: swift build -c release --package-path Tests/Benchmarks/Kernel")
    parsl = os.path.exists(options.parsl_python) and has(options.parsl_python, "parsl")
    dask = os.path.exists(options.dask_python) and has(options.dask_python, "dask")
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        for graph, (ours, of_parsl, of_dask) in GRAPHS.items():
            rates = {"apus": [], "parsl": [], "dask": []}
            held, left = [], []
            for _ in range(options.runs):
                rates["apus"].append(last_json([PROGRAM, graph, str(ours)])["tasks_per_second"])
                if parsl:
                    command = [options.parsl_python, "-c", PARSL, graph, str(of_parsl)]
                    rates["parsl"].append(last_json(command)["tasks_per_second"])
                if dask:
                    command = [options.dask_python, "-c", DASK, graph, str(of_dask)]
                    rates["dask"].append(last_json(command)["tasks_per_second"])
                memory = last_json([PROGRAM, graph, str(ours), "2", "memory"])
                held.append(memory["bytes_per_unfinished_task"])
                left.append(memory["bytes_per_task_after"])
            own = statistics.median(rates["apus"])
            cells = [f"{graph}, {ours:,} tasks", f"{own:,.0f}/s"]
            for peer, number in (("parsl", of_parsl), ("dask", of_dask)):
                if rates[peer]:
                    rate = statistics.median(rates[peer])
                    cells.append(f"{rate:,.0f}/s ({number:,} tasks): {own / rate:.1f} ×")
                else:
                    cells.append("not installed")
            cells.append(f"{statistics.median(held):.0f} B")
            cells.append(f"{statistics.median(left):.0f} B")
            rows.append("| " + " | ".join(cells) + " |")
            print(rows[-1], flush=True)
    table = "\n".join(
        ["| graph | Apus | beside Parsl | beside Dask | memory a task, all unfinished | after the end |",
         "| --- | --- | --- | --- | --- | --- |", *rows])
    if options.markdown:
        with open(options.markdown, "w") as file:
            file.write(table + "\n")


if __name__ == "__main__":
    main()

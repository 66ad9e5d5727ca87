#!/usr/bin/env python3
"""Measures the interchange's state with fleets of managers of different sizes, taking turns.

    swift build -c release --product ScaleBenchmark
    Tests/Benchmarks/fleet.py [--runs 3] [--tasks 10000000] [--markdown FILE]

Each run is a process of its own with a virtual clock; only processor time within the state is counted, and every task is
followed from its arrival to its end. Figures are medians of the runs; memory is of the last.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, ".build/release/ScaleBenchmark")

FLEETS = [
    ("100 managers × 64 workers", dict(managers=100, workers=64, queued=1000)),
    ("100 managers × 64, 1,000,000 queued", dict(managers=100, workers=64, queued=1_000_000)),
    ("100 managers × 6,400 workers", dict(managers=100, workers=6400, queued=1000)),
    ("10,000 managers × 64 workers", dict(managers=10_000, workers=64, queued=1000)),
    ("10,000 managers × 64, 1,000,000 queued", dict(managers=10_000, workers=64, queued=1_000_000)),
    ("10,000 × 64, 100 lost, 2 storms", dict(managers=10_000, workers=64, queued=1000, losses=100, storms=2)),
]


def measure(fleet, tasks):
    words = [PROGRAM, "fleet", "--tasks", str(tasks)]
    for name, value in fleet.items():
        words += ["--" + name, str(value)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit("%s\n%s%s" % (" ".join(words), done.stdout, done.stderr))
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tasks", type=int, default=10_000_000)
    parser.add_argument("--markdown")
    arguments = parser.parse_args()
    results = {name: [] for name, _ in FLEETS}
    for number in range(arguments.runs):
        for name, fleet in FLEETS:
            results[name].append(measure(fleet, arguments.tasks))
            print("%d %-40s %s" % (number + 1, name, json.dumps(results[name][-1])), file=sys.stderr)
    base = statistics.median(r["ns_per_task"] for r in results[FLEETS[0][0]])
    lines = [
        "| fleet | tasks/s | ns a task | to the first row | at managers | longest turn | memory |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, _ in FLEETS:
        runs = results[name]
        each = statistics.median(r["ns_per_task"] for r in runs)
        last = runs[-1]
        lines.append(
            "| %s | %s | %d | %.2f × | %s | %.1f ms | %d MB |"
            % (
                name,
                format(int(statistics.median(r["tasks_per_second"] for r in runs)), ","),
                each,
                each / base,
                format(last["most_in_flight"], ","),
                statistics.median(r["longest_turn_us"] for r in runs) / 1000,
                (last["bytes"]["most"] - last["bytes"]["start"]) / 1e6,
            ))
    text = "\n".join(lines)
    print(text)
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            file.write(text + "\n")


main()

#!/usr/bin/env python3
"""Measures Apus end to end, beside a bare C chain of the same processes and beside Parsl, in one run.

    Tests/Benchmarks/end_to_end.py [--runs 5] [--quick] [--markdown FILE]

Needs release builds of `apus`, `Hello` (swift build -c release --product …), a C compiler, and, for the rows that
name Parsl and for the queue's memory, a Python with parsl and pyzmq (`make test-extra` makes one in .build/venv).
Rounds alternate between the systems, and every figure is the median of the rounds.
"""
import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def median(values):
    return statistics.median(values)


def run_json(command, timeout=600):
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=timeout, check=True)
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


def perf(apus, curve, place=(), **options):
    command = [*place, apus, "perf", "--json", "--curve" if curve else "--no-curve"]
    for name, value in options.items():
        command += ["--" + name, str(value)]
    return run_json(command)


PARSL_PROGRAM = """
import json, os, sys, tempfile, time
import parsl
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider

def noop():
    return None

tasks, sequential, encrypted = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "curve"
with tempfile.TemporaryDirectory() as directory:
    executor = HighThroughputExecutor(label="htex", address="127.0.0.1", max_workers_per_node=2, cores_per_worker=0.1,
                                      encrypted=encrypted,
                                      provider=LocalProvider(init_blocks=1, max_blocks=1))
    parsl.load(Config(executors=[executor], run_dir=directory, strategy="none", initialize_logging=False))
    app = parsl.python_app(noop)
    [f.result() for f in [app() for _ in range(20)]]
    start = time.perf_counter()
    futures = [app() for _ in range(tasks)]
    [f.result() for f in futures]
    seconds = time.perf_counter() - start
    latencies = []
    for _ in range(sequential):
        before = time.perf_counter()
        app().result()
        latencies.append((time.perf_counter() - before) * 1e6)
    latencies.sort()
    parsl.dfk().cleanup()
print(json.dumps({"tasks_per_second": tasks / seconds, "latency_median_us": latencies[len(latencies) // 2]}))
"""


def parsl_perf(python, curve, tasks, sequential):
    environment = dict(os.environ, PATH=os.path.dirname(python) + ":" + os.environ["PATH"])
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run(
            [python, "-c", PARSL_PROGRAM, str(tasks), str(sequential), "curve" if curve else "plain"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=directory, timeout=900, check=True)
    return json.loads(done.stdout.decode().strip().splitlines()[-1])


QUEUE_PROGRAM = """
import json, os, pickle, subprocess, sys, tempfile, time
import zmq
apus, count = sys.argv[1], int(sys.argv[2])
context = zmq.Context()
sockets = []
for kind in (zmq.DEALER, zmq.DEALER, zmq.REQ):
    socket = context.socket(kind)
    socket.set_hwm(0)
    socket.setsockopt(zmq.LINGER, 0)
    socket.bind("tcp://127.0.0.1:*")
    sockets.append(socket)
ports = tuple(int(s.getsockopt(zmq.LAST_ENDPOINT).decode().rsplit(":", 1)[1]) for s in sockets)
def resident(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
with tempfile.TemporaryDirectory() as directory:
    config = dict(client_address="127.0.0.1", client_ports=ports, interchange_address="127.0.0.1", worker_port=None,
                  worker_port_range=(54000, 55000), hub_address=None, hub_zmq_port=None, logdir=directory,
                  heartbeat_threshold=120, poll_period=10, logging_level=20, cert_dir=None, run_id="bench")
    process = subprocess.Popen([apus, "interchange", "--parsl-version", "0", "--python-version", "3.11"],
                               stdin=subprocess.PIPE)
    process.stdin.write(pickle.dumps(config))
    process.stdin.close()
    tasks, _, command = sockets
    def ask():
        command.send(pickle.dumps("MANAGERS"))
        return pickle.loads(command.recv())
    ask()
    before = resident(process.pid)
    sample = None
    for number in range(1, count + 1):
        message = pickle.dumps({"task_id": number, "context": {}, "buffer": os.urandom(300)})
        sample = len(message)
        tasks.send(message)
    # Settled: the size no longer grows from one look to the next.
    last = -1
    while True:
        time.sleep(0.5)
        ask()
        now = resident(process.pid)
        if now == last:
            break
        last = now
    process.terminate()
    process.wait()
print(json.dumps({"bytes_per_task": (last - before) / count, "message_bytes": sample}))
"""


def cold_start(hello):
    """Seconds from the start of the process to the first line it prints, which holds a result."""
    with tempfile.TemporaryDirectory() as directory:
        start = time.perf_counter()
        process = subprocess.Popen([hello], stdout=subprocess.PIPE, cwd=directory)
        process.stdout.readline()
        seconds = time.perf_counter() - start
        process.stdout.read()
        process.wait()
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the tasks")
    parser.add_argument("--apus", default=os.path.join(ROOT, ".build/release/apus"))
    parser.add_argument("--hello", default=os.path.join(ROOT, ".build/release/Hello"))
    parser.add_argument("--python", default=os.path.join(ROOT, ".build/venv/bin/python3"))
    parser.add_argument("--only", default="throughput,latency,bandwidth,queue,start")
    parser.add_argument("--markdown")
    arguments = parser.parse_args()
    scale = 10 if arguments.quick else 1
    wanted = set(arguments.only.split(","))
    have_parsl = os.access(arguments.python, os.X_OK)
    if not have_parsl:
        print(f"no Python at {arguments.python}: rows with Parsl and the queue's memory are left out", file=sys.stderr)
    rows = []

    def row(what, value, beside="", bar=""):
        rows.append((what, value, beside, bar))
        print(f"{what}: {value}" + (f" ({beside})" if beside else "") + (f" — bar: {bar}" if bar else ""), flush=True)

    with tempfile.TemporaryDirectory() as directory:
        chain = os.path.join(directory, "chain")
        subprocess.run(
            [os.environ.get("CC", "cc"), "-O2", "-o", chain, os.path.join(ROOT, "Tests/Benchmarks/chain/chain.c"),
             "-lzmq"], check=True)
        if "throughput" in wanted:
            for curve, bar in ((False, 40_000), (True, 20_000)):
                ours, theirs, details = [], [], None
                for _ in range(arguments.runs):
                    details = perf(arguments.apus, curve, tasks=100_000 // scale, workers=2, sequential=0)
                    ours.append(details["tasks_per_second"])
                    if have_parsl:
                        theirs.append(parsl_perf(arguments.python, curve, 1000, 50)["tasks_per_second"])
                name = "CURVE" if curve else "plain"
                beside = f"Parsl {median(theirs):,.0f}/s, {median(ours) / median(theirs):.0f} ×" if theirs else ""
                row(f"Throughput, {100_000 // scale:,} no-op tasks, 2 workers, {name}", f"{median(ours):,.0f} tasks/s",
                    beside, f"{bar:,}" + ("; 50 × Parsl" if not curve else ""))
                used = details["processes"]
                row(f"Processor time a task, {name}",
                    ", ".join(f"{kind} {used[kind]['cpu_us_per_task']:.1f} µs" for kind in used))
                row(f"Peak resident size, {name}",
                    ", ".join(f"{kind} {used[kind]['peak_rss_bytes'] / 1e6:.0f} MB" for kind in used))
        if "latency" in wanted:
            # Waking an idle processor costs more than the work of a hop, and how often that happens changes from minute
            # to minute. So the systems alternate in short rounds, free and on one processor, which never sleeps.
            for curve, pinned in ((False, False), (False, True), (True, False)):
                place = ["taskset", "-c", "0"] if pinned else []
                ours, tails, bare, theirs = [], [], [], []
                for number in range(arguments.runs * 3):
                    bare.append(run_json(place + [chain, "latency", str(1500 // scale), "300"]
                                         + (["--curve"] if curve else []))["median_us"])
                    one = perf(arguments.apus, curve, place, tasks=100, workers=1, sequential=1500 // scale)
                    ours.append(one["latency_median_us"])
                    tails.append(one["latency_p99_us"])
                    if have_parsl and not pinned and number % 3 == 0:
                        theirs.append(parsl_perf(arguments.python, curve, 50, 300)["latency_median_us"])
                name = ("CURVE" if curve else "plain") + (", on one processor" if pinned else "")
                beside = f"C chain {median(bare):.0f} µs: {median(ours) / median(bare):.2f} ×"
                if theirs:
                    beside += f"; Parsl {median(theirs):,.0f} µs: {median(ours) / median(theirs):.3f} ×"
                row(f"Latency, one task at a time, {name}",
                    f"median {median(ours):.0f} µs, 99 % below {median(tails):.0f} µs", beside,
                    "" if curve else "2 × the chain" + ("" if pinned else "; a quarter of Parsl"))
        if "bandwidth" in wanted:
            for curve, bar in ((False, 300), (True, 100)):
                ours, bare, peak = [], [], 0
                for _ in range(arguments.runs):
                    bare.append(run_json([chain, "bandwidth", "20", "50000000"]
                                         + (["--curve"] if curve else []))["megabytes_per_second"])
                    one = perf(arguments.apus, curve, tasks=20, workers=2, payload=50_000_000, returns=50_000_000,
                               sequential=0)
                    ours.append(one["megabytes_per_second"])
                    peak = max(peak, max(p["peak_rss_bytes"] for p in one["processes"].values()))
                name = "CURVE" if curve else "plain"
                row(f"20 tasks with 50 MB in and 50 MB out, {name}", f"{median(ours):.0f} MB/s",
                    f"C chain {median(bare):.0f} MB/s; largest process {peak / 1e6:.0f} MB", f"{bar} MB/s; 400 MB")
        if "queue" in wanted and have_parsl:
            sizes = []
            for _ in range(arguments.runs):
                one = run_json([arguments.python, "-c", QUEUE_PROGRAM, arguments.apus, str(200_000 // scale)])
                sizes.append(one["bytes_per_task"])
            row(f"Interchange memory, {200_000 // scale:,} queued tasks of {one['message_bytes']} bytes",
                f"{median(sizes):.0f} bytes a task", "", "560")
        if "start" in wanted:
            times = [cold_start(arguments.hello) for _ in range(max(arguments.runs, 5))]
            row("Cold start, process start to first result (Hello)", f"{median(times) * 1e3:.0f} ms", "", "300 ms")
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            file.write("| what | Apus | beside it | bar |\n| --- | --- | --- | --- |\n")
            for line in rows:
                file.write("| " + " | ".join(line) + " |\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes messages.json: the messages of Parsl's High Throughput Executor, made by Parsl itself.

    .build/venv/bin/python3 Tests/Fixtures/parsl/generate.py

Run it with the Parsl that the tests name (2026.10.26). Each entry holds the bytes in hex, the parser that must read
them, and what it must find.
"""
import datetime
import json
import os
import pathlib
import pickle
import uuid

import parsl
from parsl.app.errors import RemoteExceptionWrapper
from parsl.executors.high_throughput.errors import ManagerLost, VersionMismatch, WorkerLost
from parsl.executors.high_throughput.manager_selector import BlockIdManagerSelector, RandomManagerSelector
from parsl.logconfigs.file import FileLogging
from parsl.logconfigs.json import JSONLogging
from parsl.logconfigs.noop import NoopLogging
from parsl.monitoring.message_type import MessageType
from parsl.serialize import pack_apply_message, serialize

entries = []


def add(name, parser, value, **expected):
    data = value if isinstance(value, bytes) else pickle.dumps(value)
    entries.append({"name": name, "parser": parser, "hex": data.hex(), "expected": expected})


buffer = pack_apply_message(len, ([1, 2],), {})
for task_id in (1, 255, 256, 65_536, 3_000_000_000):
    add(f"task {task_id}", "task", {"task_id": task_id, "context": {}, "buffer": buffer}, id=task_id,
        buffer=buffer.hex(), priority=None)
for size in (0, 255, 256, 65_536):
    data = bytes(size)
    add(f"task with {size} bytes", "task", {"task_id": 1, "context": {}, "buffer": data}, id=1, buffer=data.hex(),
        priority=None)
for priority, read in ((3, 3), (-2, -2), (1.5, 1.5), ("high", None), (None, None)):
    add(f"task of priority {priority!r}", "task",
        {"task_id": 9, "context": {"resource_spec": {"priority": priority}}, "buffer": b"x"}, id=9, buffer="78",
        priority=read)
add("task with an executor of its own", "task",
    {"task_id": 4, "context": {"task_executor": {"f": "os.path.join", "a": (1, [2]), "k": {"z": b"q"}}}, "buffer": b"x"},
    id=4, buffer="78", priority=None)
add("batch", "batch", [{"task_id": n, "context": {}, "buffer": b"%d" % n} for n in range(1, 300)],
    ids=list(range(1, 300)))
add("batch with contexts", "batch",
    [{"task_id": n, "context": {"resource_spec": {"priority": n}}, "buffer": b"%d" % n} for n in (3, 2)], ids=[3, 2])
add("empty batch", "batch", [], ids=[])

for name, value in (("a value", 5), ("None", None), ("text", "é"), ("a large value", bytes(66_000))):
    payload = serialize(value)
    add(f"result: {name}", "result", {"type": "result", "task_id": 7, "result": payload}, id=7, kind="result",
        payload=payload.hex())
try:
    # Under a file name of its own, so that no path of the machine gets into the fixture.
    exec(compile("raise ValueError('planned')", "flow.py", "exec"), {"__name__": "flow"})
except ValueError as error:
    payload = serialize(RemoteExceptionWrapper(type(error), error, error.__traceback__.tb_next))
add("result: an exception", "result", {"type": "result", "task_id": 8, "exception": payload}, id=8, kind="exception",
    payload=payload.hex())
for error, code in ((ManagerLost(b"m1", "hostA"), "managerLost"), (WorkerLost(0, "hostA"), "workerLost"),
                    (VersionMismatch("py.v=3.11", "py.v=3.12"), "versionMismatch")):
    add(f"failure: {type(error).__name__}", "failure", serialize(error), code=code)

registration = {
    "type": "registration", "parsl_v": parsl.__version__, "python_v": "3.11.7", "packages": {"dill": "0.4.1"},
    "worker_count": 4, "uid": "4f1c2d3e4a5b", "block_id": "0", "start_time": 1772600767.890123,
    "drain_time": float("inf"), "prefetch_capacity": 0, "max_capacity": 4, "os": "Linux", "hostname": "node017",
    "dir": "/home/alice", "cpu_count": 16, "total_memory": 67108864000,
}
add("registration", "manager", registration, kind="registration", uid="4f1c2d3e4a5b", block="0", capacity=4)
older = {key: value for key, value in registration.items() if key not in ("drain_time", "packages")}
add("registration without drain time and packages", "manager", dict(older, block_id=3, cpu_count=None),
    kind="registration", uid="4f1c2d3e4a5b", block="3", capacity=4)
for kind in ("heartbeat", "drain", "connection_probe"):
    add(kind, "manager", {"type": kind}, kind=kind)
add("older results header", "manager", {"type": "result"}, kind="legacy")
record = {"run_id": "r", "try_id": 0, "task_id": 5, "hostname": "h", "block_id": "0", "first_msg": True,
          "last_msg": False, "timestamp": datetime.datetime(2026, 3, 4, 5, 6, 7, 890123)}
add("monitoring", "manager", {"type": "monitoring", "payload": (MessageType.WORKER_TASK_INFO, record)},
    kind="monitoring", payload=pickle.dumps((MessageType.WORKER_TASK_INFO, record)).hex())

add("heartbeat code", "interchange", (1 << 32) - 1, kind="heartbeat")
add("shutdown code", "interchange", (1 << 32) - 2, kind="shutdown")

for command in ("WORKER_BINDS", "CONNECTED_BLOCKS", "MANAGERS", "MANAGERS_PACKAGES"):
    add(command, "command", command, kind=command)
add("HOLD_MANAGER", "command", ["HOLD_MANAGER", "4f1c"], kind="hold 4f1c")
add("a command nobody knows", "command", {"a": 1}, kind="unknown")

config = {
    "client_address": "127.0.0.1", "client_ports": (51001, 51002, 51003), "interchange_address": None,
    "worker_port": None, "worker_port_range": (54000, 55000), "hub_address": "127.0.0.1", "hub_zmq_port": None,
    "logdir": "/run/htex", "heartbeat_threshold": 120, "poll_period": 10, "logging_level": 20, "cert_dir": None,
    "manager_selector": RandomManagerSelector(), "run_id": str(uuid.UUID(int=5)), "log_config": None,
    "_check_python_mismatch": True,
}
add("configuration", "start", config, selector="random", log="standard", logdir="/run/htex", hub=None)
add("configuration with a path, keys and a hub", "start",
    dict(config, logdir=pathlib.PurePosixPath("/run") / "htex", cert_dir="/keys", hub_zmq_port=55055,
         manager_selector=BlockIdManagerSelector(), log_config=FileLogging(format_string="%(message)s")),
    selector="blockID", log="file", logdir="/run/htex", hub=55055)
add("configuration with a JSON log", "start", dict(config, log_config=JSONLogging()), selector="random", log="json",
    logdir="/run/htex", hub=None)
add("configuration without a log", "start", dict(config, log_config=NoopLogging()), selector="random", log="none",
    logdir="/run/htex", hub=None)

target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "messages.json")
with open(target, "w") as file:
    json.dump({"parsl": parsl.__version__, "messages": entries}, file, indent=0, ensure_ascii=True)
    file.write("\n")
print(f"{len(entries)} messages of Parsl {parsl.__version__} in {os.path.basename(target)}")

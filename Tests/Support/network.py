#!/usr/bin/env python3
"""Hosts of one machine, for tests: network namespaces, joined by wires with delay, loss and cuts.

usage: network.py run COMMAND...     makes the hosts, runs the command on the host `submit`, removes everything
       network.py check              says whether this machine can do that (exit code 0) or why not
       network.py tell ORDER         inside `run`: changes the wires, and returns when that is done

orders: delay MS | loss PERCENT | cut HOST | heal HOST | count (prints frames carried and frames lost so far)

Two networks; each host has an address in one of them, the gateway in both, and forwards nothing by itself:
    near 198.18.41.0/24: submit .1, n1 .11, n2 .12, gateway .2
    far  198.18.42.0/24: gateway .2, f1 .21           (f1 has no way to submit)

Each host's `eth0` (the gateway's `eth1` for the far network) is a TAP device whose other end is this program, so nothing of
the kernel but tun is needed: no bridge, no netem, no netfilter. Every frame from one host to another waits for the delay,
and is lost with the given chance; a cut host is heard by nobody. In the command's environment APUS_NETWORK names the
socket for orders, and APUS_NETWORK_PREFIX what the namespaces' names begin with.
"""
import ctypes
import fcntl
import heapq
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PREFIX = os.environ.get("APUS_NETWORK_PREFIX", "apus")
# host, device, network, last number of the address
PLUGS = [
    ("submit", "eth0", 41, 1),
    ("n1", "eth0", 41, 11),
    ("n2", "eth0", 41, 12),
    ("gateway", "eth0", 41, 2),
    ("gateway", "eth1", 42, 2),
    ("f1", "eth0", 42, 21),
]
HOSTS = list(dict.fromkeys(plug[0] for plug in PLUGS))

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
WAITING_FRAMES = 20000


def namespace(host):
    return "%s-%s" % (PREFIX, host)


def ip(*words, ok=False):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode and not ok:
        raise OSError("ip %s: %s" % (" ".join(words), done.stderr.strip()))
    return done.stdout


def enter(descriptor):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, "setns: " + os.strerror(code))


def open_tap(host, device):
    """A TAP device of the host; what is written to the descriptor arrives there."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace(host), os.O_RDONLY)
    try:
        enter(there)
        try:
            tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP | IFF_NO_PI))
            return tap
        finally:
            enter(home)
    finally:
        os.close(there)
        os.close(home)


class Wires:
    def __init__(self):
        self.random = random.Random(2026)
        self.delay = 0.0
        self.loss = 0.0
        self.cut = set()
        self.taps = {}  # descriptor -> (host, network)
        self.known = {}  # (network, hardware address) -> descriptor
        self.queue = []  # (when, number, descriptor, frame)
        self.number = 0
        self.carried = 0
        self.lost = 0

    def start(self):
        for host in HOSTS:
            ip("netns", "add", namespace(host))
            ip("-n", namespace(host), "link", "set", "lo", "up")
        for host, device, network, number in PLUGS:
            self.taps[open_tap(host, device)] = (host, network)
            ip("-n", namespace(host), "addr", "add", "198.18.%d.%d/24" % (network, number), "dev", device)
            ip("-n", namespace(host), "link", "set", device, "txqueuelen", "5000", "up")
        off = "/proc/sys/net/ipv4/ip_forward"
        subprocess.run(["ip", "netns", "exec", namespace("gateway"), "sh", "-c", "echo 0 >" + off], check=False)

    @staticmethod
    def remove():
        names = {line.split()[0] for line in ip("netns", "list", ok=True).splitlines() if line}
        ours = [namespace(host) for host in HOSTS if namespace(host) in names]
        for kind in (signal.SIGTERM, signal.SIGKILL):
            for name in ours:
                for pid in ip("netns", "pids", name, ok=True).split():
                    try:
                        if int(pid) != os.getpid():
                            os.kill(int(pid), kind)
                    except ProcessLookupError:
                        pass
            if kind == signal.SIGTERM and ours:
                time.sleep(0.3)
        for name in ours:
            ip("netns", "del", name, ok=True)

    def read(self, tap, now):
        host, network = self.taps[tap]
        for _ in range(64):
            try:
                frame = os.read(tap, 65536)
            except BlockingIOError:
                return
            self.known[(network, frame[6:12])] = tap
            target = self.known.get((network, frame[0:6]))
            if frame[0] & 1 or target is None:
                targets = [other for other, place in self.taps.items() if other != tap and place[1] == network]
            else:
                targets = [target]
            for target in targets:
                if host in self.cut or self.taps[target][0] in self.cut:
                    continue
                if self.loss and self.random.random() * 100 < self.loss or len(self.queue) > WAITING_FRAMES:
                    self.lost += 1
                    continue
                self.number += 1
                heapq.heappush(self.queue, (now + self.delay, self.number, target, frame))

    def write(self, now):
        while self.queue and self.queue[0][0] <= now:
            _, _, tap, frame = heapq.heappop(self.queue)
            try:
                os.write(tap, frame)
                self.carried += 1
            except OSError:
                self.lost += 1

    def order(self, words):
        if words[0] == "delay" and len(words) == 2:
            self.delay = float(words[1]) / 1000
        elif words[0] == "loss" and len(words) == 2:
            self.loss = float(words[1])
        elif words[0] == "cut" and words[1:2] and words[1] in HOSTS:
            self.cut.add(words[1])
        elif words[0] == "heal" and words[1:2] and words[1] in HOSTS:
            self.cut.discard(words[1])
        elif words[0] != "count":
            return "what is '%s'? (see network.py -h)" % " ".join(words)
        return "ok: %d frames carried, %d lost" % (self.carried, self.lost)

    def serve(self, orders, child):
        """Carries frames until the child has ended."""
        end = os.pidfd_open(child.pid)
        poller = select.epoll()
        for descriptor in [end, orders.fileno(), *self.taps]:
            poller.register(descriptor, select.EPOLLIN)
        while True:
            now = time.monotonic()
            self.write(now)
            wait = max(0.0, self.queue[0][0] - now) if self.queue else -1
            for descriptor, _ in poller.poll(wait):
                if descriptor == end:
                    os.close(end)
                    return child.wait()
                if descriptor == orders.fileno():
                    text, sender = orders.recvfrom(4096)
                    if sender:
                        orders.sendto(self.order(text.decode().split() or ["nothing"]).encode(), sender)
                else:
                    self.read(descriptor, time.monotonic())


def obstacle():
    """Why this machine cannot do it; None when it can."""
    if os.geteuid() != 0:
        return "namespaces need root"
    if subprocess.run("command -v ip", shell=True, capture_output=True).returncode:
        return "there is no `ip`: install iproute2"
    global PREFIX
    mine, PREFIX = PREFIX, "%s-check%d" % (PREFIX, os.getpid())
    try:
        ip("netns", "add", namespace("n1"))
        os.close(open_tap("n1", "eth0"))
    except OSError as error:
        return "the kernel does not let it: %s" % error
    finally:
        ip("netns", "del", namespace("n1"), ok=True)
        PREFIX = mine
    return None


def run(command):
    reason = obstacle()
    if reason:
        sys.exit("network: " + reason)
    Wires.remove()
    wires = Wires()
    folder = tempfile.mkdtemp(prefix="apus-network-")
    path = os.path.join(folder, "orders")
    orders = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    orders.bind(path)

    def stop(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        wires.start()
        child = subprocess.Popen(
            ["ip", "netns", "exec", namespace("submit"), *command],
            env=dict(os.environ, APUS_NETWORK=path, APUS_NETWORK_PREFIX=PREFIX))
        try:
            return wires.serve(orders, child)
        finally:
            if child.poll() is None:
                child.terminate()
    finally:
        Wires.remove()
        for tap in wires.taps:
            os.close(tap)
        os.unlink(path)
        os.rmdir(folder)


def tell(words):
    path = os.environ.get("APUS_NETWORK")
    if not path:
        sys.exit("network: APUS_NETWORK is not set; orders are given inside `network.py run`")
    mine = path + ".%d" % os.getpid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(mine)
        try:
            channel.settimeout(10)
            channel.sendto(" ".join(words).encode(), path)
            answer = channel.recv(4096).decode()
        finally:
            os.unlink(mine)
    print(answer)
    return 0 if answer.startswith("ok") else 2


def main():
    words = sys.argv[1:]
    if words[:1] == ["run"] and words[1:]:
        return run(words[1:])
    if words == ["check"]:
        reason = obstacle()
        print("network: " + (reason or "this machine can"))
        return 1 if reason else 0
    if words[:1] == ["tell"] and words[1:]:
        return tell(words[1:])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())

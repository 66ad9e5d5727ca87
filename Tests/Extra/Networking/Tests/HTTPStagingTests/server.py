"""A web server for tests: `server.py LOG [CERTIFICATE KEY]` prints its port, and notes each request in LOG.

/data/SIZE       bytes that repeat, with ETag and ranges
/cut/SIZE/N      the same, but the first N answers end in the middle
/plain/SIZE/N    the same without ranges and ETag
/changing/SIZE   cut once; afterwards it is another file
/status/CODE/N   this status N times, then a small file
/short/SIZE      says one byte more than it sends, always
/moved/PATH      a redirection to /PATH; /loop to itself
/silent          no answer
/secret          for those with the right header
"""

import http.server
import ssl
import sys
import threading

log_lock = threading.Lock()
counts = {}


def content(size, shift=0):
    return bytes((shift + i * 7 + i // 251) % 256 for i in range(size))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def nth(self):
        with log_lock:
            counts[self.path] = counts.get(self.path, 0) + 1
            with open(sys.argv[1], "a") as log:
                log.write(f"{self.path} {self.headers.get('Range', '-')} {self.headers.get('If-Range', '-')}\n")
            return counts[self.path]

    def do_GET(self):
        nth = self.nth()
        parts = self.path.strip("/").split("/")
        kind, rest = parts[0], parts[1:]
        if kind == "data":
            self.send(content(int(rest[0])), tag='"one"')
        elif kind == "cut":
            self.send(content(int(rest[0])), tag='"one"', cut=nth <= int(rest[1]))
        elif kind == "plain":
            self.send(content(int(rest[0])), cut=nth <= int(rest[1]))
        elif kind == "changing":
            self.send(content(int(rest[0]), shift=nth), tag=f'"{nth}"', cut=nth == 1)
        elif kind == "status":
            if nth <= int(rest[1]):
                self.send(b"no\n", status=int(rest[0]))
            else:
                self.send(b"at last\n")
        elif kind == "short":
            self.send(content(int(rest[0])), missing=1)
        elif kind == "moved":
            self.send(b"", status=302, location="/" + "/".join(rest))
        elif kind == "loop":
            self.send(b"", status=302, location="/loop")
        elif kind == "silent":
            self.rfile.read(1)
        elif kind == "secret":
            ok = self.headers.get("Authorization") == "Bearer right"
            self.send(b"secret\n" if ok else b"", status=200 if ok else 401)
        else:
            self.send(b"no such page\n", status=404)

    def send(self, data, status=200, tag=None, cut=False, missing=0, location=None):
        start = 0
        if tag and self.headers.get("Range") and self.headers.get("If-Range") == tag:
            start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
            status = 206
        self.send_response(status)
        body = data[start:]
        self.send_header("Content-Length", str(len(body) + missing))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        if tag:
            self.send_header("ETag", tag)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut or missing:
            self.wfile.flush()
            self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
# The tests hold the other end of standard input: the server ends with them.
sys.stdin.read()

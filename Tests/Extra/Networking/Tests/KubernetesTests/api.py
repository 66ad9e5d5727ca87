"""Answers requests with what a file says, one after the other, and writes down what came; for faults of an API server.

usage: api.py ANSWERS LOG [CERTIFICATE KEY [AUTHORITY-OF-CLIENTS]]
Prints its port, and ends with its standard input. An answer is {"status", "headers", "body"}, or {"hang": seconds}, or
{"close": true}, or {"stream": [...]}: texts that are sent as they are, piece by piece, with seconds of silence as numbers
between, and at the end null for an end in order; without it the connection is cut. The last answer is repeated. An answer with
"for" is only for requests whose line contains that text, which are answered in their own order; the others are for the rest."""

import http.server
import json
import ssl
import sys
import threading
import time

answers = json.load(open(sys.argv[1]))
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        line = f"{self.command} {self.path}"
        with lock:
            own = [a for a in answers if "for" in a and a["for"] in line] or [a for a in answers if "for" not in a]
            answer = own[0]
            if len(own) > 1:
                answers.remove(answer)
            with open(sys.argv[2], "a") as log:
                entry = {"line": line, "body": body,
                         "authorization": self.headers.get("authorization", "")}
                log.write(json.dumps(entry) + "\n")
        if "hang" in answer:
            time.sleep(answer["hang"])
        if "close" in answer or "hang" in answer:
            self.close_connection = True
            return
        if "stream" in answer:
            self.stream(answer["stream"])
            return
        content = answer.get("body", "")
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self, pieces):
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        for piece in pieces:
            if isinstance(piece, (int, float)):
                self.wfile.flush()
                time.sleep(piece)
            elif piece is None:
                self.wfile.write(b"0\r\n\r\n")
            else:
                data = piece.encode()
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    do_GET = do_POST = do_DELETE = serve

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    if len(sys.argv) > 5:
        context.load_verify_locations(sys.argv[5])
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()

"""Answers requests with what a file says, one after the other, and writes down what came; for faults of an API server.

usage: api.py ANSWERS LOG [CERTIFICATE KEY [AUTHORITY-OF-CLIENTS]]
Prints its port, and ends with its standard input. An answer is {"status", "headers", "body"}, or {"hang": seconds}, or
{"close": true}; the last one is repeated."""

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
        with lock:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            with open(sys.argv[2], "a") as log:
                entry = {"line": f"{self.command} {self.path}", "body": body,
                         "authorization": self.headers.get("authorization", "")}
                log.write(json.dumps(entry) + "\n")
        if "hang" in answer:
            time.sleep(answer["hang"])
        if "close" in answer or "hang" in answer:
            self.close_connection = True
            return
        content = answer.get("body", "")
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

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

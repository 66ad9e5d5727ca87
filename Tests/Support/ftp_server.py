"""An FTP server for tests: `ftp_server.py ROOT` prints its port and serves the files below ROOT.

Anonymous users read; user `me` with the password `se"cret` writes as well. The first transfer of a file whose name begins
with `cut` breaks off in the middle.
"""

import os
import socket
import socketserver
import sys
import threading

root = sys.argv[1]
seen = set()


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write((text + "\r\n").encode())

    def path(self, name):
        return os.path.join(root, os.path.normpath("/" + self.folder + "/" + name).lstrip("/"))

    def passive(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        return self.listener.getsockname()[1]

    def handle(self):
        self.folder, user, writer, self.listener = "", "", False, None
        self.say("220 ready")
        for line in self.rfile:
            word, _, rest = line.decode().strip().partition(" ")
            word = word.upper()
            if word == "USER":
                user = rest
                self.say("331 password")
            elif word == "PASS":
                writer = user == "me" and rest == 'se"cret'
                self.say("230 in" if writer or user == "anonymous" else "530 no")
            elif word in ("TYPE", "OPTS"):
                self.say("200 ok")
            elif word == "PWD":
                self.say(f'257 "/{self.folder}"')
            elif word == "CWD":
                folder = os.path.normpath("/" + self.folder + "/" + rest).strip("/")
                if os.path.isdir(os.path.join(root, folder)):
                    self.folder = folder
                    self.say("250 ok")
                else:
                    self.say("550 no such folder")
            elif word == "EPSV":
                self.say(f"229 ok (|||{self.passive()}|)")
            elif word == "SIZE":
                path = self.path(rest)
                self.say(f"213 {os.path.getsize(path)}" if os.path.isfile(path) else "550 no such file")
            elif word == "RETR":
                self.send(self.path(rest))
            elif word == "STOR" and writer:
                self.say("150 go on")
                data, _ = self.listener.accept()
                with open(self.path(rest), "wb") as file:
                    while piece := data.recv(65536):
                        file.write(piece)
                self.say("226 done")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("550 no")

    def send(self, path):
        if not os.path.isfile(path):
            self.say("550 no such file")
            return
        with open(path, "rb") as file:
            content = file.read()
        self.say(f"150 {len(content)} bytes follow")
        data, _ = self.listener.accept()
        cut = os.path.basename(path).startswith("cut") and path not in seen
        seen.add(path)
        data.sendall(content[: len(content) // 2] if cut else content)
        data.close()
        self.say("426 broken off" if cut else "226 done")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Session)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
# The tests hold the other end of standard input: the server ends with them.
sys.stdin.read()

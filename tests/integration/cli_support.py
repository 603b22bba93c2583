"""What the tests of the command line share: a stand-in server, answers, terminals.

ENVFLOW names the binary. Everything listens on loopback or on socket files in a folder
of the test's own.
"""
import fcntl
import http.server
import json
import os
import pty
import shutil
import socketserver
import struct
import subprocess
import tempfile
import termios
import threading
import time
import unittest
import urllib.parse

ENVFLOW = os.environ["ENVFLOW"]
DEADLINE_S = 60
SHA_A = "1a2b3c4" + "0" * 33
SHA_B = "9f8e7d6" + "0" * 33
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
ESCAPE = "\x1b[2J\x1b]0;owned\x07\u202eevil\u009b2J"


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - seconds))


def delivery(sequence, **more):
    item = {
        "sequence": sequence, "guid": GUID, "event": "push", "action": None,
        "repository": "acme/shop", "sender": "octocat", "ref": "refs/heads/main", "sha": SHA_A,
        "received_at": ago(185), "handled_at": ago(184), "body_bytes": 8123, "body_kept": True,
        "verdict": "acted", "reason": "deploying", "sentence": "dev-int deploys 1a2b3c4",
        "deployment": "01JD3V9ZK8Q4M2X7N5T6W0RBCF", "first_sequence": 0, "replays": 0,
        "hook_id": "77", "target_type": "repository", "target_id": "4242",
    }
    item.update(more)
    return item


def deployment(ident="01JD3V9ZK8Q4M2X7N5T6W0RBCF", **more):
    item = {
        "id": ident, "repository": "acme/shop", "environment": "dev-int", "sha": SHA_A,
        "ref": "main", "title": "Fix the till", "state": "failed", "reason": "command_failed",
        "sentence": "the command ended with exit status 1", "attempt": 1, "repeats": None,
        "superseded_by": None, "delivery": GUID, "created_at": ago(100), "started_at": ago(99),
        "ended_at": ago(19), "exit_code": 1,
    }
    item.update(more)
    return item


def board(**more):
    answer = {
        "version": "0.1.0", "started_at": ago(7200), "ready": True, "not_ready": [],
        "journal": {"durable_sequence": 120, "handled_sequence": 118, "backlog_bytes": 4096,
                    "disk_bytes": 67108864, "out_of_space": False},
        "deliveries": {"accepted": 120, "unsigned": 3, "malformed": 2, "deferred": 1},
        "quarantined": 0,
        "lanes": [{
            "repository": "acme/shop", "environment": "dev-int", "state": "deploying", "queued": 2,
            "holds": {"sha": SHA_A, "deployment": "01JD3V9ZK8Q4M2X7N5T6W0RBCF", "since": ago(7200)},
            "running": deployment("01JD3V9ZK8Q4M2X7N5T6W0RBCG", sha=SHA_B, state="running"),
            "last": deployment(),
        }],
    }
    answer.update(more)
    return answer


def api_error(code, sentence, hint=""):
    return {"error": {"code": code, "sentence": sentence, "hint": hint}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, self.headers, body))
        path = urllib.parse.urlsplit(self.path).path
        status, answer = self.server.routes.get((self.command, path), (404, b"nothing here"))
        if status is None:  # keeps the client waiting until the test ends
            self.server.ended.wait(DEADLINE_S)
            return
        text = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if 300 <= status < 400:
            self.send_header("Location", "/api/v1/elsewhere")
        self.end_headers()
        self.wfile.write(text)

    do_GET = answer
    do_POST = answer

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Server:
    """A stand-in that answers from a table and keeps what it was asked."""

    def __init__(self, unix=None):
        if unix:
            class Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
                daemon_threads = True
            self.http = Unix(unix, Handler)
            self.address = "unix:" + unix
        else:
            self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            self.http.daemon_threads = True
            self.address = "http://127.0.0.1:%d" % self.http.server_address[1]
        self.http.routes, self.http.seen, self.http.ended = {}, [], threading.Event()
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))
        self.thread.start()

    def route(self, path, answer, status=200, method="GET"):
        self.http.routes[method, path] = (status, answer)

    @property
    def seen(self):
        return self.http.seen

    def stop(self):
        self.http.ended.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join(DEADLINE_S)


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="envflow-cli.")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def env(self, **more):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("ENVFLOW_") and k not in ("NO_COLOR", "CLICOLOR_FORCE")}
        env["TERM"] = "xterm"
        env.update(more)
        return env

    def run_cli(self, *args, code=0, stdin=None, **env):
        done = subprocess.run([ENVFLOW, *args], cwd=self.folder, env=self.env(**env),
                              input=stdin, capture_output=True, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        return done.stdout.decode(), done.stderr.decode()

    def run_terminal(self, *args, width=80, **env):
        """Runs on a pseudo terminal and returns what it shows."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        with subprocess.Popen([ENVFLOW, *args], cwd=self.folder, env=self.env(**env),
                              stdin=slave, stdout=slave, stderr=slave) as child:
            os.close(slave)
            shown = b""
            while True:
                try:
                    chunk = os.read(master, 65536)
                except OSError:  # the other end is closed
                    break
                if not chunk:
                    break
                shown += chunk
            os.close(master)
            self.assertIsNotNone(child.wait(DEADLINE_S))
        return shown.decode().replace("\r\n", "\n")

    def serve(self, unix=True):
        server = Server(os.path.join(self.folder, "admin.sock") if unix else None)
        self.addCleanup(server.stop)
        return server

    def assert_message(self, stderr, *parts):
        self.assertTrue(stderr.startswith("envflow: error: "), stderr)
        self.assertIn("\nhint: ", stderr)
        for part in parts:
            self.assertIn(part, stderr)

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

"""What the integration tests share: a real envflow in a folder of its own, and a sender that
behaves like GitHub. Python's standard library only.

ENVFLOW names the binary (ctest sets it). Nothing here sleeps for a fixed time: it waits for an
event with a deadline.
"""
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

BINARY = os.path.abspath(os.environ.get("ENVFLOW", "build/ci/envflow"))
SOURCE = os.environ.get("SOURCE_DIR", os.path.join(os.path.dirname(__file__), "..", ".."))
SECRET = b"It's a Secret to Everybody"
DEADLINE_S = 60
ZEROS = "0" * 40


def wait_until(condition, what, deadline_s=DEADLINE_S):
    """Poll condition until it is true; its value is returned."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s for {what}")
        time.sleep(0.005)


def free_port():
    """Below the ports that the kernel gives to outgoing connections: those of a sender that tries
    again while envflow is down would take its port, and even connect to themselves."""
    while True:
        port = random.SystemRandom().randrange(10000, 32768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def sign(body, secret=SECRET):
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def sha_of(text):
    return hashlib.sha1(text.encode()).hexdigest()


def push_payload(before, after, ref="refs/heads/main", repository="acme/shop", repository_id=42,
                 pushed_at=1767225600, title="Merge pull request #1", padding=0, **extra):
    owner, name = repository.split("/")
    payload = {
        "ref": ref, "before": before, "after": after,
        "created": before == ZEROS, "deleted": after == ZEROS, "forced": False, "base_ref": None,
        "compare": f"https://github.com/{repository}/compare/{before[:12]}...{after[:12]}",
        "commits": [], "padding": "x" * padding,
        "head_commit": None if after == ZEROS else {
            "id": after, "message": title, "timestamp": "2026-01-01T00:00:00Z"},
        "repository": {
            "id": repository_id, "name": name, "full_name": repository, "private": False,
            "owner": {"login": owner, "id": 7}, "fork": False, "default_branch": "main",
            "pushed_at": pushed_at},
        "pusher": {"name": "octocat"},
        "sender": {"login": "octocat", "id": 583231, "type": "User"},
    }
    payload.update(extra)
    return json.dumps(payload).encode()


class Envflow:
    """One envflow with its folder: configuration, secret, deploy script, store."""

    def __init__(self, deploy=None, config=None, environment=None):
        self.folder = tempfile.mkdtemp(prefix="envflow-it.")
        self.port = free_port()
        self.process = None
        self.environment = environment or {}
        self.socket = os.path.join(self.folder, "admin.sock")
        self.log_path = os.path.join(self.folder, "log")
        self.write("webhook-secret", SECRET + b"\n", 0o600)
        self.write("deploy.sh", (deploy or DEPLOY).encode(), 0o755)
        self.write("envflow.yaml", (config or CONFIG).format(
            port=self.port, folder=self.folder, socket=self.socket).encode(), 0o644)

    def write(self, name, content, mode):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def read(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def lines(self, name):
        return self.read(name).splitlines()

    # -- the process --

    def start(self, wait=True, wrapper=()):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [*wrapper, BINARY, "serve", "--config", os.path.join(self.folder, "envflow.yaml")],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
            env={**os.environ, **self.environment})
        log.close()
        if wait:
            self.wait_ready()
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"envflow ended with {self.process.returncode}:\n"
                                 + self.read("log")[-3000:])
        try:
            return self.admin("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def wait_ready(self):
        wait_until(self.is_ready, "envflow to be ready")

    def has_open(self, name):
        """Is a file of the folder open in the process?"""
        folder = f"/proc/{self.process.pid}/fd"
        path = os.path.join(self.folder, name)
        with contextlib.suppress(OSError):
            return any(os.path.realpath(os.path.join(folder, fd)) == path
                       for fd in os.listdir(folder))
        return False

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return None
        return self.kill(signal.SIGTERM)

    def running_commands(self, deployment):
        """Processes whose environment names the deployment."""
        mark = f"ENVFLOW_DEPLOYMENT_ID={deployment}".encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(pid))
        return found

    def memory_peak_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) << 10

    @staticmethod
    def is_sanitized():
        with open(BINARY, "rb") as file:
            return b"__sanitizer" in file.read()

    def destroy_process(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def destroy(self):
        self.destroy_process()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print("---- log ----\n" + self.read("log")[-6000:])
        self.destroy()

    # -- talking to it --

    def post(self, body, **options):
        """(status, JSON) of one delivery, sent as GitHub would."""
        status, _, answer = self.deliver(body, **options)
        return status, answer

    def deliver(self, body, event="push", guid=None, secret=SECRET, headers=None, timeout=30,
                port=None):
        """(status, headers, JSON)"""
        guid = guid or str(uuid.uuid4())
        head = {
            "User-Agent": "GitHub-Hookshot/044aadd", "Accept": "*/*",
            "Content-Type": "application/json", "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid, "X-GitHub-Hook-ID": "12345678",
            "X-GitHub-Hook-Installation-Target-ID": "42",
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            "X-Hub-Signature-256": sign(body, secret), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("POST", "/webhooks/github", body,
                               {k: v for k, v in head.items() if v is not None})
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read() or b"null")

    def push(self, before, after, guid=None, **fields):
        return self.post(push_payload(before, after, **fields), guid=guid)

    def admin(self, method, path):
        """(status, JSON) over the admin socket."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE_S)
            connection.connect(self.socket)
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n".encode())
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            return answer.status, json.loads(answer.read() or b"null")

    def get(self, path):
        status, answer = self.admin("GET", "/api/v1" + path)
        assert status == 200, (path, status, answer)
        return answer

    def delivery(self, guid):
        """The settled deliveries of a GUID, [] while there are none."""
        status, answer = self.admin("GET", "/api/v1/deliveries/" + guid)
        return answer["items"] if status == 200 else []

    def wait_delivery(self, guid, count=1):
        return wait_until(lambda: len(self.delivery(guid)) >= count and self.delivery(guid),
                          f"delivery {guid} to be settled")

    def lane(self, repository="acme/shop", environment="dev-int"):
        for lane in self.get("/status")["lanes"]:
            if lane["repository"] == repository and lane["environment"] == environment:
                return lane
        return None

    def wait_holds(self, sha, repository="acme/shop", environment="dev-int"):
        def holds():
            lane = self.lane(repository, environment)
            return lane and lane["holds"] and lane["holds"]["sha"] == sha and lane
        return wait_until(holds, f"{environment} to hold {sha[:7]}")

    def not_ready(self):
        """{code: sentence} of what /readyz finds wrong; {} when it is ready."""
        status, answer = self.admin("GET", "/readyz")
        assert (status == 200) == answer["ready"] == (not answer["not_ready"]), (status, answer)
        return {problem["code"]: problem["sentence"] for problem in answer["not_ready"]}

    def deployments(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in {"limit": 500, **filters}.items())
        return self.get("/deployments?" + query)["items"]

    def every(self, what):
        """All rows of a listing, page by page, newest first."""
        rows, page = [], {"next": ""}
        while page["next"] is not None:
            before = f"&before={page['next']}" if page["next"] else ""
            page = self.get(f"/{what}?limit=500{before}")
            rows += page["items"]
        return rows

    def is_idle(self):
        """Nothing waits to be handled, runs or is queued."""
        status = self.get("/status")
        return (status["journal"]["durable_sequence"] == status["journal"]["handled_sequence"]
                and all(lane["state"] == "idle" for lane in status["lanes"]))

    def wait_log(self, event, count=1):
        return wait_until(lambda: self.read("log").count(f'"event":"{event}"') >= count,
                          f"log event {event}")

    def cli(self, *arguments, **options):
        return subprocess.run(
            [BINARY, *arguments], capture_output=True, text=True, cwd=self.folder, check=False,
            timeout=DEADLINE_S, **options)


DEPLOY = """#!/bin/sh
echo "$ENVFLOW_SHA $ENVFLOW_DEPLOYMENT_ID $ENVFLOW_ATTEMPT" >> deployed
"""

CONFIG = """
server:
  webhooks: 127.0.0.1:{port}
  admin: unix:{socket}
webhook:
  secrets: [ {{ file: ./webhook-secret }} ]
store: sqlite:{folder}/state
repositories:
  acme/*: standard
flows:
  standard:
    environments:
      dev-int:
        deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }}
"""


class Case(unittest.TestCase):
    """A test case that gets its envflows removed."""

    maxDiff = None

    def envflow(self, **options):
        envflow = Envflow(**options)
        self.addCleanup(envflow.destroy)
        return envflow

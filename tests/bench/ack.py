#!/usr/bin/env python3
"""CPU, rate, latency and memory per acknowledged delivery, beside peers in the same run.

Usage: tests/bench/ack.py [--rounds N] [--seconds S] [--sizes 8192,1048576] [--only NAME,...]

Servers are pinned to processor 0, the load (wrk) to processor 1; rounds are interleaved, medians
are printed, and every figure of envflow also as a ratio to the evhttp reference of the same round.
envflow stores every delivery durably and goes on to handle it; the peers keep nothing. Its CPU is
given whole and for the two threads that acknowledge (webhooks, journal).
Needs: build/release/envflow, the target evhttp_reference of the ci preset, wrk; optional: webhook
(Debian), node with tests/node_modules (npm ci --prefix tests).
"""
import argparse
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SECRET = b"benchmark secret"
TICK = os.sysconf("SC_CLK_TCK")
BODIES = 64

LUA = """
local bodies, count = {%s}, 0
local head = {["Content-Type"]="application/json", ["X-GitHub-Event"]="push",
  ["User-Agent"]="GitHub-Hookshot/044aadd", ["X-GitHub-Hook-ID"]="1",
  ["X-GitHub-Hook-Installation-Target-ID"]="42",
  ["X-GitHub-Hook-Installation-Target-Type"]="repository"%s}
local start = os.time() %% 1000000
request = function()
  count = count + 1
  local one = bodies[count %% #bodies + 1]
  head["X-GitHub-Delivery"] = string.format("%%08d-0000-4000-8000-%%012d", start, count)
  head["X-Hub-Signature-256"] = one[2]
  return wrk.format("POST", "/webhooks/github", head, one[1])
end
done = function(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", summary.requests,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99), summary.duration))
end
"""


def make_body(size, number):
    body = {"ref": "refs/heads/feature/bench", "before": "0" * 40, "after": f"{number:040x}",
            "created": False, "deleted": False, "forced": False, "commits": [],
            "repository": {"id": 42, "full_name": "acme/shop", "fork": False,
                           "default_branch": "main", "pushed_at": 1767225600 + number},
            "sender": {"login": "octocat", "id": 583231}}
    while len(json.dumps(body)) < size:
        body["commits"].append({"id": f"{len(body['commits']):040x}", "distinct": True,
                                "message": "change " + "some text of a commit message " * 4,
                                "timestamp": "2026-01-01T00:00:00Z",
                                "author": {"name": "Octo Cat", "email": "octocat@github.com"},
                                "added": [], "removed": [], "modified": ["src/main.c"]})
    return json.dumps(body)


def write_lua(path, size, close):
    rows = []
    for number in range(BODIES if size < 100000 else 4):
        body = make_body(size, number)
        mac = hmac.new(SECRET, body.encode(), hashlib.sha256).hexdigest()
        rows.append("{[==[%s]==],\"sha256=%s\"}" % (body, mac))
    with open(path, "w", encoding="utf-8") as file:
        file.write(LUA % (",\n".join(rows), ', ["Connection"]="close"' if close else ""))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    name = ""
    ack_threads = None  # names of the threads that acknowledge; None for all

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.secret = os.path.join(folder, "secret")

    def command(self):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen(["taskset", "-c", "0", *self.command()], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{self.name} did not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def cpu_s(self):
        """(whole process, acknowledging threads) in seconds of user and system time."""
        whole = acking = 0.0
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/stat", encoding="utf-8") as file:
                text = file.read()
            name, fields = text[text.index("(") + 1:text.rindex(")")], text.rsplit(")", 1)[1].split()
            used = (int(fields[11]) + int(fields[12])) / TICK
            whole += used
            if self.ack_threads is None or name in self.ack_threads:
                acking += used
        return whole, acking

    def rss_mb(self, what="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(what + r":\s+(\d+)", file.read()).group(1)) / 1024


class Envflow(Server):
    name, ack_threads = "envflow", ("envflow", "journal")

    def command(self):
        shutil.rmtree(os.path.join(self.folder, "state"), ignore_errors=True)
        with open(os.path.join(self.folder, "envflow.yaml"), "w", encoding="utf-8") as file:
            file.write(f"""
server: {{ webhooks: 127.0.0.1:{self.port}, admin: unix:{self.folder}/admin.sock }}
webhook: {{ secrets: [ {{ file: ./secret }} ] }}
store: sqlite:{self.folder}/state
log: {{ level: error }}
repositories: {{ acme/*: standard }}
flows: {{ standard: {{ environments: {{ dev-int: {{ deploy: {{ command: [ /bin/true ] }} }} }} }} }}
""")
        return [os.path.join(ROOT, "build/release/envflow"), "serve", "--config", "envflow.yaml"]


def another(name, path):
    """A second build of envflow, to be measured in the same rounds."""
    class Another(Envflow):
        def command(self):
            return [os.path.abspath(path), *super().command()[1:]]
    Another.name = name
    return Another


class Reference(Server):
    name = "evhttp"

    def command(self):
        return [os.path.join(ROOT, "build/ci/tests/evhttp_reference"), str(self.port), self.secret]


class Webhook(Server):
    name = "webhook"

    def command(self):
        with open(os.path.join(self.folder, "hooks.json"), "w", encoding="utf-8") as file:
            json.dump([{"id": "github", "execute-command": "/bin/true", "trigger-rule": {"and": [
                {"match": {"type": "payload-hmac-sha256", "secret": SECRET.decode(),
                           "parameter": {"source": "header", "name": "X-Hub-Signature-256"}}},
                {"match": {"type": "value", "value": "no-such-event",
                           "parameter": {"source": "header", "name": "X-GitHub-Event"}}}]}}], file)
        return ["webhook", "-hooks", "hooks.json", "-ip", "127.0.0.1", "-port", str(self.port),
                "-urlprefix", "webhooks"]


class Octokit(Server):
    name = "node-octokit"

    def command(self):
        return ["node", os.path.join(ROOT, "tests/bench/peer_octokit.mjs"), str(self.port),
                self.secret]


def available():
    yield Envflow
    yield Reference
    if shutil.which("webhook"):
        yield Webhook
    if shutil.which("node") and os.path.isdir(os.path.join(ROOT, "tests/node_modules/@octokit/webhooks")):
        yield Octokit


def load(server, lua, connections, seconds):
    before = server.cpu_s()
    run = subprocess.run(
        ["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
         "-s", lua, f"http://127.0.0.1:{server.port}/"], capture_output=True, text=True, check=True)
    after = server.cpu_s()
    requests, errors, p50, p99, duration = map(
        int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", run.stdout).groups())
    done = max(1, requests)
    return {"rate": requests / (duration / 1e6), "errors": errors,
            "cpu": (after[0] - before[0]) / done * 1e6, "ack_cpu": (after[1] - before[1]) / done * 1e6,
            "p50": p50 / 1000, "p99": p99 / 1000, "rss": server.rss_mb("VmHWM")}


def median(rows, key):
    return statistics.median(row[key] for row in rows)


def report(title, results):
    reference = results.get("evhttp")
    print(f"\n{title}")
    print(f"{'server':14}{'req/s':>9}{'CPU us':>9}{'x ref':>7}{'ack us':>9}{'x ref':>7}"
          f"{'p50 ms':>8}{'p99 ms':>8}{'peak MB':>9}{'errors':>8}")
    for name, rows in results.items():
        def ratio(key):
            if not reference:
                return float("nan")
            return statistics.median(row[key] / ref["cpu"] for row, ref in zip(rows, reference))
        print(f"{name:14}{median(rows, 'rate'):9.0f}{median(rows, 'cpu'):9.1f}{ratio('cpu'):7.2f}"
              f"{median(rows, 'ack_cpu'):9.1f}{ratio('ack_cpu'):7.2f}{median(rows, 'p50'):8.2f}"
              f"{median(rows, 'p99'):8.2f}{median(rows, 'rss'):9.1f}{sum(r['errors'] for r in rows):8d}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=PATH",
                        help="another binary, also called envflow, to measure beside this one")
    parser.add_argument("--cases", default="1,16,64,256,new,1MB")
    options = parser.parse_args()
    kinds = [k for k in available() if not options.only or k.name in options.only.split(",")]
    kinds += [another(*pair.split("=", 1)) for pair in options.also]
    cases = {"1": (1, 8192, False), "16": (16, 8192, False), "64": (64, 8192, False),
             "256": (256, 8192, False), "new": (64, 8192, True), "1MB": (4, 1 << 20, False)}
    with tempfile.TemporaryDirectory(prefix="envflow-bench.") as folder:
        with open(os.path.join(folder, "secret"), "wb") as file:
            file.write(SECRET)
        os.chmod(file.name, 0o600)  # envflow refuses a secret that everybody may read
        for kind in kinds:
            server = kind(folder)
            server.start()
            time.sleep(0.5)  # what it allocates after its first moments belongs to "idle"
            print(f"idle memory {kind.name}: {server.rss_mb():.1f} MB")
            server.stop()
        for case in options.cases.split(","):
            connections, size, close = cases[case]
            lua = os.path.join(folder, "load.lua")
            write_lua(lua, size, close)
            results = {kind.name: [] for kind in kinds}
            for _ in range(options.rounds):
                for kind in kinds:
                    server = kind(folder)
                    server.start()
                    load(server, lua, connections, 1)
                    results[kind.name].append(load(server, lua, connections, options.seconds))
                    server.stop()
            report(f"{size} B push, {connections} connections, "
                   f"{'a new one per request' if close else 'keep-alive'}, median of "
                   f"{options.rounds} interleaved rounds of {options.seconds} s", results)


if __name__ == "__main__":
    main()

"""A release's way from a push to PROD, with the daemon killed by SIGKILL in front of every call
that changes anything outside it (tests/preload/kill.c), restarted, and carried on by a driver that
repeats only what was not acknowledged. It always ends the same.

The oracles are the deployment script's own log and the driver's list of what was acknowledged.
ENVFLOW_POINTS="FROM-TO" walks these points; without it a sample is taken, ENVFLOW_SEED repeats it.
`journey_kill.sh` walks all of them.
"""
import http.client
import json
import os
import random
import socket
import struct
import sys
import unittest
import urllib.parse
import uuid

from harness import Case, Envflow, ZEROS, push_payload, sha_of, wait_until

PRELOAD = os.environ.get("PRELOAD_KILL", "build/ci/tests/libpreload_kill.so")
POINTS = os.environ.get("ENVFLOW_POINTS", "")
SAMPLE = int(os.environ.get("ENVFLOW_SAMPLE", "25"))
SEED = int(os.environ.get("ENVFLOW_SEED", str(random.SystemRandom().randrange(1 << 32))))
SHA = sha_of("the release")

CONFIG = """
server:
  webhooks: 127.0.0.1:{port}
  admin: unix:{socket}
webhook:
  secrets: [ {{ file: ./webhook-secret }} ]
store: sqlite:{folder}/state
repositories:
  acme/*: standard
teams:
  acme/sre: [ octocat#1, hubot#2, mona#3 ]
flows:
  standard:
    environments:
      dev-int: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      active: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      staging: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      prod:
        deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }}
        verify: [ {{ command: [ /bin/true ], name: smoke }} ]
    promotions:
      active->staging: {{ approvals: {{ required: 1, reviewers: [ acme/sre ] }} }}
      staging->prod:
        approvals: {{ required: 2, reviewers: [ acme/sre ] }}
        wait: 50ms
        checks: [ {{ command: [ /bin/true ], name: look }} ]
"""

DEPLOY = """#!/bin/sh
echo "$ENVFLOW_ENVIRONMENT $ENVFLOW_SHA $ENVFLOW_PROMOTION_ID" >> deployed
"""

MONA, OCTOCAT, HUBOT = ("mona", 3), ("octocat", 1), ("hubot", 2)


def review(person, promotion, environment):
    return json.dumps({
        "action": "approved", "comment": "", "since": "2026-01-01T00:00:00Z",
        "approver": {"login": person[0], "id": person[1], "type": "User"},
        "workflow_job_runs": [{"id": 1, "environment": environment, "status": "waiting"}],
        "workflow_run": {"id": person[1] + 7000, "display_title": f"Promote ({promotion})",
                         "head_sha": sha_of("the workflow's branch"), "status": "waiting",
                         "conclusion": None},
        "organization": {"login": "acme", "id": 7},
        "repository": {"id": 42, "full_name": "acme/shop", "fork": False,
                       "default_branch": "main"},
        "sender": {"login": "github", "id": 5, "type": "User"}}).encode()


class Lost(Exception):
    """The daemon ended before it answered."""


class Journey:
    """The driver: one step after the other, each until it is acknowledged."""

    def __init__(self, kill_at):
        self.server = Envflow(config=CONFIG, deploy=DEPLOY)
        self.counter = self.server.write("counter", struct.pack("=Q", 0), 0o600)
        self.server.environment = {"LD_PRELOAD": os.path.abspath(PRELOAD),
                                   "ENVFLOW_KILL_COUNTER": self.counter,
                                   "ENVFLOW_KILL_AT": str(kill_at)}
        self.starts = 0
        self.votes = []  # (promotion, login) that were acknowledged
        self.promotions = []

    def calls(self):
        with open(self.counter, "rb") as file:
            return struct.unpack("=Q", file.read(8))[0]

    # -- the daemon --

    def is_up(self):
        process = self.server.process
        return process is not None and process.poll() is None

    def start(self):
        """Until it is ready: the first start may be the one that is killed."""
        while not self.is_up():
            self.starts += 1
            if self.starts > 1:
                self.server.environment = {}
            self.server.start(wait=False)
            wait_until(lambda: not self.is_up() or self.is_ready(), "envflow to be ready or killed")

    def is_ready(self):
        try:
            return self.server.admin("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException, ValueError):
            return False

    def until_answered(self, call):
        while True:
            self.start()
            try:
                return call()
            except (OSError, http.client.HTTPException, ValueError):
                # Dead, or about to be: the connection ends before its process does.
                wait_until(lambda: not self.is_up() or self.is_ready(), "the daemon's end")

    # -- steps --

    def deliver(self, event, body):
        guid = str(uuid.uuid4())
        status = self.until_answered(lambda: self.server.post(body, event=event, guid=guid))[0]
        assert status == 202, status

    def ask(self, path, body, person):
        def call():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(30)
                connection.connect(self.server.socket)
                text = json.dumps(body)
                connection.sendall(
                    f"POST /api/v1{path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n"
                    f"X-Envflow-As: {person[0]}#{person[1]}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(text)}\r\n\r\n{text}".encode())
                answer = http.client.HTTPResponse(connection, method="POST")
                answer.begin()
                return answer.status, json.loads(answer.read())
        return self.until_answered(call)

    def get(self, path):
        return self.until_answered(lambda: self.server.get(path))

    def wait(self, reached, what):
        return wait_until(lambda: reached(), what, 60)

    def holds(self, environment):
        def held():
            for lane in self.get("/status")["lanes"]:
                if lane["environment"] == environment and lane["holds"]:
                    return lane["holds"]["sha"] == SHA
            return False
        self.wait(held, f"{environment} to hold the release")

    def promote(self, source, target):
        """What was not acknowledged is asked again; it may be on its way or there already."""
        _, answer = self.ask("/promotions", {"repository": "acme/shop", "from": source,
                                             "to": target, "release": SHA}, MONA)
        ident = answer.get("id")
        if not ident or answer.get("state") == "refused":
            query = urllib.parse.urlencode({"environment": target, "limit": 50})
            ident = next(p["id"] for p in self.get("/promotions?" + query)["items"]
                         if p["state"] != "refused")
        self.promotions.append(ident)
        return ident

    def approve(self, promotion, person, environment):
        self.deliver("deployment_review", review(person, promotion, environment))
        self.votes.append((promotion, person[0]))

    def ended(self, promotion):
        return self.wait(lambda: self.get("/promotions/" + promotion)["state"] in
                         ("succeeded", "failed", "rejected", "expired", "superseded", "cancelled"),
                         f"promotion {promotion} to end")

    def run(self):
        self.deliver("push", push_payload(ZEROS, SHA))
        self.holds("dev-int")
        self.ended(self.promote("dev-int", "active"))
        staging = self.promote("active", "staging")
        self.approve(staging, OCTOCAT, "promotion-approval-staging")
        self.ended(staging)
        prod = self.promote("staging", "prod")
        self.approve(prod, OCTOCAT, "promotion-approval-prod")
        self.approve(prod, HUBOT, "promotion-approval-prod")
        self.ended(prod)
        self.stop()
        self.start()  # what is true is true after one more start

    def stop(self):
        """Where it is killed while it stops, that was the point."""
        if self.is_up():
            self.server.stop()


class JourneyKill(Case):
    def check(self, journey):
        server = journey.server
        active, staging, prod = journey.promotions
        self.assertEqual(server.lines("deployed"),
                         [f"dev-int {SHA} ", f"active {SHA} {active}",
                          f"staging {SHA} {staging}", f"prod {SHA} {prod}"])
        for environment in ("dev-int", "active", "staging", "prod"):
            lane = server.lane(environment=environment)
            self.assertEqual((lane["holds"]["sha"], lane["health"], lane["queued"]),
                             (SHA, "verified", 0), lane)
            self.assertIsNone(lane["running"])
        for promotion in journey.promotions:
            self.assertEqual(server.get("/promotions/" + promotion)["state"], "succeeded")
        for promotion, login in journey.votes:
            standings = {v["login"]: v["standing"]
                         for v in server.get("/promotions/" + promotion)["votes"]}
            self.assertEqual(standings.get(login), "counts", (promotion, login))
        self.assertEqual(os.listdir(os.path.join(server.folder, "state", "runs")), [])
        export = server.cli("audit", "export", "--server", "unix:" + server.socket)
        self.assertEqual(export.returncode, 0, export.stderr)
        server.write("trail", export.stdout.encode(), 0o600)
        self.assertEqual(server.cli("audit", "verify", "trail").returncode, 0)

    def travel(self, kill_at):
        """How many calls the first daemon made, and whether it was killed."""
        journey = Journey(kill_at)
        with journey.server:
            journey.run()
            self.check(journey)
            return journey.calls(), journey.starts > 2

    def points(self, calls):
        if POINTS:
            first, last = POINTS.split("-")
            return range(int(first), min(int(last or calls), calls) + 1)
        return sorted(random.Random(SEED).sample(range(1, calls + 1), SAMPLE))

    def test_a_journey_ends_the_same_wherever_the_daemon_is_killed(self):
        calls, killed = self.travel(0)
        self.assertFalse(killed)
        killed = 0
        points = self.points(calls)
        for point in points:
            with self.subTest(point=point, seed=SEED):
                killed += self.travel(point)[1]
            if POINTS:
                print(f"\r{point} of {calls}", end="", file=sys.stderr, flush=True)
        print(f"\n{calls} calls; {len(points)} points walked, killed at {killed}; seed {SEED}")


if __name__ == "__main__":
    unittest.main()

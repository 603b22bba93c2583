"""kill -9 at random moments under load: what was acknowledged is never lost, nothing runs twice.

The oracle is the sender's own list of 202 answers and the lines that the deployment script wrote.
Kills strike while commands run, which outlive envflow, and while it starts.
ENVFLOW_KILLS sets the number of kills, ENVFLOW_SEED repeats a run's choices.
"""
import collections
import glob
import http.client
import os
import random
import threading
import time
import unittest
import uuid

from harness import Case, ZEROS, push_payload, sha_of, wait_until

KILLS = int(os.environ.get("ENVFLOW_KILLS", "200"))
SEED = int(os.environ.get("ENVFLOW_SEED", str(random.SystemRandom().randrange(1 << 32))))
SENDERS = 4

# One deployment at a time in a lane: mkdir tells. Every tenth run outlives some envflows.
DEPLOY = """#!/bin/sh
busy="busy.${ENVFLOW_REPOSITORY#acme/}"
mkdir "$busy" || echo "$ENVFLOW_REPOSITORY $ENVFLOW_SHA" >> overlaps
echo "$ENVFLOW_SHA" >> started
case $ENVFLOW_SHA in
  0*|1*) sleep 0.5 ;;
  [2-7]*) sleep 0.03 ;;
esac
echo "$ENVFLOW_SHA" >> ended
rmdir "$busy"
"""


class Sender(threading.Thread):
    """Pushes to a repository of its own, one after the other, and remembers every 202."""

    def __init__(self, server, number, seed):
        super().__init__(daemon=True)
        self.server, self.number, self.random = server, number, random.Random(seed)
        self.repository = f"acme/shop{number}"
        self.acknowledged = {}  # GUID -> SHA
        self.stop = threading.Event()

    def run(self):
        before, stamp = ZEROS, 1
        while not self.stop.is_set():
            after = sha_of(f"{self.number}:{stamp}")
            body = push_payload(before, after, repository=self.repository, pushed_at=stamp,
                                repository_id=100 + self.number,
                                padding=self.random.choice((0, 8000, 60000)))
            self.deliver(body, after)
            before, stamp = after, stamp + 1

    def deliver(self, body, after):
        """As GitHub would: what failed is delivered again under the same GUID."""
        guid = str(uuid.uuid4())
        while not self.stop.is_set():
            try:
                if self.server.post(body, guid=guid, timeout=5)[0] == 202:
                    self.acknowledged[guid] = after
                    return
            except (OSError, http.client.HTTPException, ValueError):
                self.stop.wait(0.002)


class Kill(Case):
    def campaign(self, server, dice):
        """Kills it KILLS times; returns how long each start took, and kills with commands running."""
        ready_s, amid = [], 0
        for _ in range(KILLS):
            if dice.random() < 0.2:  # while it starts
                server.kill()
                server.start(wait=False)
                time.sleep(dice.random() * 0.03)
            else:
                time.sleep(dice.random() * 0.12)  # the random moment; nothing is waited for
            amid += bool(glob.glob(f"{server.folder}/busy.*"))
            server.kill()
            begin = time.monotonic()
            server.start()
            ready_s.append(time.monotonic() - begin)
        return sorted(ready_s), amid

    def check_deliveries(self, server, senders):
        deliveries = collections.defaultdict(list)
        for delivery in server.every("deliveries"):
            deliveries[delivery["guid"]].append(delivery["verdict"])
        for sender in senders:
            for guid in sender.acknowledged:
                self.assertIn("acted", deliveries[guid], f"seed {SEED}: {guid}")
                self.assertEqual(deliveries[guid].count("acted"), 1, f"seed {SEED}: {guid}")

    def check_deployments(self, server, senders):
        by_id = {row["id"]: row for row in server.every("deployments")}
        by_sha = collections.defaultdict(list)
        for row in by_id.values():
            by_sha[row["sha"]].append(row)
        for sender in senders:
            for sha in sender.acknowledged.values():
                rows = by_sha[sha]
                self.assertEqual(len(rows), 1, f"seed {SEED}: {sha} {rows}")
                self.assertIn(rows[0]["state"], ("succeeded", "superseded"), f"seed {SEED}: {rows}")
                while rows[0]["state"] == "superseded":
                    rows = [by_id[rows[0]["superseded_by"]]]
                self.assertEqual(rows[0]["state"], "succeeded", f"seed {SEED}: {sha} {rows}")
        return by_id

    def check_runs(self, server, by_id):
        started, ended = server.lines("started"), server.lines("ended")
        counts = collections.Counter(started)
        self.assertEqual({sha: n for sha, n in counts.items() if n > 1}, {},
                         f"seed {SEED}: deployed twice")
        self.assertEqual(server.lines("overlaps"), [], f"seed {SEED}: two at the same time")
        self.assertEqual(sorted(started), sorted(ended), f"seed {SEED}: cut short")
        self.assertEqual(set(started), {row["sha"] for row in by_id.values()
                                        if row["state"] == "succeeded"}, f"seed {SEED}")
        return started

    def test_every_acknowledged_push_survives_kill_9_and_nothing_is_deployed_twice(self):
        dice = random.Random(SEED)
        server = self.envflow(deploy=DEPLOY).start()
        senders = [Sender(server, i, dice.random()) for i in range(SENDERS)]
        for sender in senders:
            sender.start()
        ready_s, amid = self.campaign(server, dice)
        for sender in senders:
            sender.stop.set()
        for sender in senders:
            sender.join()
        wait_until(server.is_idle, "everything to be handled")

        self.check_deliveries(server, senders)
        runs = self.check_runs(server, self.check_deployments(server, senders))
        self.assertEqual(server.get("/status")["quarantined"], 0, f"seed {SEED}")
        self.assertEqual(os.listdir(f"{server.folder}/state/runs"), [], f"seed {SEED}")
        print(f"seed {SEED}: {KILLS} kills, {amid} of them with a command running, "
              f"{sum(len(s.acknowledged) for s in senders)} acknowledged, {len(runs)} deployed, "
              "ready again after " + ", ".join(
                  f"{name} {ready_s[min(int(len(ready_s) * q), len(ready_s) - 1)] * 1000:.0f} ms"
                  for name, q in (("p50", 0.5), ("p99", 0.99), ("max", 1))))


if __name__ == "__main__":
    unittest.main()

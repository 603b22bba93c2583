"""kill -9 at random moments under load: what was acknowledged is never lost, nothing runs twice.

The oracle is the sender's own list of 202 answers and the lines that the deployment script wrote.
ENVFLOW_KILLS sets the number of kills, ENVFLOW_SEED repeats a run.
"""
import http.client
import os
import random
import statistics
import threading
import time
import unittest
import uuid

from harness import Case, ZEROS, push_payload, sha_of, wait_until

KILLS = int(os.environ.get("ENVFLOW_KILLS", "200"))
SEED = int(os.environ.get("ENVFLOW_SEED", str(random.SystemRandom().randrange(1 << 32))))
SENDERS = 4


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
    def settled(self, server, senders):
        deliveries = {}
        before = ""
        while True:
            page = server.get(f"/deliveries?limit=500{before}")
            for item in page["items"]:
                deliveries.setdefault(item["guid"], []).append(item)
            if page["next"] is None:
                return deliveries
            before = f"&before={page['next']}"

    def all_deployments(self, server):
        rows, before = [], ""
        while True:
            page = server.get(f"/deployments?limit=500{before}")
            rows += page["items"]
            if page["next"] is None:
                return rows
            before = f"&before={page['next']}"

    def test_every_acknowledged_push_survives_kill_9_and_nothing_is_deployed_twice(self):
        dice = random.Random(SEED)
        server = self.envflow().start()
        senders = [Sender(server, i, dice.random()) for i in range(SENDERS)]
        for sender in senders:
            sender.start()
        ready_s = []
        for _ in range(KILLS):
            time.sleep(dice.random() * 0.15)  # the random moment; nothing is waited for
            server.kill()
            begin = time.monotonic()
            server.start()
            ready_s.append(time.monotonic() - begin)
        for sender in senders:
            sender.stop.set()
        for sender in senders:
            sender.join()

        def idle():
            journal = server.get("/status")["journal"]
            return (journal["durable_sequence"] == journal["handled_sequence"]
                    and not server.deployments(state="running")
                    and not server.deployments(state="queued"))
        wait_until(idle, "everything to be handled")

        deliveries = self.settled(server, senders)
        deployments = self.all_deployments(server)
        state_of = {d["sha"]: d["state"] for d in reversed(deployments)}
        acknowledged = 0
        for sender in senders:
            acknowledged += len(sender.acknowledged)
            for guid, sha in sender.acknowledged.items():
                self.assertIn(guid, deliveries, f"seed {SEED}: lost {guid}")
                self.assertIn(state_of.get(sha), ("succeeded", "superseded"),
                              f"seed {SEED}: {sha} {deliveries[guid]}")
        runs = [line.split()[0] for line in server.lines("deployed")]
        twice = {sha for sha in runs if runs.count(sha) > 1}
        self.assertEqual(twice, set(), f"seed {SEED}: deployed twice")
        self.assertEqual(server.get("/status")["quarantined"], 0, f"seed {SEED}")
        ready_s.sort()
        print(f"seed {SEED}: {KILLS} kills, {acknowledged} acknowledged, {len(runs)} deployed, "
              f"ready again after median {statistics.median(ready_s) * 1000:.0f} ms, "
              f"p99 {ready_s[int(len(ready_s) * 0.99)] * 1000:.0f} ms")


if __name__ == "__main__":
    unittest.main()

"""Disks that are full, files that are damaged, a store that refuses: the real daemon says so, keeps
what it acknowledged, and goes on by itself."""
import contextlib
import ctypes
import glob
import os
import sqlite3
import unittest
import uuid

from harness import CONFIG, Case, ZEROS, push_payload, sha_of, wait_until

SMALL_FILES = CONFIG + "journal: {{ segment: 1MiB, keep_size: {keep_size}, keep: {keep} }}\n"


def config(keep_size="1GiB", keep="7d"):
    return SMALL_FILES.replace("{keep_size}", keep_size).replace("{keep}", keep)


class Disk(Case):
    def pushes(self, server, count, padding, start=0):
        """So many acknowledged pushes to a branch nobody deploys; their GUIDs."""
        guids = [str(uuid.uuid4()) for _ in range(count)]
        for i, guid in enumerate(guids, start):
            status, _ = server.push(sha_of(str(i)), sha_of(str(i + 1)), guid=guid, pushed_at=i + 1,
                                    ref="refs/heads/wip", padding=padding)
            self.assertEqual(status, 202)
        return guids

    @contextlib.contextmanager
    def store_held(self, server):
        """The engine cannot write meanwhile."""
        other = sqlite3.connect(f"{server.folder}/state/envflow.db", isolation_level=None)
        other.execute("PRAGMA wal_autocheckpoint = 0")
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()


class Store(Disk):
    def oldest_kept(self, server):
        """The first sequence of the oldest segment file."""
        return min(int(name.split(".")[0])
                   for name in os.listdir(f"{server.folder}/state/journal") if name[0].isdigit())

    def test_a_store_that_refuses_is_told_and_what_comes_meanwhile_is_handled_later(self):
        server = self.envflow().start()
        a, guid = sha_of("a"), str(uuid.uuid4())
        with self.store_held(server):
            self.assertEqual(server.push(ZEROS, a, guid=guid)[0], 202)
            wait_until(lambda: "engine" in server.not_ready(), "/readyz to tell")
            self.assertIn("database", server.not_ready()["engine"])
            self.assertEqual(server.admin("GET", "/livez")[0], 200)
            self.assertEqual(server.delivery(guid), [])
        wait_until(lambda: not server.not_ready(), "envflow to be ready again")
        server.wait_holds(a)

    def test_retention_by_size_never_drops_what_was_not_handled(self):
        server = self.envflow(config=config(keep_size="2MiB")).start()
        with self.store_held(server):
            guids = self.pushes(server, 120, 60000)
            self.assertLess(server.get("/status")["journal"]["handled_sequence"], 120)
            self.assertEqual(self.oldest_kept(server), 1)
        for guid in guids:
            self.assertEqual(server.wait_delivery(guid)[0]["reason"], "branch_not_deployed")
        self.pushes(server, 1, 0, 500)
        wait_until(lambda: self.oldest_kept(server) > 60,
                   "what was handled to be dropped")
        self.assertEqual(server.get("/status")["quarantined"], 0)
        status, answer = server.admin("POST", f"/api/v1/deliveries/{guids[0]}/replay")
        self.assertEqual((status, answer["error"]["code"]), (404, "not_found"))
        self.assertFalse(server.delivery(guids[0])[0]["body_kept"])

    def test_retention_by_age_drops_what_was_handled(self):
        server = self.envflow(config=config(keep="1s")).start()
        self.pushes(server, 20, 60000)

        def is_dropped():
            self.pushes(server, 20, 60000)
            return self.oldest_kept(server) > 1
        wait_until(is_dropped, "the oldest to be dropped")
        self.assertEqual(server.get("/status")["quarantined"], 0)


class Damage(Disk):
    def flip(self, server, needle):
        """Flip one bit behind the only occurrence of needle in the journal; (file, offset)."""
        for path in glob.glob(f"{server.folder}/state/journal/*.log"):
            with open(path, "r+b") as file:
                at = file.read().find(needle)
                if at >= 0:
                    file.seek(at + len(needle) + 40)
                    byte = file.read(1)[0]
                    file.seek(at + len(needle) + 40)
                    file.write(bytes([byte ^ 1]))
                    return os.path.basename(path), at
        raise AssertionError("not in the journal")

    def test_a_damaged_record_in_the_middle_is_reported_with_its_position(self):
        server = self.envflow().start()
        with self.store_held(server):
            guids = self.pushes(server, 30, 500)
            server.kill()
        name, at = self.flip(server, guids[15].encode())
        server.start()
        for guid in guids[:15] + guids[16:]:
            self.assertEqual(server.wait_delivery(guid)[0]["verdict"], "ignored")
        lost, = server.get("/deliveries?verdict=quarantined")["items"]
        self.assertEqual((lost["sequence"], lost["reason"]), (16, "journal_damaged"))
        self.assertIn(name, lost["sentence"])
        offset = int(lost["sentence"].split("offset ")[1].split(":")[0].split(";")[0].split()[0])
        self.assertTrue(0 <= at - offset < 500, (at, lost["sentence"]))
        self.assertEqual(server.get("/status")["quarantined"], 1)
        self.assertIn("journal.damaged", server.read("log"))


class Full(Disk):
    """On a file system of its own that is really full."""

    def mount(self, server, size):
        os.mkdir(f"{server.folder}/state")
        libc = ctypes.CDLL(None, use_errno=True)
        path = f"{server.folder}/state".encode()
        if libc.mount(b"tmpfs", path, b"tmpfs", 0, f"size={size},mode=700".encode()) != 0:
            self.skipTest("cannot mount a tmpfs here: " + os.strerror(ctypes.get_errno()))
        # After the daemon is gone, before the folder is removed.
        self.addCleanup(libc.umount2, path, 2)
        self.addCleanup(server.destroy_process)

    def fill(self, server):
        with open(f"{server.folder}/state/filler", "wb", buffering=0) as file, \
                contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def empty(self, server):
        os.unlink(f"{server.folder}/state/filler")

    def test_a_full_disk_is_answered_503_and_told_and_it_recovers_by_itself(self):
        server = self.envflow(config=config())
        self.mount(server, "24m")
        server.start()
        acknowledged = self.pushes(server, 5, 1000)
        self.fill(server)

        def refused():
            guid = str(uuid.uuid4())
            status, headers, answer = server.deliver(
                push_payload(ZEROS, sha_of(guid), ref="refs/heads/wip", padding=60000), guid=guid)
            if status == 202:
                acknowledged.append(guid)
                return None
            return status, headers["Retry-After"], answer["reason"]
        status, retry_after, reason = wait_until(refused, "the disk to be full")
        self.assertEqual((status, reason), (503, "disk_full"))
        self.assertGreater(int(retry_after), 0)
        self.assertIn("journal", server.not_ready())
        self.assertEqual(server.admin("GET", "/livez")[0], 200)
        self.assertIn("journal", {p["code"] for p in server.get("/status")["not_ready"]})

        self.empty(server)
        wait_until(lambda: not server.not_ready(), "envflow to be ready again, unasked")
        a = sha_of("a")
        self.assertEqual(server.push(ZEROS, a)[0], 202)
        server.wait_holds(a)
        for guid in acknowledged:
            server.wait_delivery(guid)
        self.assertEqual(server.stop(), 0)
        server.start()
        self.assertEqual(server.get("/status")["quarantined"], 0)

    def test_a_disk_that_is_full_at_the_first_delivery_stops_nothing(self):
        server = self.envflow(config=config())
        self.mount(server, "24m")
        server.start()
        self.fill(server)
        guid = str(uuid.uuid4())
        status, _ = server.push(ZEROS, sha_of("a"), guid=guid)
        self.assertIn(status, (202, 503))
        self.empty(server)
        wait_until(lambda: not server.not_ready(), "envflow to be ready again")
        if status == 503:
            self.assertEqual(server.push(ZEROS, sha_of("a"), guid=guid)[0], 202)
        server.wait_holds(sha_of("a"))

    def test_a_deployment_that_ends_while_the_disk_is_full_is_neither_lost_nor_repeated(self):
        server = self.envflow(config=config(), deploy=f"""#!/bin/sh
echo "$ENVFLOW_SHA" >> deployed
while [ -e hold ]; do sleep 0.02; done
""")
        self.mount(server, "24m")
        server.write("hold", b"", 0o600)
        server.start()
        a = sha_of("a")
        server.push(ZEROS, a)
        wait_until(lambda: server.read("deployed"), "the command to start")
        self.fill(server)
        os.unlink(f"{server.folder}/hold")
        run, = os.listdir(f"{server.folder}/state/runs")
        wait_until(lambda: not server.running_commands(run), "the command to end")
        self.assertEqual(server.lane()["state"], "deploying")
        self.empty(server)
        server.wait_holds(a)
        self.assertEqual(server.lines("deployed"), [a])


class Bombs(Disk):
    def test_a_payload_built_to_exhaust_memory_ends_as_a_verdict_while_others_go_on(self):
        server = self.envflow().start()
        size = 24 << 20
        bombs = {
            b'{"ref":"' + b"x" * size + b'"}': None,
            b'{"repository":{' + b",".join(b'"k%d":{}' % i for i in range(size // 16)) + b"}}": None,
            b'{"head_commit":' + b"[" * (size // 2) + b"]" * (size // 2) + b"}": None,
            b'{"repository":[' + b"[]," * (size // 3) + b"0]}": None,
        }
        for number, body in enumerate(bombs):
            guid = str(uuid.uuid4())
            self.assertEqual(server.post(body, guid=guid)[0], 202)
            honest = self.pushes(server, 10, 8000, 10 * number)
            self.assertEqual(server.wait_delivery(guid)[0]["verdict"], "quarantined")
            for other in honest:
                server.wait_delivery(other)
        self.assertEqual(server.get("/status")["quarantined"], len(bombs))
        if not server.is_sanitized():
            self.assertLess(server.memory_peak_bytes(), 256 << 20)


if __name__ == "__main__":
    unittest.main()

"""A signed push through the real daemon: accepted, journalled, deployed, or ignored with a reason."""
import fcntl
import json
import os
import signal
import socket
import time
import unittest
import urllib.parse
import uuid

from harness import CONFIG, Case, Envflow, ZEROS, push_payload, sha_of, sign, wait_until

# A deployment that waits until somebody writes into the FIFO `gate`: tests hold it as they like.
GATED = """#!/bin/sh
echo "start $ENVFLOW_SHA" >> deployed
read -r answer < gate
echo "end $ENVFLOW_SHA $answer" >> deployed
[ "$answer" = ok ]
"""


def gated():
    envflow = Envflow(deploy=GATED)
    os.mkfifo(os.path.join(envflow.folder, "gate"))
    return envflow


def open_gate(envflow, answer="ok"):
    with open(os.path.join(envflow.folder, "gate"), "w", encoding="ascii") as gate:
        gate.write(answer + "\n")


class Push(Case):
    def setUp(self):
        self.server = self.envflow().start()

    def settle(self, *arguments, **fields):
        guid = str(uuid.uuid4())
        status, answer = self.server.push(*arguments, guid=guid, **fields)
        self.assertEqual((status, answer["status"], answer["delivery"]), (202, "accepted", guid))
        return self.server.wait_delivery(guid)[0]

    def test_a_push_to_main_is_deployed_to_dev_int(self):
        a = sha_of("a")
        delivery = self.settle(ZEROS, a)
        self.assertEqual((delivery["verdict"], delivery["reason"]), ("acted", "deploying"))
        self.server.wait_holds(a)
        self.assertEqual([line.split()[0] for line in self.server.lines("deployed")], [a])

    def test_a_deployment_runs_at_the_priority_that_envflow_was_started_with(self):
        server = self.envflow(deploy="#!/bin/sh\nnice > priority\n").start()
        server.push(ZEROS, sha_of("p"))
        server.wait_holds(sha_of("p"))
        self.assertEqual(server.lines("priority"), [str(os.nice(0))])

    def test_what_is_none_of_our_business_is_ignored_with_the_reason(self):
        cases = [
            (dict(ref="refs/heads/feature/x"), "branch_not_deployed"),
            (dict(ref="refs/tags/v1"), "tag"),
            (dict(repository="other/shop"), "repository_not_configured"),
            (dict(repository="other/shop", ref="refs/tags/v1"), "tag"),
        ]
        for fields, reason in cases:
            with self.subTest(reason=reason, **fields):
                delivery = self.settle(ZEROS, sha_of(json.dumps(fields)), **fields)
                self.assertEqual((delivery["verdict"], delivery["reason"]), ("ignored", reason))
                self.assertGreater(len(delivery["sentence"]), 10)

    def test_a_fork_matched_by_a_pattern_is_ignored(self):
        payload = json.loads(push_payload(ZEROS, sha_of("f")))
        payload["repository"]["fork"] = True
        guid = str(uuid.uuid4())
        self.server.post(json.dumps(payload).encode(), guid=guid)
        self.assertEqual(self.server.wait_delivery(guid)[0]["reason"], "fork")

    def test_a_deletion_is_ignored_and_deploys_nothing(self):
        a = sha_of("a")
        self.settle(ZEROS, a)
        delivery = self.settle(a, ZEROS, pushed_at=1767225700)
        self.assertEqual((delivery["verdict"], delivery["reason"]), ("ignored", "branch_deleted"))

    def test_the_same_delivery_twice_is_a_duplicate(self):
        body, guid = push_payload(ZEROS, sha_of("a")), str(uuid.uuid4())
        self.assertEqual(self.server.post(body, guid=guid)[0], 202)
        self.assertEqual(self.server.post(body, guid=guid)[0], 202)
        first, second = self.server.wait_delivery(guid, 2)
        self.assertEqual(first["verdict"], "acted")
        self.assertEqual((second["verdict"], second["reason"], second["first_sequence"]),
                         ("duplicate", "duplicate_delivery", first["sequence"]))

    def test_an_old_body_under_a_new_guid_is_not_new(self):
        body = push_payload(ZEROS, sha_of("a"))
        first, second = str(uuid.uuid4()), str(uuid.uuid4())
        self.server.post(body, guid=first)
        self.server.post(body, guid=second)
        self.assertEqual(self.server.wait_delivery(second)[0]["reason"], "replayed_body")

    def test_a_guid_with_another_body_is_no_duplicate(self):
        guid, a, b = str(uuid.uuid4()), sha_of("a"), sha_of("b")
        self.server.push(ZEROS, a, guid=guid)
        self.server.push(a, b, guid=guid, pushed_at=1767225700)
        self.assertEqual([d["verdict"] for d in self.server.wait_delivery(guid, 2)],
                         ["acted", "acted"])
        self.server.wait_holds(b)

    def test_an_older_push_that_comes_late_never_deploys_old_code(self):
        a, b, c = sha_of("a"), sha_of("b"), sha_of("c")
        self.settle(ZEROS, a, pushed_at=100)
        self.settle(b, c, pushed_at=300)
        late = self.settle(a, b, pushed_at=200)
        self.assertEqual((late["verdict"], late["reason"]), ("recorded", "older_than_head"))
        self.server.wait_holds(c)
        self.assertNotIn(b, self.server.read("deployed"))

    def test_form_bodies_are_accepted(self):
        a, guid = sha_of("a"), str(uuid.uuid4())
        body = b"payload=" + urllib.parse.quote_plus(push_payload(ZEROS, a)).encode()
        status, _ = self.server.post(body, guid=guid, headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(status, 202)
        self.server.wait_holds(a)

    def test_ping_is_answered_200_and_recorded_with_the_hooks_events(self):
        guid = str(uuid.uuid4())
        body = json.dumps({"zen": "Keep it simple", "hook_id": 7, "hook": {
            "type": "Repository", "id": 7, "active": True, "events": ["issues"],
            "config": {"content_type": "form", "insecure_ssl": "1"}}}).encode()
        self.assertEqual(self.server.post(body, event="ping", guid=guid)[0], 200)
        delivery = self.server.wait_delivery(guid)[0]
        self.assertEqual((delivery["verdict"], delivery["reason"]), ("recorded", "ping"))
        for word in ("issues", "form", "not subscribed to push", "certificate"):
            self.assertIn(word, delivery["sentence"])

    def test_events_nobody_acts_on_are_acknowledged_and_their_body_not_kept(self):
        guid = str(uuid.uuid4())
        self.assertEqual(self.server.post(b'{"action":"created"}', event="star", guid=guid)[0], 202)
        delivery = self.server.wait_delivery(guid)[0]
        self.assertEqual((delivery["verdict"], delivery["reason"], delivery["body_kept"]),
                         ("ignored", "event_not_used", False))

    def test_a_payload_that_cannot_be_read_is_quarantined_and_the_rest_goes_on(self):
        for body in (b"", b"{", b"[1]", b'{"ref":7}', b'{"a":' * 500 + b"1" + b"}" * 500):
            guid = str(uuid.uuid4())
            self.assertEqual(self.server.post(body, guid=guid)[0], 202)
            self.assertEqual(self.server.wait_delivery(guid)[0]["verdict"], "quarantined", body[:20])
        self.assertEqual(self.server.get("/status")["quarantined"], 5)
        self.server.push(ZEROS, sha_of("a"))
        self.server.wait_holds(sha_of("a"))


class Refusals(Case):
    def setUp(self):
        self.server = self.envflow().start()

    def refused(self, status, reason, body=b"{}", **options):
        got, answer = self.server.post(body, **options)
        self.assertEqual((got, answer["status"], answer["reason"]), (status, "refused", reason))
        self.assertGreater(len(answer["message"]), 10)

    def test_wrong_missing_and_old_style_signatures_get_the_same_401(self):
        good = sign(b"{}")
        for value in (None, "", "sha256=", good[:-1], good + "0", good.upper(), good[7:],
                      "sha1=" + "0" * 40, sign(b"{}", b"wrong"), "sha256=" + "g" * 64):
            with self.subTest(value=value):
                self.refused(401, "signature", headers={"X-Hub-Signature-256": value})
        self.refused(401, "signature", headers={
            "X-Hub-Signature-256": None, "X-Hub-Signature": "sha1=" + "0" * 40})

    def test_heads_that_cannot_be_used_are_named(self):
        self.refused(415, "content_type", headers={"Content-Type": "text/plain"})
        self.refused(415, "content_type", headers={"Content-Type": None})
        self.refused(400, "event_header", headers={"X-GitHub-Event": None})
        self.refused(400, "event_header", headers={"X-GitHub-Event": "pu sh"})
        self.refused(400, "delivery_header", headers={"X-GitHub-Delivery": None})
        self.refused(400, "delivery_header", headers={"X-GitHub-Delivery": "x" * 64})
        self.refused(400, "hook_header", headers={"X-GitHub-Hook-ID": "../../etc"})

    def test_nothing_refused_is_stored(self):
        self.refused(401, "signature", secret=b"wrong")
        journal = self.server.get("/status")["journal"]
        self.assertEqual(journal["durable_sequence"], 0)
        self.assertEqual(self.server.get("/status")["deliveries"]["unsigned"], 1)


class Lanes(Case):
    def setUp(self):
        self.server = gated()
        self.addCleanup(self.server.destroy)
        self.server.start()

    def started(self, sha):
        wait_until(lambda: f"start {sha}" in self.server.read("deployed"), f"{sha} to start")

    def test_pushes_during_a_deployment_are_superseded_but_for_the_newest(self):
        a, b, c = sha_of("a"), sha_of("b"), sha_of("c")
        self.server.push(ZEROS, a, pushed_at=1)
        self.started(a)
        for before, after, stamp in ((a, b, 2), (b, c, 3)):
            guid = str(uuid.uuid4())
            self.server.push(before, after, guid=guid, pushed_at=stamp)
            self.assertEqual(self.server.wait_delivery(guid)[0]["reason"], "queued")
        self.assertEqual(self.server.lane()["queued"], 1)
        open_gate(self.server)
        self.started(c)
        open_gate(self.server)
        self.server.wait_holds(c)
        states = {d["sha"]: (d["state"], d["superseded_by"]) for d in self.server.deployments()}
        newest = next(d["id"] for d in self.server.deployments() if d["sha"] == c)
        self.assertEqual(states, {a: ("succeeded", ""), b: ("superseded", newest),
                                  c: ("succeeded", "")})

    def test_a_failed_deployment_says_why_and_the_lane_goes_on(self):
        a, b = sha_of("a"), sha_of("b")
        self.server.push(ZEROS, a, pushed_at=1)
        self.started(a)
        self.server.push(a, b, pushed_at=2)
        open_gate(self.server, "no")
        self.started(b)
        failed = next(d for d in self.server.deployments() if d["sha"] == a)
        self.assertEqual((failed["state"], failed["reason"], failed["exit_code"]),
                         ("failed", "command_failed", 1))
        open_gate(self.server)
        self.server.wait_holds(b)

    def test_a_command_that_outlives_envflow_is_taken_up_again(self):
        a = sha_of("a")
        self.server.push(ZEROS, a, pushed_at=1)
        self.started(a)
        self.server.kill(signal.SIGKILL)
        self.server.start()
        self.assertEqual(self.server.lane()["state"], "deploying")
        open_gate(self.server)
        self.server.wait_holds(a)
        self.assertEqual(self.server.lines("deployed"), [f"start {a}", f"end {a} ok"])

    def test_a_command_that_ended_while_envflow_was_down_is_not_run_again(self):
        a = sha_of("a")
        self.server.push(ZEROS, a, pushed_at=1)
        self.started(a)
        self.server.kill(signal.SIGKILL)
        open_gate(self.server)
        wait_until(lambda: f"end {a} ok" in self.server.read("deployed"), "the command to end")
        self.server.start()
        self.server.wait_holds(a)
        self.assertEqual(self.server.lines("deployed"), [f"start {a}", f"end {a} ok"])

    def test_an_operator_can_replay_a_failed_push(self):
        a, guid = sha_of("a"), str(uuid.uuid4())
        self.server.push(ZEROS, a, guid=guid, pushed_at=1)
        self.started(a)
        open_gate(self.server, "no")
        wait_until(lambda: self.server.lane()["state"] == "idle", "the lane to be idle")
        status, answer = self.server.admin("POST", f"/api/v1/deliveries/{guid}/replay")
        self.assertEqual((status, answer["verdict"], answer["replays"]), (200, "acted", 1))
        wait_until(lambda: self.server.read("deployed").count("start") == 2, "a second start")
        open_gate(self.server)
        self.server.wait_holds(a)


class Every(Case):
    def test_every_push_is_deployed_in_order_when_the_lane_says_so(self):
        server = self.envflow(config=CONFIG.replace(
            "      dev-int:\n", "      dev-int:\n        lane: every\n")).start()
        shas = [sha_of(str(i)) for i in range(8)]
        for i, sha in enumerate(shas):
            server.push(shas[i - 1] if i else ZEROS, sha, pushed_at=100 + i)
        server.wait_holds(shas[-1])
        self.assertEqual([line.split()[0] for line in server.lines("deployed")], shas)


class Life(Case):
    def test_sigterm_ends_it_cleanly_with_exit_0(self):
        server = self.envflow().start()
        self.assertEqual(server.stop(), 0)
        self.assertIn("everything acknowledged is on disk", server.read("log"))

    def test_sigterm_right_after_the_start_ends_it_cleanly_too(self):
        for _ in range(20):
            self.assertEqual(self.envflow().start().stop(), 0)

    def half_sent(self, server, body, guid):
        """A connection over which a signed delivery has come but for its last byte."""
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self.addCleanup(connection.close)
        connection.sendall(
            f"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: application/json\r\nX-GitHub-Event: push\r\n"
            f"X-GitHub-Delivery: {guid}\r\nX-Hub-Signature-256: {sign(body)}\r\n"
            f"Expect: 100-continue\r\n\r\n".encode())
        self.assertEqual(connection.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body[:-1])
        return connection

    def test_what_is_on_its_way_is_answered_before_sigterm_ends_it(self):
        server = self.envflow().start()
        body, guid = push_payload(ZEROS, sha_of("a")), str(uuid.uuid4())
        connection = self.half_sent(server, body, guid)
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in server.not_ready(), "/readyz to tell")
        self.assertEqual(server.admin("GET", "/livez")[0], 200)
        connection.sendall(body[-1:])
        self.assertIn(b" 202 ", connection.recv(4096).split(b"\r\n")[0])
        self.assertEqual(server.process.wait(30), 0)
        server.start()
        self.assertEqual(server.wait_delivery(guid)[0]["verdict"], "acted")

    def test_a_sender_that_never_finishes_does_not_hold_the_end_up_for_long(self):
        server = self.envflow().start()
        self.half_sent(server, push_payload(ZEROS, sha_of("a")), str(uuid.uuid4()))
        begin = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 15)

    def test_a_second_envflow_on_the_same_store_is_refused(self):
        server = self.envflow().start()
        run = server.cli("serve", "--config", "envflow.yaml")
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn("another", run.stderr)

    def test_a_start_waits_for_what_still_holds_the_locks_of_the_one_before(self):
        for lock in ("journal/lock", "envflow.db.lock"):
            with self.subTest(lock=lock):
                server = self.envflow().start()
                self.assertEqual(server.stop(), 0)
                with open(f"{server.folder}/state/{lock}", "wb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX)
                    server.start(wait=False)
                    # It has opened the file by now, or will: either way it must wait for us.
                    wait_until(lambda: server.has_open(f"state/{lock}"), "the lock to be asked for")
                server.wait_ready()

    def test_two_live_secrets_are_both_accepted(self):
        config = CONFIG.replace("[ {{ file: ./webhook-secret }} ]",
                                "[ {{ file: ./webhook-secret }}, {{ env: SECOND }} ]")
        server = self.envflow(config=config, environment={"SECOND": "next secret"}).start()
        self.assertEqual(server.post(push_payload(ZEROS, sha_of("a")))[0], 202)
        self.assertEqual(server.post(push_payload(ZEROS, sha_of("b")), secret=b"next secret")[0],
                         202)

    def test_filters_that_cannot_match_are_refused_and_not_answered_with_nothing(self):
        server = self.envflow().start()
        for path, expected in (("deliveries?verdict=act", "acted, recorded"),
                               ("deployments?state=done", "queued, running")):
            status, answer = server.admin("GET", "/api/v1/" + path)
            self.assertEqual(status, 400, answer)
            self.assertIn(expected, answer["error"]["hint"])


if __name__ == "__main__":
    unittest.main()

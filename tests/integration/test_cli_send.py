#!/usr/bin/env python3
"""`envflow send` against a stand-in for the webhook endpoint, which checks the HMAC itself."""
import hashlib
import hmac
import json
import time
import unittest
import urllib.parse
import uuid

from cli_support import Base, DEADLINE_S, ESCAPE, GUID, SHA_A, SHA_B


class SendTest(Base):
    SECRET = "It's a Secret to Everybody"

    def setUp(self):
        super().setUp()
        self.server = self.serve(unix=False)
        self.url = self.server.address + "/webhooks/github"
        self.secret = self.write("secret", self.SECRET + "\n")
        self.at = ["--url", self.url, "--secret-file", self.secret]
        self.accept()

    def accept(self, status=202, answer=None):
        self.server.route("/webhooks/github", answer or {
            "status": "accepted", "reason": "accepted", "message": "stored; the verdict follows"}, status, "POST")

    def sent(self):
        _, path, headers, body = self.server.seen[-1]
        self.assertEqual(path, "/webhooks/github")
        expected = "sha256=" + hmac.new(self.SECRET.encode(), body, hashlib.sha256).hexdigest()
        self.assertEqual(headers["X-Hub-Signature-256"], expected)
        return headers, body

    def test_a_made_up_push_is_signed_and_has_githubs_headers(self):
        stdout, _ = self.run_cli("send", "push", *self.at, "--repository", "acme/till", "--branch",
                                 "main", "--before", SHA_A, "--after", SHA_B, "--title", "Ça va")
        headers, body = self.sent()
        push = json.loads(body)
        self.assertEqual((push["ref"], push["before"], push["after"]),
                         ("refs/heads/main", SHA_A, SHA_B))
        self.assertEqual(push["repository"]["full_name"], "acme/till")
        self.assertEqual(push["head_commit"]["message"], "Ça va")
        self.assertLess(abs(push["repository"]["pushed_at"] - time.time()), DEADLINE_S)
        self.assertTrue(headers["User-Agent"].startswith("GitHub-Hookshot/"))
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertEqual(headers["X-GitHub-Event"], "push")
        self.assertEqual(headers["X-GitHub-Hook-ID"], "1")
        self.assertEqual(headers["X-GitHub-Hook-Installation-Target-Type"], "repository")
        self.assertEqual(headers["X-GitHub-Hook-Installation-Target-ID"],
                         str(push["repository"]["id"]))
        self.assertEqual(headers["Accept"], "*/*")
        self.assertNotIn("Expect", headers)
        self.assertNotIn("X-Hub-Signature", headers)
        guid = uuid.UUID(headers["X-GitHub-Delivery"])
        self.assertEqual((guid.version, guid.variant), (4, uuid.RFC_4122))
        for part in ("202 Accepted", "stored; the verdict follows",
                     "envflow deliveries show " + str(guid)):
            self.assertIn(part, stdout)

    def test_a_made_up_push_is_about_a_repository_that_the_configuration_knows(self):
        for repositories, expected in (("acme/till: standard", "acme/till"),
                                       ("octo/*: standard", "octo/shop"),
                                       ("'*/web': standard", "acme/web"),
                                       ("octo/app-*: standard", "acme/shop")):
            self.write("envflow.yaml", f"""
webhook: {{ secrets: [ {{ file: {self.secret} }} ] }}
repositories: {{ {repositories} }}
flows: {{ standard: {{ environments: {{ dev-int: {{ deploy: {{ command: [ a ] }} }} }} }} }}
""")
            self.run_cli("send", "push", "--url", self.url)
            self.assertEqual(json.loads(self.sent()[1])["repository"]["full_name"], expected)

    def test_every_send_has_a_guid_of_its_own_unless_told(self):
        for _ in range(2):
            self.run_cli("send", "push", *self.at)
        self.assertNotEqual(*(seen[2]["X-GitHub-Delivery"] for seen in self.server.seen))
        self.run_cli("send", "push", *self.at, "--guid", GUID, "--hook-id", "99")
        headers, _ = self.sent()
        self.assertEqual((headers["X-GitHub-Delivery"], headers["X-GitHub-Hook-ID"]), (GUID, "99"))

    def test_a_file_goes_out_byte_for_byte(self):
        for body in (b'{ "t":"\xc3\xa7 \xf0\x9f\x98\x80",\r\n "repository":{"id":77} }\n\n',
                     b"not json \xff\x00 at all", b"", b"x" * 2_000_000):
            path = self.write("payload", body)
            self.run_cli("send", "release", path, *self.at)
            headers, sent = self.sent()
            self.assertEqual(sent, body)
            self.assertEqual(headers["X-GitHub-Event"], "release")
            self.assertNotIn("Expect", headers)
            self.assertEqual(headers["X-GitHub-Hook-Installation-Target-ID"],
                             "77" if b"77" in body else "1")

    def test_standard_input_is_a_file_too(self):
        self.run_cli("send", "push", "-", *self.at, stdin=b'{"a":1}')
        self.assertEqual(self.sent()[1], b'{"a":1}')

    def test_a_form_is_signed_as_it_is_sent(self):
        payload = '{"t":"a&b=c+d %41 ç"}'
        self.run_cli("send", "push", self.write("payload", payload), "--form", *self.at)
        headers, body = self.sent()
        self.assertEqual(headers["Content-Type"], "application/x-www-form-urlencoded")
        self.assertEqual(urllib.parse.parse_qs(body.decode(), strict_parsing=True),
                         {"payload": [payload]})

    def test_a_ping_can_be_made_up_and_other_events_cannot(self):
        self.accept(200, {"message": "pong"})
        self.assertIn("200 OK  pong", self.run_cli("send", "ping", *self.at, "--hook-id", "5")[0])
        self.assertEqual(json.loads(self.sent()[1])["hook_id"], 5)
        _, stderr = self.run_cli("send", "release", *self.at, code=2)
        self.assert_message(stderr, "made-up release", "envflow send release FILE")

    def test_zeros_send_a_creation_and_a_deletion(self):
        self.run_cli("send", "push", *self.at, "--before", "0" * 40)
        self.assertTrue(json.loads(self.sent()[1])["created"])
        self.run_cli("send", "push", *self.at, "--after", "0" * 40)
        push = json.loads(self.sent()[1])
        self.assertTrue(push["deleted"])
        self.assertIsNone(push["head_commit"])

    def test_the_answer_decides_the_exit_status(self):
        for status, code in [(200, 0), (202, 0), (204, 0), (400, 1), (401, 4), (404, 3), (413, 1),
                             (503, 1), (302, 1), (504, 7)]:
            self.accept(status, b"" if status == 204 else {"message": "because of it"})
            stdout, stderr = self.run_cli("send", "push", *self.at, code=code)
            self.assertIn(str(status), stdout)
            self.assertEqual("because of it" in stdout, status != 204)
            self.assertEqual(stderr.startswith("envflow: error: "), code != 0)
        self.accept(401, {"message": "no"})
        self.assertIn("\nhint: the secret", self.run_cli("send", "push", *self.at, code=4)[1])

    def test_json_tells_status_guid_and_answer(self):
        answer = json.loads(self.run_cli("send", "push", *self.at, "--json", "--guid", GUID)[0])
        self.assertEqual((answer["status"], answer["guid"], answer["event"]), (202, GUID, "push"))
        self.assertEqual(answer["answer"]["status"], "accepted")
        self.accept(401, b"plain text")
        answer = json.loads(self.run_cli("send", "push", *self.at, "--json", code=4)[0])
        self.assertEqual(answer["status"], 401)

    def test_what_would_forge_a_header_is_refused(self):
        payload = self.write("payload", "{}")
        for args in (["push\r\nX-Evil: 1", payload], ["Push", payload], ["e" * 64, payload],
                     ["push", "--guid", "x\r\nX-Evil: 1"], ["push", "--guid", ""],
                     ["push", "--hook-id", "1\nX: 2"], ["push", "--hook-id", "-1"]):
            _, stderr = self.run_cli("send", *args, *self.at, code=2)
            self.assert_message(stderr)
        self.assertEqual(self.server.seen, [])

    def test_arguments_that_make_no_push_are_refused(self):
        for args, said in [(["--before", "abc"], "--before"),
                           (["--after", SHA_A.upper()], "--after"),
                           (["--repository", "shop"], "owner/name"),
                           (["--repository", "a/b/c"], "owner/name"),
                           (["--url", "localhost:1"], "--url")]:
            _, stderr = self.run_cli("send", "push", *self.at, *args, code=2)
            self.assert_message(stderr, said)

    def test_a_missing_or_empty_secret_or_payload_file_is_a_usage_error(self):
        empty = self.write("empty", "\n")
        for args in (["push", "--url", self.url, "--secret-file", empty],
                     ["push", "--url", self.url, "--secret-file", "none"],
                     ["push", "none.json", *self.at]):
            _, stderr = self.run_cli("send", *args, code=2)
            self.assert_message(stderr)

    def test_a_payload_over_githubs_cap_is_refused(self):
        path = self.write("huge", b"x" * (25 * 1024 * 1024 + 1))
        self.assert_message(self.run_cli("send", "push", path, *self.at, code=2)[1], "25 MiB")

    def test_nobody_there_is_unreachable(self):
        _, stderr = self.run_cli("send", "push", "--url", "http://127.0.0.1:1/webhooks/github",
                                 "--secret-file", self.secret, code=8)
        self.assert_message(stderr, "http://127.0.0.1:1/webhooks/github", "envflow serve")

    def test_an_endpoint_that_does_not_answer_in_githubs_time_is_given_up(self):
        self.accept(None)
        started = time.monotonic()
        _, stderr = self.run_cli("send", "push", *self.at, code=7)
        self.assert_message(stderr, "GitHub would have given up")
        self.assertLess(time.monotonic() - started, 30)

    def test_the_answer_cannot_command_the_terminal(self):
        self.accept(202, {"message": ESCAPE})
        shown = self.run_terminal("send", "push", *self.at, NO_COLOR="1")
        for byte in ("\x1b", "\x07", "\u202e", "\u009b"):
            self.assertNotIn(byte, shown)

    def test_url_and_secret_come_from_the_configuration(self):
        self.write("envflow.yaml", """
server: { webhooks: "%s" }
webhook: { secrets: [ { file: "%s" } ] }
repositories: { acme/shop: standard }
flows: { standard: { environments: { dev-int: { deploy: { command: [ ./deploy.sh ] } } } } }
""" % (self.server.address[len("http://"):], self.secret))
        self.run_cli("send", "push")
        self.sent()

    def test_a_unix_listener_is_reached_too(self):
        unix = self.serve()
        unix.route("/webhooks/github", {"message": "stored"}, 202, "POST")
        self.run_cli("send", "push", "--url", unix.address, "--secret-file", self.secret)
        self.assertEqual(unix.seen[0][1], "/webhooks/github")


if __name__ == "__main__":
    unittest.main(verbosity=1)

"""The commands about promotions against a real envflow: what they print, and their exit status."""
import json
import os
import subprocess
import unittest

import cli_support
from harness import BINARY, ZEROS, Case, sha_of, wait_until

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
      dev-int: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      future: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      active: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      uat: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      staging: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
    promotions:
      active->uat: {{ approvals: {{ required: 1, reviewers: [ octocat#1, hubot#2 ] }} }}
"""
MONA = ("--as", "mona#3")


class Terminal(cli_support.Base):
    def runTest(self):
        pass


class Commands(Case):
    def start(self):
        self.server = self.envflow(config=CONFIG).start()
        self.server.push(ZEROS, sha_of("one"))
        self.server.wait_holds(sha_of("one"))
        return self.server

    def run_cli(self, *args, code=0, env=None):
        done = self.server.cli(*args, "--server", "unix:" + self.server.socket,
                               env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, code, (args, done.stdout, done.stderr))
        if code != 0:
            self.assertRegex(done.stderr.splitlines()[-1], "^hint: .+", args)
            self.assertRegex(done.stderr, "(?m)^envflow: error: ", args)
        return done.stdout + done.stderr

    def ask(self, *args):
        return json.loads(self.run_cli(*args, "--json"))

    def to_active(self):
        self.run_cli("promote", "acme/shop", "active", "--from", "dev-int", *MONA, "--wait")

    def to_uat(self):
        self.to_active()
        return self.ask("promote", "acme/shop", "uat", *MONA)["id"]

    def test_wait_follows_to_the_end_and_returns_its_exit_status(self):
        self.start()
        ident = self.to_uat()
        self.assertIn("envflow why " + ident, self.run_cli(
            "approve", ident, "--as", "mona#3", "--wait", "--timeout", "1ms", code=7))
        shown = self.run_cli("approve", ident, "--as", "octocat#1", "--wait", "--timeout", "1m")
        self.assertIn("succeeded", shown)
        self.assertIn("octocat approves (counts)", shown)
        self.server.push(sha_of("one"), sha_of("two"))
        self.server.wait_holds(sha_of("two"))
        ident = self.to_uat()
        done = self.server.cli("reject", ident, "--as", "octocat", "--comment", "no", "--wait",
                               "--server", "unix:" + self.server.socket)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("rejected", self.run_cli("promotions", "show", ident))

    def test_a_mistaken_option_is_found_before_anything_is_asked_for(self):
        self.start()
        ask = ("promote", "acme/shop", "active", "--from", "dev-int", *MONA)
        self.run_cli(*ask, "--wait", "--timeout", "soon", code=2)
        self.run_cli(*ask, "--timeout", "30m", code=2)
        self.run_cli(*ask[:-1], "mona#3\r\nX: y", code=2)
        for token in ("a\r\nX-Envflow-As: mona#3", "a\nb", "x" * 300):
            self.assertNotIn(token, self.run_cli(*ask, code=2, env={"ENVFLOW_TOKEN": token}))
        self.assertEqual(self.ask("promotions", "list")["items"], [])

    def test_a_vote_that_does_not_count_is_told_by_the_exit_status(self):
        self.start()
        ident = self.to_uat()
        for who in ("mona#3", "stranger#99"):
            done = self.server.cli("approve", ident, "--as", who, "--server",
                                   "unix:" + self.server.socket)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("does not count", done.stdout)
        self.run_cli("withdraw", ident, "--as", "stranger#99")
        self.run_cli("withdraw", ident, "--as", "hubot#2", code=4)
        self.run_cli("approve", ident, "--as", "hubot#2")

    def test_every_refusal_has_its_exit_status_and_a_next_step(self):
        self.start()
        ident = self.to_uat()
        for code, words, *args in (
                (2, "which environment", "why", "acme/shop"),
                (2, "state 'nope'", "promotions", "list", "--state", "nope"),
                (2, "RFC 3339", "audit", "list", "--since", "yesterday"),
                (3, "too short", "why", "01M"),
                (3, "there is no promotion", "promotions", "show", "ZZZZZZ"),
                (3, "no environment 'nope'", "why", "acme/shop", "nope"),
                (3, "other/shop", "promote", "other/shop", "uat", *MONA),
                (3, "no environment 'nope'", "promote", "acme/shop", "nope", *MONA),
                (3, "no release 'v9'", "promote", "acme/shop", "uat", "--release", "v9", *MONA),
                (3, "nothing is known", "deploy", "acme/shop", "future", "-b", "x", *MONA),
                (3, "no switch", "thaw", *MONA), (3, "no switch", "thaw", "uat", *MONA),
                (3, "no flow has", "freeze", "nope", "--reason", "x", *MONA),
                (3, "not pinned", "unpin", "acme/shop", "uat", *MONA),
                (3, "no token", "token", "revoke", "nobody"),
                (4, "a person", "promote", "acme/shop", "uat"),
                (4, "stranger#ID", "promote", "acme/shop", "uat", "--as", "stranger"),
                (5, "--from", "promote", "acme/shop", "active", *MONA),
                (5, "holds nothing", "promote", "acme/shop", "staging", "--from", "uat", *MONA),
                (5, "by hand", "deploy", "acme/shop", "uat", *MONA),
                (5, "say why", "freeze", "uat", *MONA),
                (5, "say why", "pin", "acme/shop", "uat", *MONA),
                (5, "never held", "rollback", "acme/shop", "active", "--reason", "x", *MONA),
                (6, "on its way", "promote", "acme/shop", "uat", *MONA),
                (6, "several promotions", "why", ident[:6]),
                (2, "its owner", "status-as-token")):
            if args == ["status-as-token"]:
                token = self.run_cli("token", "create", "ci", "octocat#1").splitlines()[0]
                shown = self.run_cli("approve", ident, "--as", "octocat", code=2,
                                     env={"ENVFLOW_TOKEN": token})
                self.assertNotIn(token, shown)
            else:
                shown = self.run_cli(*args, code=code)
            self.assertIn(words, shown, args)

    def test_switches_and_pins_say_what_they_did(self):
        self.start()
        self.assertIn("prod", self.run_cli("freeze", "prod", "--reason", "INC-7", *MONA))
        self.assertIn("everything", self.run_cli("freeze", "--reason", "INC-8", *MONA))
        self.assertIn("INC-7", self.run_cli("status"))
        self.assertIn("INC-8", self.run_cli("why", "acme/shop", "uat"))
        self.assertNotIn("INC-7", self.run_cli("why", "acme/shop", "uat"))
        self.assertIn("goes on", self.run_cli("thaw", *MONA))
        self.assertIn("goes on", self.run_cli("thaw", "prod", *MONA))
        self.assertIn("stays at", self.run_cli("pin", "acme/shop", "dev-int", "--reason", "demo",
                                               *MONA))
        self.assertIn("stays empty", self.run_cli("pin", "acme/shop", "uat", "--reason", "x",
                                                  *MONA))
        self.assertIn("demo", self.run_cli("why", "acme/shop", "dev-int"))
        self.run_cli("unpin", "acme/shop", "dev-int", *MONA)
        self.assertEqual([r["event"] for r in self.ask("audit", "list", "-n", "2")["items"]],
                         ["lane.unpinned", "lane.pinned"])

    def test_a_new_token_stands_alone_on_standard_output(self):
        self.start()
        done = self.server.cli("token", "create", "my token", "octocat#1", "--scope",
                               "read,approve", "--expires", "90d", *MONA, "--server",
                               "unix:" + self.server.socket)
        self.assertRegex(done.stdout, "\\Aenvf_[0-9a-f]{64}\n\\Z")
        self.assertNotIn("envf_", done.stderr + self.run_cli("token", "list")
                         + self.run_cli("audit", "export") + self.server.read("log"))
        record = self.ask("audit", "list", "-n", "1")["items"][0]
        self.assertEqual((record["event"], record["actor"]), ("token.created", "mona"))
        self.run_cli("token", "create", "my token", "octocat#1", code=6)
        self.run_cli("token", "revoke", "my token", *MONA)
        self.run_cli("token", "revoke", "my token", *MONA, code=6)
        env = {"ENVFLOW_TOKEN": done.stdout.strip()}
        self.assertIn("revoked", self.run_cli("status", code=4, env=env))

    def test_every_command_that_prints_has_json(self):
        server = self.start()
        ident = self.to_uat()
        for args in (["promotions", "list"], ["promotions", "show", ident], ["why", ident],
                     ["why", "acme/shop", "uat"], ["releases"], ["releases", "acme/shop"],
                     ["audit", "list"], ["token", "list"], ["status"],
                     ["freeze", "--reason", "x", *MONA], ["thaw", *MONA],
                     ["pin", "acme/shop", "uat", "--reason", "x", *MONA],
                     ["unpin", "acme/shop", "uat", *MONA],
                     ["token", "create", "ci", "octocat#1"], ["token", "revoke", "ci"],
                     ["approve", ident, "--as", "octocat"]):
            self.assertIsInstance(self.ask(*args), dict, args)
        server.write("trail", self.run_cli("audit", "export").encode(), 0o600)
        verified = self.ask("audit", "verify", "trail")
        self.assertTrue(verified["unbroken"] and verified["records"] > 5, verified)
        proved = json.loads(server.cli("prove", "--json").stdout)
        self.assertEqual(proved, self.server.get("/prove"))

    def test_an_export_that_cannot_be_written_fails(self):
        server = self.start()
        for i in range(12):  # more than one buffer
            self.run_cli("pin", "acme/shop", "uat", "--reason", "x" * 200, *MONA)
        for args in (["audit", "export"], ["promotions", "list", "--json"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([os.path.abspath(BINARY), *args, "--server",
                                       "unix:" + server.socket], stdout=full, check=False,
                                      stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn(b"could not be written", done.stderr)
        self.run_cli("audit", "verify", server.folder, code=1)
        self.run_cli("audit", "verify", "nowhere", code=3)

    def test_tables_fit_the_terminal_and_obey_nobody(self):
        server = self.start()
        self.to_uat()
        self.run_cli("cancel", self.ask("promotions", "list")["items"][0]["id"], "--reason",
                     cli_support.ESCAPE, *MONA)
        self.run_cli("freeze", "uat", "--reason", cli_support.ESCAPE, *MONA)
        self.run_cli("token", "create", "continuous integration", "octocat#1")
        terminal = Terminal()
        terminal.folder = server.folder
        for width in (60, 80, 200):
            for args in (["promotions", "list"], ["releases"], ["audit", "list"], ["token", "list"],
                         ["why", "acme/shop", "uat"], ["status"]):
                shown = terminal.run_terminal(*args, "--server", "unix:" + server.socket,
                                              width=width, NO_COLOR="1")
                for letter in "\x1b\x07\u202e\u009b":
                    self.assertNotIn(letter, shown, args)
                if args[0] not in ("why", "status"):
                    self.assertLessEqual(max(map(len, shown.splitlines())), width, shown)

    def test_the_release_is_carried_on_while_envflow_restarts_between_two_commands(self):
        server = self.start()
        ident = self.to_uat()
        server.kill()
        self.run_cli("approve", ident, "--as", "octocat#1", code=8)
        server.start()
        self.run_cli("approve", ident, "--as", "octocat#1", "--wait")
        wait_until(lambda: server.lane(environment="uat")["holds"], "uat to hold it")


if __name__ == "__main__":
    unittest.main()

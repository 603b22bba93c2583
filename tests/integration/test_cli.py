#!/usr/bin/env python3
"""The command line against a stand-in for the admin API, and the configuration commands."""
import json
import os
import socket
import stat
import subprocess
import threading
import unittest
import urllib.parse

from cli_support import (Base, DEADLINE_S, ENVFLOW, ESCAPE, GUID, SHA_A, api_error, board, delivery,
                         deployment)


class HelpTest(Base):
    COMMANDS = ["config check", "config document", "config schema", "config show",
                "deliveries list", "deliveries replay", "deliveries show", "deployments list",
                "deployments show", "help", "init", "send", "serve", "status", "version"]

    def test_every_command_has_help_with_an_example(self):
        for command in self.COMMANDS:
            direct, _ = self.run_cli(*command.split(), "--help")
            by_name, _ = self.run_cli("help", *command.split())
            self.assertEqual(direct, by_name)
            self.assertIn("\nExamples\n  envflow " + command, direct)
            self.assertIn("\nUsage\n  envflow " + command, direct)

    def test_the_overview_lists_what_is_not_hidden(self):
        shown, _ = self.run_cli("help")
        for command in self.COMMANDS:
            self.assertEqual("\n  " + command + " " in shown, command != "config document")
        self.assertEqual(shown, self.run_cli("--help")[0])
        self.assertEqual(shown, self.run_cli(code=2)[0])

    def test_a_group_explains_its_commands(self):
        shown, _ = self.run_cli("help", "deliveries")
        self.assertEqual(shown, self.run_cli("deliveries", "--help")[0])
        self.assertIn("deliveries replay", shown)
        self.assertNotIn("deployments", shown)

    def test_slips_are_usage_errors_that_name_the_right_word(self):
        for args, said, meant in [
            (["stauts"], "no command 'stauts'", "did you mean 'envflow status'?"),
            (["deliveries", "lst"], "no command 'deliveries lst'", "'envflow deliveries list'?"),
            (["deliveries"], "needs one of: list, replay, show", "help deliveries"),
            (["status", "--jsn"], "no option --jsn", "did you mean --json?"),
            (["deliveries", "show"], "needs GUID|SEQUENCE", "help deliveries show"),
            (["deliveries", "show", "1", "2"], "'2' is one too many", "help deliveries show"),
            (["deliveries", "list", "--limit", "0"], "--limit 0", "--before"),
            (["deliveries", "list", "--limit", "501"], "--limit 501", "--before"),
            (["deliveries", "list", "--limit=ten"], "--limit ten", "--before"),
            (["status", "--server", "localhost:80"], "is no address", "--server"),
            (["--json"], "no command", "envflow help"),
            (["help", "stauts"], "no command 'stauts'", "envflow status"),
            (["\x1b[2J"], "no command '\ufffd[2J'", "envflow help"),
        ]:
            _, stderr = self.run_cli(*args, code=2)
            self.assert_message(stderr, said, meant)
        _, stderr = self.run_cli("deliveries", "show", code=2)
        self.assertIn("\nusage: envflow deliveries show [options] GUID|SEQUENCE\n", stderr)

    def test_version_is_told_in_both_forms(self):
        text, _ = self.run_cli("version")
        self.assertRegex(text, r"^envflow \d+\.\d+\.\d+\n$")
        self.assertEqual(text, self.run_cli("--version")[0])
        answer = json.loads(self.run_cli("--json", "version")[0])
        self.assertEqual("envflow %s\n" % answer["version"], text)

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ENVFLOW, "help"], stdout=full, stderr=subprocess.PIPE,
                                  env=self.env(), timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"could not be written", done.stderr)


class ApiTest(Base):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.at = ["--server", self.server.address]

    # ---- lists ----

    def test_a_piped_list_is_tab_separated_whole_and_without_a_header(self):
        first = delivery(7)
        self.server.route("/api/v1/deliveries", {"items": [first, delivery(6)], "next": 6})
        stdout, stderr = self.run_cli("deliveries", "list", *self.at)
        lines = stdout.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[0].split("\t"),
                         ["7", first["received_at"], "push", "acme/shop", SHA_A, "acted",
                          "deploying", GUID])
        self.assertEqual(stderr, "")

    def test_filters_reach_the_api_escaped(self):
        self.server.route("/api/v1/deliveries", {"items": [], "next": None})
        self.run_cli("deliveries", "list", *self.at, "-n", "5", "--before=9", "--event", "push",
                     "--verdict", "acted", "--repository", "acme/shop&x=y", "--guid", GUID)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.server.seen[0][1]).query)
        self.assertEqual(query, {"limit": ["5"], "before": ["9"], "event": ["push"],
                                 "verdict": ["acted"], "repository": ["acme/shop&x=y"],
                                 "guid": [GUID]})

    def test_a_terminal_gets_a_table_that_fits(self):
        self.server.route("/api/v1/deliveries",
                          {"items": [delivery(7), delivery(6, verdict="ignored")], "next": 6})
        for width in (80, 100, 200):
            shown = self.run_terminal("deliveries", "list", *self.at, width=width, NO_COLOR="1")
            lines = shown.splitlines()
            self.assertRegex(lines[0], r"^SEQUENCE  RECEIVED  EVENT")
            self.assertIn("3m ago", lines[1])
            self.assertIn("1a2b3c4 ", lines[1])
            self.assertNotIn(SHA_A, shown)
            self.assertTrue(all(len(line) <= width for line in lines), shown)
        self.assertIn(GUID, shown)
        self.assertIn("older ones: envflow deliveries list --before 6", shown)

    def test_colour_is_for_terminals_and_can_be_forced_and_forbidden(self):
        self.server.route("/api/v1/deliveries", {"items": [delivery(7)], "next": None})
        call = ["deliveries", "list", *self.at]
        self.assertIn("\x1b[32macted\x1b[0m", self.run_terminal(*call, width=160))
        self.assertNotIn("\x1b", self.run_terminal(*call, width=160, NO_COLOR="1"))
        self.assertNotIn("\x1b", self.run_terminal(*call, NO_COLOR="1", CLICOLOR_FORCE="1"))
        self.assertNotIn("\x1b", self.run_terminal(*call, TERM="dumb"))
        self.assertIn("\x1b[32m", self.run_terminal(*call, width=160, NO_COLOR=""))
        self.assertNotIn("\x1b", self.run_cli(*call)[0])

    def test_an_empty_list_is_empty_in_a_pipe_and_a_sentence_on_a_terminal(self):
        self.server.route("/api/v1/deliveries", {"items": [], "next": None})
        self.server.route("/api/v1/deployments", {"items": [], "next": None})
        for noun in ("deliveries", "deployments"):
            self.assertEqual(self.run_cli(noun, "list", *self.at)[0], "")
            self.assertIn("matches; ", self.run_terminal(noun, "list", *self.at))

    def test_deployments_are_listed(self):
        item = deployment()
        self.server.route("/api/v1/deployments", {"items": [item], "next": None})
        stdout, _ = self.run_cli("deployments", "list", *self.at, "--state", "failed",
                                 "-e", "dev-int", "-r", "acme/shop")
        self.assertEqual(stdout.rstrip("\n").split("\t"),
                         [item["id"], "failed", "acme/shop", "dev-int", SHA_A, item["created_at"],
                          "1m 20s", "Fix the till"])
        self.assertEqual(self.server.seen[0][1], "/api/v1/deployments?repository=acme%2Fshop"
                         "&state=failed&environment=dev-int")

    def test_nothing_from_the_network_reaches_the_terminal_as_a_command(self):
        bad = deployment(title=ESCAPE, sentence=ESCAPE, output="build " + ESCAPE + "\r\n")
        self.server.route("/api/v1/deployments", {"items": [bad], "next": ESCAPE})
        self.server.route("/api/v1/deployments/X", bad)
        self.server.route("/api/v1/deliveries/7", {"items": [delivery(7, sentence=ESCAPE)]})
        self.server.route("/api/v1/deliveries/8", api_error("x", ESCAPE + "\nhint: run rm", ESCAPE),
                          409)
        lane = board()["lanes"][0]
        lane["last"]["sentence"] = lane["repository"] = lane["running"]["title"] = ESCAPE
        self.server.route("/api/v1/status", board(lanes=[lane], ready=False, not_ready=[
            {"code": "x", "sentence": ESCAPE}], version=ESCAPE))
        for call in (["deployments", "list"], ["deployments", "show", "X"],
                     ["deliveries", "show", "7"], ["deliveries", "show", "8"], ["status"],
                     ["status", "--json"], ["deployments", "show", "X", "--output"]):
            shown = self.run_terminal(*call, *self.at, NO_COLOR="1")
            for byte in ("\x1b", "\x07", "\u202e", "\u009b"):
                self.assertNotIn(byte, shown, call)
        _, stderr = self.run_cli("deliveries", "show", "8", *self.at, code=6)
        self.assertTrue(stderr.splitlines()[0].endswith(" hint: run rm"), stderr)

    # ---- one thing ----

    def test_a_delivery_is_shown_with_all_that_matters(self):
        self.server.route("/api/v1/deliveries/" + GUID,
                          {"items": [delivery(7, action="created"), delivery(
                              9, verdict="duplicate", reason="duplicate_delivery", deployment=None,
                              first_sequence=7, replays=1)]})
        stdout, _ = self.run_cli("deliveries", "show", GUID, *self.at)
        for part in ("It came 2 times", GUID, "acted", "deploying",
                     "dev-int deploys 1a2b3c4", "push.created", "acme/shop", "refs/heads/main",
                     SHA_A, "octocat", "77", "repository 4242", "8123 bytes", "(3m ago)",
                     "envflow deployments show 01JD3V9ZK8Q4M2X7N5T6W0RBCF",
                     "duplicate_delivery", "Repeats      7", "Replayed     1"):
            self.assertIn(part, stdout)

    def test_a_quarantined_delivery_tells_how_to_try_again(self):
        self.server.route("/api/v1/deliveries/7", {"items": [delivery(7, verdict="quarantined")]})
        stdout, _ = self.run_cli("deliveries", "show", "7", *self.at)
        self.assertIn("envflow deliveries replay 7", stdout)

    def test_a_delivery_not_handled_yet_is_shown_too(self):
        self.server.route("/api/v1/deliveries/7", {"items": [delivery(
            7, verdict=None, reason=None, sentence=None, handled_at=None, deployment=None)]})
        self.assertIn("not handled yet", self.run_cli("deliveries", "show", "7", *self.at)[0])

    def test_replay_posts_and_shows_the_outcome(self):
        self.server.route("/api/v1/deliveries/7/replay", delivery(7, replays=1), method="POST")
        stdout, _ = self.run_cli("deliveries", "replay", "7", *self.at)
        self.assertIn("Handled again.", stdout)
        self.assertIn("acted", stdout)
        method, path, headers, body = self.server.seen[0]
        self.assertEqual((method, path, body), ("POST", "/api/v1/deliveries/7/replay", b""))
        self.assertEqual(headers["Content-Length"], "0")

    def test_a_deployment_is_shown_with_its_output(self):
        self.server.route("/api/v1/deployments/01X", deployment(
            "01X", attempt=2, repeats="01W", output="\x1b[31mred\x1b[0m\nline two"))
        stdout, _ = self.run_cli("deployments", "show", "01X", *self.at)
        for part in ("failed", "command_failed", "the command ended with exit status 1",
                     "Exit status  1", "Attempt      2", "01W", "Fix the till", "1m 20s",
                     "envflow deliveries show " + GUID):
            self.assertIn(part, stdout)
        self.assertTrue(stdout.endswith("\n\nred\nline two\n"), stdout)
        self.assertEqual(self.run_cli("deployments", "show", "01X", "-o", *self.at)[0],
                         "red\nline two\n")

    def test_an_operand_cannot_leave_its_path(self):
        self.run_cli("deployments", "show", "../status?x=1", *self.at, code=1)
        self.assertEqual(self.server.seen[0][1], "/api/v1/deployments/..%2Fstatus%3Fx%3D1")
        _, stderr = self.run_cli("deployments", "show", "x" * 5000, *self.at, code=2)
        self.assertTrue(stderr.startswith("envflow: error: "), stderr)

    def test_json_is_the_apis_answer_byte_for_byte(self):
        raw = b'{ "items": [ {"sequence":7,"new_field":[1,2.50]} ], "next": null }'
        for path, call in [("/api/v1/deliveries", ["deliveries", "list"]),
                           ("/api/v1/deliveries/7", ["deliveries", "show", "7"]),
                           ("/api/v1/deployments", ["deployments", "list"]),
                           ("/api/v1/deployments/7", ["deployments", "show", "7"]),
                           ("/api/v1/status", ["status"])]:
            self.server.route(path, raw)
            self.assertEqual(self.run_cli("--json", *call, *self.at)[0].encode(), raw + b"\n")
        self.server.route("/api/v1/deliveries/7/replay", raw, method="POST")
        self.assertEqual(self.run_cli("deliveries", "replay", "7", *self.at, "--json")[0].encode(),
                         raw + b"\n")

    def test_answers_of_another_shape_are_no_crash(self):
        for raw in (b"{}", b'{"items":7,"lanes":"x","not_ready":3}', b'{"items":[1,null,"x",[]]}',
                    b'{"lanes":[null,{"holds":3,"running":[]}],"items":[{"sha":5,"guid":{}}]}'):
            for path, call in [("/api/v1/deliveries", ["deliveries", "list"]),
                               ("/api/v1/deliveries/7", ["deliveries", "show", "7"]),
                               ("/api/v1/deployments", ["deployments", "list"]),
                               ("/api/v1/deployments/7", ["deployments", "show", "7"]),
                               ("/api/v1/status", ["status"])]:
                self.server.route(path, raw)
                self.run_cli(*call, *self.at)

    # ---- status ----

    def test_the_board_shows_lanes_failures_and_the_journal(self):
        self.server.route("/api/v1/status", board(quarantined=4))
        stdout, _ = self.run_cli("status", *self.at)
        for part in ("REPOSITORY", "acme/shop", "dev-int", "deploying", "1a2b3c4 2h ago",
                     "9f8e7d6 Fix the till", "the command ended with exit status 1",
                     "envflow deployments show 01JD3V9ZK8Q4M2X7N5T6W0RBCF", "accepted 120",
                     "refused 3 unsigned", "--verdict quarantined", "120 stored, 2 waiting (4KiB)",
                     "64MiB on disk", "started 2h ago, ready"):
            self.assertIn(part, stdout)
        self.assertNotIn("Not ready", stdout)

    def test_the_board_fits_the_terminal(self):
        self.server.route("/api/v1/status", board())
        lines = self.run_terminal("status", *self.at, NO_COLOR="1").splitlines()
        row = next(line for line in lines if line.startswith("acme/shop"))
        self.assertLessEqual(len(row), 80)

    def test_what_is_not_ready_comes_first_and_is_no_failure(self):
        self.server.route("/api/v1/status", board(ready=False, lanes=[], not_ready=[
            {"code": "journal_full", "sentence": "the journal has no space left"}]))
        stdout, _ = self.run_cli("status", *self.at)
        self.assertTrue(stdout.startswith("Not ready    the journal has no space left\n"), stdout)
        self.assertIn("Nothing was deployed yet", stdout)

    # ---- what goes wrong ----

    def test_errors_of_the_api_become_exit_codes_and_messages(self):
        for status, code in [(404, 3), (401, 4), (403, 4), (409, 6), (504, 7), (400, 2), (500, 1),
                             (503, 1)]:
            self.server.route("/api/v1/deliveries/7", api_error("x", "No such thing.", "Look."),
                              status)
            _, stderr = self.run_cli("deliveries", "show", "7", *self.at, code=code)
            self.assertEqual(stderr, "envflow: error: No such thing.\nhint: Look.\n")

    def test_an_error_without_a_hint_gets_one(self):
        for status, code in [(404, 3), (401, 4), (403, 4), (409, 6), (504, 7), (500, 1)]:
            self.server.route("/api/v1/status", {"error": {"code": "x", "sentence": "No.",
                                                           "hint": None}}, status)
            self.assertRegex(self.run_cli("status", *self.at, code=code)[1],
                             r"^envflow: error: No\.\nhint: .+\n$")

    def test_an_answer_that_is_not_the_apis_is_told_apart(self):
        for status, raw in [(200, b"<html>"), (404, b"404 page not found"), (200, b"[]"),
                            (302, b"{}"), (500, b'{"error":"no"}'), (200, b"\xff\xfe")]:
            self.server.route("/api/v1/status", raw, status)
            _, stderr = self.run_cli("status", *self.at, code=1)
            self.assert_message(stderr, "not as envflow's admin API does", "status %d" % status)
        self.assertNotIn("/api/v1/elsewhere", [seen[1] for seen in self.server.seen])

    def test_an_unreachable_server_says_what_was_tried(self):
        gone = os.path.join(self.folder, "gone.sock")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for address in ("unix:" + gone, "http://127.0.0.1:%d" % port):
            for call in (["status"], ["deliveries", "list"], ["deliveries", "replay", "1"]):
                _, stderr = self.run_cli(*call, "--server", address, code=8)
                self.assert_message(stderr, "tried " + address, "envflow serve", "--server")

    def test_a_connection_that_breaks_is_a_failure(self):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)

            def close_at_once():
                listener.accept()[0].close()
            thread = threading.Thread(target=close_at_once)
            thread.start()
            _, stderr = self.run_cli("status", "--server",
                                     "http://127.0.0.1:%d" % listener.getsockname()[1], code=1)
            thread.join(DEADLINE_S)
        self.assert_message(stderr, "asking http://127.0.0.1:")

    def test_the_server_variable_is_used_and_the_option_is_stronger(self):
        self.server.route("/api/v1/status", board())
        self.run_cli("status", ENVFLOW_SERVER=self.server.address)
        self.run_cli("status", *self.at, ENVFLOW_SERVER="unix:/nowhere")
        self.run_cli("status", ENVFLOW_SERVER="unix:/nowhere", code=8)

    def test_without_any_configuration_it_says_how_to_name_a_server(self):
        if os.path.exists("/etc/envflow/envflow.yaml"):
            self.skipTest("this machine has a configuration")
        _, stderr = self.run_cli("status", code=8)
        self.assert_message(stderr, "no $ENVFLOW_SERVER", "--server unix:")

    def test_tcp_works_as_well(self):
        server = self.serve(unix=False)
        server.route("/api/v1/status", board())
        self.assertIn("acme/shop", self.run_cli("status", "--server", server.address)[0])
        self.assertIn("acme/shop", self.run_cli("status", "-s", server.address + "/")[0])

    def test_proxies_of_the_environment_are_not_asked(self):
        server = self.serve(unix=False)
        server.route("/api/v1/status", board())
        self.run_cli("status", "--server", server.address, http_proxy="http://127.0.0.1:1",
                     ALL_PROXY="http://127.0.0.1:1")


class ConfigTest(Base):
    def config(self, name="envflow.yaml", admin=None, webhooks="127.0.0.1:1",
               secret="webhook-secret"):
        return self.write(name, """
server:
  webhooks: %s
  admin: %s
webhook:
  secrets:
    - file: %s
store: sqlite:%s/state
repositories:
  acme/*: {}
flows:
  standard: { environments: { dev-int: { deploy: { command: [ ./deploy.sh ] } } } }
""" % (webhooks, admin or "unix:%s/admin.sock" % self.folder,
       os.path.join(self.folder, secret), self.folder))

    def test_init_writes_a_configuration_that_passes_its_own_check(self):
        stdout, _ = self.run_cli("init")
        for part in ("envflow.yaml", "webhook-secret", "deploy.sh", "envflow config check",
                     "envflow serve", "envflow send push"):
            self.assertIn(part, stdout)
        mode = {name: stat.S_IMODE(os.stat(os.path.join(self.folder, name)).st_mode)
                for name in ("envflow.yaml", "webhook-secret", "deploy.sh")}
        self.assertEqual(mode, {"envflow.yaml": 0o644, "webhook-secret": 0o600,
                                "deploy.sh": 0o755})
        with open(os.path.join(self.folder, "webhook-secret")) as file:
            self.assertRegex(file.read(), r"^[0-9a-f]{64}\n$")
        stdout, stderr = self.run_cli("config", "check")
        self.assertTrue(stdout.startswith("envflow.yaml: ok\n"), stdout)
        self.assertEqual(stderr, "")
        for part in ("Repositories", "dev-int", "main", "/webhooks/github", "1, readable"):
            self.assertIn(part, stdout)

    def test_init_never_writes_over_what_is_there(self):
        self.write("envflow.yaml", "mine")
        _, stderr = self.run_cli("init", code=6)
        self.assert_message(stderr, "envflow.yaml exists", "--force")
        self.assertEqual(sorted(os.listdir(self.folder)), ["envflow.yaml"])
        self.write("webhook-secret", "my secret\n")
        self.write("deploy.sh", "my script\n", 0o700)
        files = json.loads(self.run_cli("init", "--force", "--json")[0])["files"]
        self.assertEqual([file["written"] for file in files], [True, False, False])
        for name, text in (("webhook-secret", "my secret\n"), ("deploy.sh", "my script\n")):
            with open(os.path.join(self.folder, name)) as file:
                self.assertEqual(file.read(), text)

    def test_init_elsewhere_puts_everything_beside_the_file(self):
        os.mkdir(os.path.join(self.folder, "etc"))
        stdout, _ = self.run_cli("init", "--config", "etc/envflow.yaml")
        for part in ("wrote etc/deploy.sh", "envflow serve --config etc/envflow.yaml",
                     "what is in etc/webhook-secret"):
            self.assertIn(part, stdout)
        self.assertNotIn(self.folder, stdout)
        self.assertEqual(sorted(os.listdir(os.path.join(self.folder, "etc"))),
                         ["deploy.sh", "envflow.yaml", "webhook-secret"])
        self.run_cli("config", "check", "-c", "etc/envflow.yaml")
        self.assertEqual(os.listdir(self.folder), ["etc"])

    def test_init_where_nothing_can_be_written_fails(self):
        _, stderr = self.run_cli("init", "--config", "no/such/folder/envflow.yaml", code=1)
        self.assert_message(stderr, "no/such/folder/envflow.yaml")

    def test_secrets_of_two_inits_differ(self):
        secrets = set()
        for name in ("one", "two"):
            os.mkdir(os.path.join(self.folder, name))
            self.run_cli("init", "--config", name + "/envflow.yaml")
            with open(os.path.join(self.folder, name, "webhook-secret")) as file:
                secrets.add(file.read())
        self.assertEqual(len(secrets), 2)

    def test_every_problem_is_reported_with_its_place(self):
        self.write("envflow.yaml", "serverr: {}\nlog: { level: loud }\n")
        _, stderr = self.run_cli("config", "check", code=2)
        self.assertRegex(stderr, r"(?m)^envflow\.yaml:1:1: .*server")
        self.assertRegex(stderr, r"(?m)^envflow\.yaml:2:\d+: ")
        self.assertRegex(stderr, r"(?m)^envflow: error: envflow\.yaml has \d+ problems")
        answer = json.loads(self.run_cli("config", "check", "--json", code=2)[0])
        self.assertFalse(answer["ok"])
        self.assertGreaterEqual(answer["count"], 2)
        self.assertEqual(answer["problems"][0]["line"], 1)

    def test_check_reads_the_secrets_unless_told_not_to(self):
        self.config()
        _, stderr = self.run_cli("config", "check", code=2)
        self.assertIn("webhook-secret", stderr)
        self.assertIn("1, not read", self.run_cli("config", "check", "--no-secrets")[0])
        self.write("webhook-secret", "s3cret\n")
        self.assertIn("1, readable", self.run_cli("config", "check")[0])
        self.assertTrue(json.loads(self.run_cli("config", "check", "--json")[0])["ok"])

    def test_show_prints_what_loads_again_and_no_secret(self):
        self.config()
        self.write("webhook-secret", "s3cret-s3cret\n")
        shown, _ = self.run_cli("config", "show")
        self.assertNotIn("s3cret-s3cret", shown)
        self.write("again.yaml", shown)
        self.assertEqual(self.run_cli("config", "show", "-c", "again.yaml")[0], shown)

    def test_schema_is_json_and_document_is_text(self):
        schema = json.loads(self.run_cli("config", "schema")[0])
        self.assertIn("server", schema["properties"])
        self.assertIn("webhook", self.run_cli("config", "document")[0])

    def test_a_missing_configuration_is_a_usage_error(self):
        _, stderr = self.run_cli("config", "check", "-c", "none.yaml", code=2)
        self.assertIn("none.yaml", stderr)
        if not os.path.exists("/etc/envflow/envflow.yaml"):
            _, stderr = self.run_cli("config", "show", code=2)
            self.assert_message(stderr, "no configuration", "envflow init")

    def test_the_configuration_variable_is_used_and_the_option_is_stronger(self):
        self.config("other.yaml")
        self.run_cli("config", "show", ENVFLOW_CONFIG="other.yaml")
        self.run_cli("config", "show", "-c", "other.yaml", ENVFLOW_CONFIG="none.yaml")
        self.run_cli("config", "show", ENVFLOW_CONFIG="none.yaml", code=2)

    def test_the_admin_listeners_of_the_configuration_are_asked_socket_first(self):
        tcp = self.serve(unix=False)
        unix = self.serve()
        for server in (tcp, unix):
            server.route("/api/v1/status", board())
        both = "[ %s, %s ]" % (tcp.address[len("http://"):], unix.address)
        self.config(admin=both)
        self.run_cli("status")
        self.assertEqual((len(unix.seen), len(tcp.seen)), (1, 0))
        os.unlink(unix.address[len("unix:"):])
        self.run_cli("status")
        self.assertEqual((len(unix.seen), len(tcp.seen)), (1, 1))

    def test_every_listener_that_was_tried_is_named(self):
        path = os.path.join(self.folder, "gone.sock")
        self.config(admin="[ 127.0.0.1:1, 'unix:%s' ]" % path)
        _, stderr = self.run_cli("status", code=8)
        self.assert_message(stderr, "tried unix:" + path, "tried http://127.0.0.1:1")


if __name__ == "__main__":
    unittest.main(verbosity=1)

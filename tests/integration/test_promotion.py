"""A release's whole way in stand-alone mode: from a push to main to PROD, by signed deliveries
and by the command line, against the real daemon.
"""
import json
import os
import unittest

from harness import Case, ZEROS, sha_of, wait_until

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
      future: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      active: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      uat: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      staging: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      prod:
        deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }}
        verify: [ {{ command: [ ./verify.sh ], name: smoke }} ]
        on_unverified: {on_unverified}
    promotions:
      active->staging: {{ approvals: {{ required: 1, reviewers: [ acme/sre ] }} }}
      staging->prod: {{ approvals: {{ required: 2, reviewers: [ acme/sre ] }}, wait: {wait} }}
"""

DEPLOY = """#!/bin/sh
echo "$ENVFLOW_ENVIRONMENT $ENVFLOW_SHA $ENVFLOW_PROMOTION_ID" >> deployed
echo "$ENVFLOW_SHA" > "now-$ENVFLOW_ENVIRONMENT"
"""

VERIFY = """#!/bin/sh
echo "looked at $ENVFLOW_RELEASE on $ENVFLOW_ENVIRONMENT"
! grep -qs "$ENVFLOW_SHA" {folder}/bad
"""

MONA, OCTOCAT, HUBOT, STRANGER = ("mona", 3), ("octocat", 1), ("hubot", 2), ("stranger", 99)
ROBOT = ("robot[bot]", 44)


def review(action, person, promotion, environment, bot=False, run_id=7001, title=None, sha=None):
    user = {"login": person[0], "id": person[1], "type": "Bot" if bot else "User"}
    run = {"id": run_id, "display_title": title or f"Promote ({promotion})",
           "head_sha": sha or sha_of("the workflow's branch"), "head_branch": "main",
           "status": "waiting", "conclusion": None, "path": ".github/workflows/promote-release.yml"}
    return json.dumps({
        "action": action, "approver": user, "comment": "", "since": "2026-01-01T00:00:00Z",
        "workflow_job_runs": [{"id": 1, "environment": environment, "status": "waiting"}],
        "workflow_run": run, "reviewers": [],
        "organization": {"login": "acme", "id": 7},
        "repository": {"id": 42, "full_name": "acme/shop", "fork": False,
                       "default_branch": "main"},
        "sender": {"login": "github", "id": 5, "type": "User"}}).encode()


class Promotion(Case):
    def start(self, wait="0s", on_unverified="hold"):
        server = self.envflow(deploy=DEPLOY, config=CONFIG.replace("{wait}", wait).replace(
            "{on_unverified}", on_unverified))
        server.write("verify.sh", VERIFY.replace("{folder}", server.folder).encode(), 0o755)
        return server.start()

    def ask(self, server, *arguments, code=0):
        done = server.cli(*arguments, "--json", "--server", "unix:" + server.socket)
        self.assertEqual(done.returncode, code, (arguments, done.stdout, done.stderr))
        return json.loads(done.stdout) if done.stdout else done.stderr

    def promotion(self, server, ident):
        return server.get("/promotions/" + ident)

    def wait_state(self, server, ident, state):
        def reached():
            promotion = self.promotion(server, ident)
            return promotion["state"] == state and promotion
        return wait_until(reached, f"promotion {ident} to be {state}; it is "
                                   f"{self.promotion(server, ident)['state']}", 30)

    def push(self, server, before, after):
        self.assertEqual(server.push(before, after)[0], 202)
        server.wait_holds(after)

    def carry(self, server, sha, *steps):
        """Promotes step by step, approving where somebody has to."""
        for target, people in steps:
            promotion = self.ask(server, "promote", "acme/shop", target, "--release", sha[:10],
                                 "--as", "requester#50",
                                 *(["--from", "active"] if target == "staging" else
                                   ["--from", "dev-int"] if target == "active" else []))
            for person in people:
                self.ask(server, "approve", promotion["id"], "--as", "%s#%d" % person)
            self.wait_state(server, promotion["id"], "succeeded")
        return promotion

    def to_staging(self, server, name="one", before=ZEROS):
        sha = sha_of(name)
        self.push(server, before, sha)
        self.carry(server, sha, ("active", []), ("staging", [MONA]))
        return sha

    def vote(self, server, promotion, action, person, environment="promotion-approval-prod",
             **more):
        import uuid
        guid = str(uuid.uuid4())
        status, _ = server.post(review(action, person, promotion, environment, **more),
                                event="deployment_review", guid=guid)
        self.assertEqual(status, 202)
        return server.wait_delivery(guid)[0]

    def test_a_release_goes_from_a_push_to_prod_by_two_distinct_signed_reviews(self):
        server = self.start()
        sha = self.to_staging(server)
        promotion = self.ask(server, "promote", "acme/shop", "prod", "--as", "mona#3")
        ident = promotion["id"]
        self.assertEqual(promotion["state"], "awaiting_approval")

        self.assertEqual(self.vote(server, ident, "approved", OCTOCAT)["verdict"], "acted")
        self.vote(server, ident, "approved", OCTOCAT, run_id=7002)  # the same person again
        self.vote(server, ident, "approved", MONA, run_id=7003)  # the requester
        self.vote(server, ident, "approved", STRANGER, run_id=7004)
        self.vote(server, ident, "approved", ROBOT, bot=True, run_id=7005)
        standings = {v["login"]: v["standing"] for v in self.promotion(server, ident)["votes"]}
        self.assertEqual(standings, {"octocat": "counts", "mona": "requester",
                                     "stranger": "no_reviewer", "robot[bot]": "bot"})
        self.assertEqual(self.promotion(server, ident)["state"], "awaiting_approval")
        self.assertFalse(os.path.exists(os.path.join(server.folder, "now-prod")))

        self.vote(server, ident, "approved", HUBOT, run_id=7006)
        done = self.wait_state(server, ident, "succeeded")
        self.assertEqual(server.read("now-prod").strip(), sha)
        self.assertEqual([(c["phase"], c["name"], c["state"]) for c in done["checks"]],
                         [("after", "smoke", "passed")])
        late = self.vote(server, ident, "rejected", MONA, run_id=7007)
        self.assertEqual(late["reason"], "already_ended")
        self.assertEqual(self.promotion(server, ident)["state"], "succeeded")
        lines = [line for line in server.lines("deployed") if line.startswith("prod ")]
        self.assertEqual(lines, [f"prod {sha} {ident}"])

        export = server.cli("audit", "export", "--server", "unix:" + server.socket)
        self.assertEqual(export.returncode, 0, export.stderr)
        server.write("trail", export.stdout.encode(), 0o600)
        self.assertEqual(server.cli("audit", "verify", "trail").returncode, 0)
        server.write("trail", export.stdout.replace("octocat", "octobat", 1).encode(), 0o600)
        self.assertEqual(server.cli("audit", "verify", "trail").returncode, 1)

    def test_one_rejection_ends_it(self):
        server = self.start()
        self.to_staging(server)
        ident = self.ask(server, "promote", "acme/shop", "prod", "--as", "mona#3")["id"]
        self.vote(server, ident, "approved", OCTOCAT)
        self.vote(server, ident, "rejected", HUBOT, run_id=2)
        self.wait_state(server, ident, "rejected")
        self.vote(server, ident, "approved", HUBOT, run_id=3)
        self.assertEqual(self.promotion(server, ident)["state"], "rejected")
        self.assertFalse(os.path.exists(os.path.join(server.folder, "now-prod")))

    def test_nothing_skips_an_environment(self):
        server = self.start()
        self.push(server, ZEROS, sha_of("one"))
        for target, source in (("prod", "dev-int"), ("staging", "dev-int"), ("prod", "active")):
            error = server.cli("promote", "acme/shop", target, "--from", source, "--release",
                               sha_of("one"), "--as", "mona#3", "--server",
                               "unix:" + server.socket)
            self.assertEqual(error.returncode, 5, error.stderr)
        error = server.cli("promote", "acme/shop", "prod", "--release", sha_of("one"), "--as",
                           "mona#3", "--server", "unix:" + server.socket)
        self.assertEqual(error.returncode, 5, error.stderr)
        self.assertIn("staging", error.stderr)
        self.assertFalse(os.path.exists(os.path.join(server.folder, "now-prod")))

    def test_a_restart_at_any_state_changes_nothing(self):
        server = self.start(wait="2s")
        sha = self.to_staging(server)
        ident = self.ask(server, "promote", "acme/shop", "prod", "--as", "mona#3")["id"]
        server.kill()
        server.start()
        self.vote(server, ident, "approved", OCTOCAT)
        server.kill()
        server.start()
        self.vote(server, ident, "approved", HUBOT, run_id=2)
        self.wait_state(server, ident, "waiting")
        server.kill()
        server.start()
        self.wait_state(server, ident, "succeeded")
        self.assertEqual([line for line in server.lines("deployed") if line.startswith("prod ")],
                         [f"prod {sha} {ident}"])

    def test_a_failed_verification_holds_or_rolls_back_as_configured(self):
        for policy, state in (("hold", "failed"), ("rollback", "rolled_back")):
            with self.subTest(policy=policy):
                server = self.start(on_unverified=policy)
                first = self.to_staging(server)
                self.carry(server, first, ("prod", [OCTOCAT, HUBOT]))
                second = self.to_staging(server, "two", first)
                server.write("bad", second.encode(), 0o600)
                ident = self.ask(server, "promote", "acme/shop", "prod", "--release", second[:10],
                                 "--as", "mona#3")["id"]
                for person in (OCTOCAT, HUBOT):
                    self.ask(server, "approve", ident, "--as", "%s#%d" % person)
                self.wait_state(server, ident, state)
                if policy == "rollback":
                    wait_until(lambda: server.read("now-prod").strip() == first,
                               "prod to hold the first release again")
                    server.wait_holds(first, environment="prod")
                else:
                    self.assertEqual(server.lane(environment="prod")["health"], "unverified")

    def test_a_rollback_needs_the_same_people_and_a_reason_and_pins(self):
        server = self.start()
        first = self.to_staging(server)
        self.carry(server, first, ("prod", [OCTOCAT, HUBOT]))
        second = self.to_staging(server, "two", first)
        self.carry(server, second, ("prod", [OCTOCAT, HUBOT]))
        error = server.cli("rollback", "acme/shop", "prod", "--as", "mona#3", "--server",
                           "unix:" + server.socket)
        self.assertEqual(error.returncode, 5, error.stderr)
        ident = self.ask(server, "rollback", "acme/shop", "prod", "--as", "mona#3", "--reason",
                         "INC-7")["id"]
        self.ask(server, "approve", ident, "--as", "octocat#1")
        self.assertEqual(self.promotion(server, ident)["state"], "awaiting_approval")
        self.ask(server, "approve", ident, "--as", "hubot#2")
        self.wait_state(server, ident, "succeeded")
        server.wait_holds(first, environment="prod")
        self.assertIn("INC-7", server.lane(environment="prod")["pinned"]["reason"])

    def test_a_freeze_holds_pushes_back_and_loses_none(self):
        server = self.start()
        self.push(server, ZEROS, sha_of("one"))
        self.ask(server, "freeze", "--reason", "INC-8", "--as", "mona#3")
        server.push(sha_of("one"), sha_of("two"))
        server.push(sha_of("two"), sha_of("three"))
        wait_until(lambda: server.lane()["queued"] == 1, "the push to wait")
        self.assertEqual(server.lane()["holds"]["sha"], sha_of("one"))
        error = server.cli("thaw", "prod", "--as", "mona#3", "--server", "unix:" + server.socket)
        self.assertEqual(error.returncode, 3, error.stderr)
        self.ask(server, "thaw", "--as", "mona#3")
        server.wait_holds(sha_of("three"))
        states = {d["sha"]: d["state"] for d in server.deployments(environment="dev-int")}
        self.assertEqual(states[sha_of("two")], "superseded")

    def test_a_deployment_nobody_asked_for_is_a_bypass(self):
        import uuid
        server = self.start()
        self.push(server, ZEROS, sha_of("one"))
        common = {"repository": {"id": 42, "full_name": "acme/shop", "fork": False,
                                 "default_branch": "main"},
                  "sender": {"login": "mallory", "id": 66, "type": "User"}}
        deployment = {"id": 900, "environment": "prod", "sha": sha_of("evil"), "ref": "evil",
                      "payload": "", "creator": {"login": "mallory", "id": 66, "type": "User"},
                      "created_at": "2026-01-01T00:00:00Z"}
        guid = str(uuid.uuid4())
        server.post(json.dumps({"action": "created", "deployment": deployment, **common}).encode(),
                    event="deployment", guid=guid)
        self.assertEqual(server.wait_delivery(guid)[0]["reason"], "bypass")
        guid = str(uuid.uuid4())
        server.post(json.dumps({"action": "created", "deployment": deployment, "deployment_status":
                                {"id": 1, "state": "success", "environment": "prod"},
                                **common}).encode(), event="deployment_status", guid=guid)
        server.wait_delivery(guid)
        lane = server.lane(environment="prod")
        self.assertEqual((lane["holds"]["sha"], lane["health"]), (sha_of("evil"), "unverified"))
        events = [r["event"] for r in server.get("/audit?environment=prod")["items"]]
        self.assertIn("deployment.bypass", events)

    def test_a_token_acts_for_its_owner_and_only_within_its_scopes(self):
        server = self.start()
        self.to_staging(server)
        ident = self.ask(server, "promote", "acme/shop", "prod", "--as", "mona#3")["id"]
        token = server.cli("token", "create", "ci", "octocat#1", "--scope", "read,approve",
                           "--server", "unix:" + server.socket).stdout.strip()
        self.assertRegex(token, "^envf_[0-9a-f]{64}$")
        environment = {**os.environ, "ENVFLOW_TOKEN": token}
        done = server.cli("approve", ident, "--server", "unix:" + server.socket, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        vote = self.promotion(server, ident)["votes"][0]
        self.assertEqual((vote["login"], vote["standing"], vote["via"]),
                         ("octocat", "counts", "token ci"))
        done = server.cli("promote", "acme/shop", "uat", "--server", "unix:" + server.socket,
                          env=environment)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.ask(server, "token", "revoke", "ci")
        done = server.cli("status", "--server", "unix:" + server.socket, env=environment)
        self.assertEqual(done.returncode, 4, done.stderr)
        for place in ("log", "state/envflow.db", "state/envflow.db-wal"):
            with open(os.path.join(server.folder, place), "rb") as file:
                self.assertNotIn(token[5:].encode(), file.read(), place)


if __name__ == "__main__":
    unittest.main()

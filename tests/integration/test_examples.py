"""Every payload of npm @octokit/webhooks-examples, signed, through the real daemon: accepted, and
with the verdict that its content deserves."""
import glob
import json
import os
import unittest
import uuid

from harness import CONFIG, SOURCE, Case, ZEROS

FOLDER = os.path.join(SOURCE, "tests", "node_modules", "@octokit", "webhooks-examples")

# What is expected of events that envflow acts on; of all others: acknowledged, and ignored.
UNKNOWN = ("ignored", "repository_not_configured")
NO_ACTION = ("ignored", "action_not_used")
HANDLED = {
    "deployment": {UNKNOWN, NO_ACTION},  # old captures carry no action
    "deployment_review": {UNKNOWN},
    "deployment_status": {UNKNOWN, NO_ACTION},
    "ping": {("recorded", "ping")},
    "pull_request": {NO_ACTION},  # opened, labeled …, and closed without a merge
    "pull_request_review": {UNKNOWN, NO_ACTION},
    "push": {UNKNOWN, ("ignored", "tag")},
    "repository_dispatch": {NO_ACTION},
    "workflow_dispatch": {NO_ACTION},
    "workflow_job": {UNKNOWN},
    "workflow_run": {UNKNOWN},
}
UNUSED = {("ignored", "event_not_used")}


def examples():
    """(event, payload) of github.com and of every GitHub Enterprise Server there is."""
    found = []
    for path in sorted(glob.glob(os.path.join(FOLDER, "*", "index.json"))):
        with open(path, encoding="utf-8") as file:
            found += [(event["name"], payload)
                      for event in json.load(file) for payload in event["examples"]]
    assert len(found) > 600, "no payloads: npm ci --prefix tests installs them"
    return found


def pushes():
    return [payload for event, payload in examples() if event == "push"]


def configured(branch):
    """Codertocat's repositories, whose branch of this name deploys."""
    return CONFIG.replace("acme/*", "Codertocat/*").replace(
        "deploy: {{ command", f"auto: [ {branch} ]\n        deploy: {{{{ command")


class Examples(Case):
    def send_all(self, server, payloads):
        """Verdict and reason of each (event, payload), in order; each sent before the next."""
        guids = []
        for event, payload in payloads:
            guids.append(str(uuid.uuid4()))
            body = json.dumps(payload, ensure_ascii=False).encode()
            status, answer = server.post(body, event=event, guid=guids[-1])
            self.assertEqual(status, 200 if event == "ping" else 202, (event, answer))
        server.wait_delivery(guids[-1])
        found = [server.delivery(guid) for guid in guids]
        for (event, payload), items in zip(payloads, found):
            self.assertEqual(len(items), 1, event)
            self.assertEqual(items[0]["event"], event)
            self.assertEqual(items[0]["action"] or "",
                             payload.get("action", "") if event in HANDLED
                             and items[0]["verdict"] != "duplicate" else "")
        return [(items[0]["verdict"], items[0]["reason"]) for items in found]

    def check(self, server, payloads, expected_of):
        """expected_of(event, payload) is a set; what was sent before under another GUID repeats."""
        sent = set()
        verdicts = self.send_all(server, payloads)
        for (event, payload), verdict in zip(payloads, verdicts):
            body = json.dumps(payload, ensure_ascii=False)
            expected = {("duplicate", "replayed_body")} if body in sent else expected_of(event,
                                                                                         payload)
            sent.add(body)
            self.assertIn(verdict, expected, (event, payload.get("action"), payload.get("ref")))

    def test_every_example_is_accepted_and_none_is_quarantined(self):
        server = self.envflow().start()
        self.check(server, examples(), lambda event, _: HANDLED.get(event, UNUSED))
        self.assertEqual(server.deployments(), [])
        self.assertEqual(server.get("/deliveries?verdict=quarantined")["items"], [])

    def test_a_branch_that_deploys_does_and_its_tags_and_repetitions_do_not(self):
        server = self.envflow(config=configured("master")).start()
        deployed = []

        def expected(_, payload):
            if payload["ref"].startswith("refs/tags/"):
                return {("ignored", "tag")}
            if payload["after"] in deployed:
                return {("ignored", "push_already_known")}
            deployed.append(payload["after"])
            return {("acted", "deploying")}

        self.check(server, [("push", payload) for payload in pushes()], expected)
        self.assertEqual(len(deployed), 1)
        server.wait_holds(deployed[0], repository="Codertocat/Hello-World")
        self.assertEqual([line.split()[0] for line in server.lines("deployed")], deployed)

    def test_a_branch_that_does_not_deploy_is_ignored(self):
        server = self.envflow(config=configured("main")).start()
        self.check(server, [("push", payload) for payload in pushes()],
                   lambda _, payload: {("ignored", "tag" if "/tags/" in payload["ref"]
                                        else "branch_not_deployed")})
        self.assertEqual(server.deployments(), [])

    def test_the_same_pushes_to_a_branch_create_move_and_delete_it(self):
        """The examples' tags as if they were branches: what deletes one deploys nothing."""
        server = self.envflow(config=configured("master")).start()
        payloads = [("push", {**payload, "ref": "refs/heads/master"}) for payload in pushes()]
        seen, deployed = set(), set()

        def expected(_, payload):
            repository = payload["repository"]["id"]
            push = (repository, payload["before"], payload["after"],
                    payload["repository"]["pushed_at"])
            known = push in seen
            seen.add(push)
            if known:
                return {("ignored", "push_already_known")}
            if payload["after"] != ZEROS:
                deployed.add(repository)
                return {("acted", "deploying")}
            return {("ignored", "branch_deleted") if repository in deployed
                    else ("recorded", "head_unchanged")}

        self.check(server, payloads, expected)
        self.assertTrue(any(push[2] == ZEROS for push in seen))
        self.assertEqual({deployment["sha"] for deployment in server.deployments()},
                         {push[2] for push in seen if push[2] != ZEROS})


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""What is generated from the table of keys: docs/config.md and docs/envflow.schema.json are as the
binary prints them, and the schema and the loader have the same opinion of a file.

Cases are JSON, which is YAML too, so that both judge the same values. Where the opinions differ,
the schema is the laxer one, for what takes more than the form of one value to judge.
"""
import copy
import json
import os
import subprocess
import tempfile
import unittest

import jsonschema

BINARY = os.environ["ENVFLOW"]
SOURCE = os.environ["SOURCE_DIR"]

BASE = {
    "webhook": {"secrets": [{"file": "./webhook-secret"}]},
    "repositories": {"acme/shop": "standard"},
    "flows": {"standard": {"environments": {"dev-int": {"deploy": {"command": ["./deploy.sh"]}}}}},
}
DEV_INT = ("flows", "standard", "environments", "dev-int")
DEPLOY = DEV_INT + ("deploy",)
GONE = object()

# (where, value): put there instead of what BASE has.
BOTH_ACCEPT = [
    ((), {}),
    (("server",), {}), (("server",), None), (("log",), None), (("limits",), None),
    (("server", "webhooks"), "127.0.0.1:8080"),
    (("server", "webhooks"), ["0.0.0.0:8080", "[::]:8080", "unix:/run/x.sock", "fd:https"]),
    (("server", "admin"), "unix:/run/envflow/admin.sock"),
    (("server", "path"), "/hook"),
    (("server", "tls"), {"certificate": "a.pem", "key": "a.key"}),
    (("server", "tls"), {"certificate": 1, "key": True}),
    (("webhook", "secrets"), [{"env": "A"}, {"credential": "b"}, {"file": "/c"}]),
    (("store",), "sqlite:./state"),
    (("repositories", "acme/*"), {"flow": "standard", "forks": True}),
    (("repositories", "acme/shop"), None), (("repositories", "acme/shop"), {}),
    (("flows", "1.0"), {"environments": {"a": None}}),
    (("flows", "standard", "environments", "prod"), {"lane": "every"}),
    (DEV_INT + ("auto",), []), (DEV_INT + ("auto",), ["main", "release/*", 1.5, True]),
    (DEPLOY + ("command",), ["sh", "-c", 1, 1.5, True, ""]),
    (DEPLOY + ("timeout",), "90s"), (DEPLOY + ("repeatable",), False),
    (DEPLOY + ("workdir",), "/srv"), (DEPLOY + ("output",), "1MiB"), (DEPLOY + ("pass_env",), []),
    (DEPLOY + ("pass_env",), ["PATH", "HOME"]),
    (("log", "level"), "warning"), (("log", "format"), "json"),
    (("limits", "body"), 65536), (("limits", "body"), "65536"), (("limits", "body"), "25MiB"),
    (("limits", "connections"), 16), (("limits", "connections"), "16"),
    (("journal", "keep"), "0s"), (("journal", "keep_size"), 0),
]
BOTH_REFUSE = [
    (("sever",), {}), (("server", "listen"), "127.0.0.1:1"), (DEPLOY + ("cmd",), ["a"]),
    (("webhook",), GONE), (("webhook",), None), (("webhook",), {}), (("repositories",), GONE),
    (("repositories",), {}), (("repositories",), None), (("repositories",), ["acme/shop"]),
    (("repositories", "shop"), "standard"), (("repositories", "a/b/c"), "standard"),
    (("repositories", "acme/shop"), ["standard"]), (("repositories", "acme/*"), {"forks": "yes"}),
    (("repositories", "acme/*"), {"forks": "true"}), (("repositories", "acme/*"), {"forks": 1}),
    (("webhook", "secrets"), []), (("webhook", "secrets"), "s3cret"),
    (("webhook", "secrets"), ["s3cret"]), (("webhook", "secrets"), [None]),
    (("webhook", "secrets"), [{}]), (("webhook", "secrets"), [{"file": "a", "env": "B"}]),
    (("webhook", "secrets"), [{"env": "1A"}]), (("webhook", "secrets"), [{"credential": "a/b"}]),
    (("webhook", "secrets"), [{"env": "A"}] * 9),
    (("server",), []), (("server", "webhooks"), []), (("server", "webhooks"), 8080),
    (("server", "webhooks"), "8080"), (("server", "webhooks"), None),
    (("server", "webhooks"), {"a": "b"}), (("server", "webhooks"), "unix:relative"),
    (("server", "webhooks"), ["127.0.0.1:1"] * 9), (("server", "path"), "hook"),
    (("server", "path"), "/a b"), (("server", "tls"), {"certificate": "a"}),
    (("server", "tls"), None), (("store",), "mysql:x"), (("store",), "sqlite:"),
    (("store",), None), (("flows",), []), (("flows", "a b"), {"environments": {"a": {}}}),
    (("flows", "standard", "environments"), {}), (("flows", "standard", "environments"), None),
    (("flows", "standard", "environments"), ["dev-int"]),
    (DEPLOY, None), (DEPLOY, {}), (DEPLOY, "./deploy.sh"), (DEPLOY + ("command",), "./deploy.sh"),
    (DEPLOY + ("command",), []), (DEPLOY + ("command",), [["a"]]),
    (DEPLOY + ("command",), [None]), (DEPLOY + ("timeout",), 90), (DEPLOY + ("timeout",), "90"),
    (DEPLOY + ("timeout",), "1h30m"), (DEPLOY + ("timeout",), "soon"),
    (DEPLOY + ("repeatable",), "false"), (DEPLOY + ("workdir",), ""),
    (DEPLOY + ("pass_env",), ["A-B"]), (DEPLOY + ("pass_env",), "PATH"),
    (DEV_INT + ("lane",), "oldest"), (DEV_INT + ("auto",), "main"), (DEV_INT + ("auto",), ["/a"]),
    (("log", "level"), "warn"), (("log", "level"), "INFO"), (("log", "format"), None),
    (("limits", "body"), 1), (("limits", "body"), -1), (("limits", "body"), "25MB"),
    (("limits", "body"), 1.5), (("limits", "connections"), 100001),
    (("limits", "connections"), True), (("limits", "connections"), "4k"),
]
ONLY_THE_LOADER_REFUSES = [
    (("repositories", "acme/shop"), "nosuch"),             # the flow does not exist
    (("flows",), GONE),                                    # dev-int has no way to deploy
    (("flows", "mine"), {}),                               # only `standard` is built in
    (("limits", "bodies_in_flight"), "1MiB"),              # the largest delivery never fits
    (("limits", "body"), "1KiB"),                          # bounds of a value with a unit
    (DEPLOY + ("timeout",), "1ms"), (DEPLOY + ("timeout",), "8d"),
    (("server", "webhooks"), "127.0.0.1:65536"), (("server", "webhooks"), "unix:/" + "x" * 120),
    (("repositories", "ACME/SHOP"), "standard"),           # case does not count
    (DEV_INT + ("auto",), ["refs/heads/main"]),
]


def case(where, value):
    tree = copy.deepcopy(BASE)
    at = tree
    for key in where[:-1]:
        at = at.setdefault(key, {})
    if where and value is GONE:
        del at[where[-1]]
    elif where:
        at[where[-1]] = value
    return tree


def run(*args):
    return subprocess.run([BINARY, *args], capture_output=True, timeout=60, check=False)


class GeneratedTest(unittest.TestCase):
    def setUp(self):
        self.validator = jsonschema.Draft7Validator(json.loads(run("config", "schema").stdout))

    def accepts(self, tree):
        """(schema, loader)"""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump(tree, file)
            file.flush()
            done = run("config", "check", "--no-secrets", "--config", file.name)
        self.assertIn(done.returncode, (0, 2), done.stderr)
        return self.validator.is_valid(tree), done.returncode == 0

    def test_the_documents_in_docs_are_what_the_binary_prints(self):
        for name, command in (("config.md", "document"), ("envflow.schema.json", "schema")):
            with open(os.path.join(SOURCE, "docs", name), encoding="utf-8") as file:
                self.assertEqual(file.read(), run("config", command).stdout.decode(),
                                 f"run: envflow config {command} > docs/{name}")

    def test_the_schema_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(self.validator.schema)

    def test_the_schema_and_the_loader_judge_alike(self):
        for cases, expected in ((BOTH_ACCEPT, (True, True)), (BOTH_REFUSE, (False, False)),
                                (ONLY_THE_LOADER_REFUSES, (True, False))):
            for where, value in cases:
                with self.subTest(where=where, value=value):
                    self.assertEqual(self.accepts(case(where, value)), expected)

    def test_every_example_and_default_of_the_schema_is_valid(self):
        def visit(schema):
            values = [schema["default"]] if "default" in schema else []
            for value in values + schema.get("examples", []):
                jsonschema.Draft7Validator(schema).validate(value)
            for inner in schema.get("properties", {}).values():
                visit(inner)
            for inner in schema.get("anyOf", []):
                visit(inner)
            if isinstance(schema.get("additionalProperties"), dict):
                visit(schema["additionalProperties"])
        visit(self.validator.schema)


if __name__ == "__main__":
    unittest.main()

"""The admin API by hand: who may, what it refuses and how, pages, and that docs/API.md is true."""
import contextlib
import http.client
import json
import os
import re
import socket
import unittest

from harness import SOURCE, ZEROS, Case, free_port, sha_of, wait_until

CONFIG = """
server:
  webhooks: 127.0.0.1:{port}
  admin: [ "unix:{socket}", "127.0.0.1:@ADMIN@" ]
webhook:
  secrets: [ {{ file: ./webhook-secret }} ]
store: sqlite:{folder}/state
repositories:
  acme/*: standard
flows:
  standard:
    environments:
      dev-int: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
      active:
        deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }}
        requesters: [ mona#3, hubot ]
      uat: {{ deploy: {{ command: [ ./deploy.sh ], workdir: {folder} }} }}
    promotions:
      active->uat: {{ approvals: {{ required: 1, reviewers: [ octocat#1 ] }} }}
    freezes:
      - {{ name: always, environments: [ uat ], from: Mon 00:00, to: Sun 23:59 }}
"""
MONA = {"X-Envflow-As": "mona#3"}
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("envflow", timeout=30)
        self.socket_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.socket_path)


class Api(Case):
    def start(self):
        self.admin_port = free_port()
        server = self.envflow(config=CONFIG.replace("@ADMIN@", str(self.admin_port))).start()
        self.server = server
        return server

    def whole(self, method, path, body=None, headers=None, tcp=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=30) \
            if tcp else Socket(self.server.socket)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        with contextlib.closing(connection):
            connection.request(method, "/api/v1" + path, body, headers or {})
            answer = connection.getresponse()
            return answer, answer.read()

    def call(self, *args, **more):
        answer, text = self.whole(*args, **more)
        return answer.status, json.loads(text or b"null")

    def assert_refused(self, status, code, *args, words="", **more):
        got, answer = self.call(*args, **more)
        error = answer.get("error", {})
        self.assertEqual((got, error.get("code")), (status, code), (args, answer))
        self.assertEqual(sorted(set(error) - {"promotion"}), ["code", "hint", "sentence"])
        self.assertIn(words, error["sentence"])
        return error

    def token(self, *scopes, name=None, person="octocat#1"):
        status, answer = self.call("POST", "/tokens", {
            "name": name or "-".join(scopes), "person": person, "scopes": list(scopes)})
        self.assertEqual(status, 201, answer)
        return {"Authorization": "Bearer " + answer["token"]}

    def push(self, name="one", before=ZEROS):
        sha = sha_of(name)
        self.server.push(before, sha)
        self.server.wait_holds(sha)
        return sha

    def promote(self, to="active", headers=None, **more):
        return self.call("POST", "/promotions", {"repository": "acme/shop", "to": to,
                                                 "from": "dev-int", **more}, headers or MONA)

    # -- who --

    def test_over_tcp_nobody_is_let_in_without_a_token(self):
        self.start()
        for headers in ({}, MONA, {"Authorization": ""}, {"Authorization": "Basic eDp5"},
                        {"Authorization": "Bearer "}, {"Authorization": "Bearer envf_" + "0" * 64}):
            answer, text = self.whole("GET", "/status", headers=headers, tcp=True)
            self.assertEqual(answer.status, 401, (headers, text))
            self.assertEqual(answer.getheader("WWW-Authenticate"), "Bearer")
        token = self.token("read")
        self.assertEqual(self.call("GET", "/status", headers=token, tcp=True)[0], 200)
        small = {"Authorization": token["Authorization"].replace("Bearer", "bearer")}
        self.assertEqual(self.call("GET", "/status", headers=small, tcp=True)[0], 200)

    def test_a_token_acts_in_nobody_elses_name(self):
        self.start()
        token = self.token("admin")
        for tcp in (True, False):
            self.assert_refused(400, "malformed", "GET", "/status", headers={**token, **MONA},
                                tcp=tcp, words="its owner")

    def test_headers_that_name_somebody_come_once(self):
        server = self.start()
        token = self.token("read")["Authorization"]
        for line in ("X-Envflow-As: mona#3\r\nX-Envflow-As: octocat#1",
                     "X-Envflow-As: mona#3\r\nx-envflow-as: mona#3",
                     f"Authorization: {token}\r\nAuthorization: {token}"):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(30)
                connection.connect(server.socket)
                connection.sendall(f"GET /api/v1/status HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n"
                                   .encode())
                self.assertIn(b" 400 ", connection.recv(4096).split(b"\r\n")[0], line)

    def test_a_person_is_a_login_and_a_positive_decimal_id(self):
        self.start()
        for text in ("", "#3", "mona#", "mona#x", "mona# 3", "mona#+3", "mona#-3", "mona#0",
                     "mona#3#4", "mo na#3", "mona#9999999999999999999", "dependabot[bot]#9",
                     "x" * 64 + "#3", "mona#0x3"):
            self.assert_refused(400, "malformed", "GET", "/status",
                                headers={"X-Envflow-As": text})
        self.assert_refused(403, "person_unknown", "GET", "/status", words="stranger#ID",
                            headers={"X-Envflow-As": "stranger"})

    def test_a_login_alone_will_do_where_the_configuration_or_an_earlier_use_knows_its_id(self):
        self.start()
        for login, status in (("mona", 200), ("OCTOCAT", 200), ("hubot", 403)):
            self.assertEqual(self.call("GET", "/status", headers={"X-Envflow-As": login})[0],
                             status, login)
        self.push()
        self.assertEqual(self.promote(headers={"X-Envflow-As": "hubot#2"})[0], 201)
        self.assertEqual(self.call("GET", "/status", headers={"X-Envflow-As": "hubot"})[0], 200)

    def test_what_changes_something_needs_a_person(self):
        self.start()
        self.push()
        place = {"repository": "acme/shop", "environment": "dev-int"}
        for path, body in (("/promotions", {"repository": "acme/shop", "to": "active"}),
                           (f"/promotions/{NOBODY}/approve", {}),
                           (f"/promotions/{NOBODY}/cancel", {}), ("/freezes", {"reason": "x"}),
                           ("/freezes/thaw", {}), ("/pins", {**place, "reason": "x"}),
                           ("/pins/unpin", place)):
            self.assert_refused(403, "person_unknown", "POST", path, body)

    def test_only_requesters_promote_pin_and_cancel(self):
        self.start()
        self.push()
        stranger = {"X-Envflow-As": "stranger#99"}
        taken = {"X-Envflow-As": "hubot#77"}  # another id under a login that is known
        self.assertEqual(self.promote(headers={"X-Envflow-As": "hubot#2"})[0], 201)
        wait_until(lambda: (self.server.lane(environment="active") or {}).get("holds"), "active")
        pin = {"repository": "acme/shop", "environment": "active", "reason": "demo"}
        for who in (stranger, taken):
            self.assert_refused(403, "requester_not_allowed", "POST", "/pins", pin, who)
            error = self.promote(headers=who, release=sha_of("one"))[1]["error"]
            self.assertEqual(error["code"], "requester_not_allowed")
        self.assertEqual(self.call("POST", "/pins", pin, MONA)[1]["outcome"]["code"], "pinned")
        self.assertEqual(self.call("POST", "/pins/unpin", {k: pin[k] for k in pin if k != "reason"},
                                   MONA)[1]["outcome"]["code"], "unpinned")
        self.call("POST", "/freezes", {"environment": "active", "reason": "x"}, MONA)
        self.push("two", sha_of("one"))
        status, promotion = self.promote(headers={"X-Envflow-As": "hubot#2"})
        self.assertEqual((status, promotion["state"]), (201, "waiting"), promotion)
        path = f"/promotions/{promotion['id']}/cancel"
        for who in (stranger, taken):
            self.assert_refused(403, "requester_not_allowed", "POST", path, {}, who)
        self.assertEqual(self.call("POST", path, {}, MONA)[1]["state"], "cancelled")

    # -- tokens --

    def test_a_token_is_named_once_lives_a_while_and_is_revoked_once(self):
        self.start()

        def make(**more):
            return self.call("POST", "/tokens", {"name": "ci", "person": "octocat#1",
                                                 "scopes": ["read"], **more})
        for more in ({"expires": "0s"}, {"expires": "1"}, {"expires": "99999d"},
                     {"expires": "99999999999999999999d"}, {"scopes": []}, {"scopes": ["root"]},
                     {"scopes": ["read,admin"]}, {"scopes": ["read", ""]}, {"scopes": "read"},
                     {"scopes": [1]}, {"name": ""}, {"name": "a/b"}, {"name": "a\nb"},
                     {"name": "x" * 64}, {"person": ""}, {"person": "octocat#-1"}):
            status, answer = make(**more)
            self.assertEqual((status, answer["error"]["code"]), (400, "malformed"), more)
        status, first = make(expires="90d")
        self.assertEqual(status, 201)
        self.assertRegex(first["token"], "^envf_[0-9a-f]{64}$")
        self.assertEqual((make()[0], make()[1]["error"]["code"]), (409, "token_exists"))
        self.assertEqual(self.call("POST", "/tokens/ci/revoke")[1]["outcome"]["code"],
                         "token_revoked")
        then = self.call("GET", "/tokens")[1]["items"][0]["revoked_at"]
        self.assert_refused(409, "already_ended", "POST", "/tokens/ci/revoke")
        self.assertEqual(self.call("GET", "/tokens")[1]["items"][0]["revoked_at"], then)
        self.assert_refused(401, "not_allowed", "GET", "/status", words="revoked", tcp=True,
                            headers={"Authorization": "Bearer " + first["token"]})
        status, second = make()
        self.assertEqual(status, 201)
        self.assertEqual(self.call("POST", "/tokens/ci/revoke")[0], 200)
        self.assert_refused(401, "not_allowed", "GET", "/status",
                            headers={"Authorization": "Bearer " + second["token"]})
        self.assert_refused(404, "not_found", "POST", "/tokens/nobody/revoke")
        self.assertNotIn("envf_", json.dumps(self.call("GET", "/tokens")[1]))
        self.assertEqual(self.call("POST", "/tokens", {"name": "my token", "person": "octocat#1",
                                                       "scopes": ["read"]})[0], 201)
        self.assertEqual(self.call("POST", "/tokens/my%20token/revoke")[0], 200)

    def test_a_token_that_has_expired_lets_nobody_in(self):
        self.start()
        _, answer = self.call("POST", "/tokens", {"name": "short", "person": "octocat#1",
                                                  "scopes": ["read"], "expires": "1s"})
        headers = {"Authorization": "Bearer " + answer["token"]}
        wait_until(lambda: self.call("GET", "/status", headers=headers)[0] == 401, "the token's end")
        self.assert_refused(401, "not_allowed", "GET", "/status", headers=headers, words="expired")

    # -- bodies and parameters --

    def test_bodies_that_are_not_what_they_should_be_are_refused_by_name(self):
        self.start()
        fine = {"repository": "acme/shop", "to": "active"}
        for body, words in (
                ("[]", "no JSON object"), ("7", "no JSON object"), ("{", "no JSON object"),
                ('{"to":"a","to":"b"}', "duplicate"), ('{"to":"a\\u0000"}', "no JSON object"),
                (b'{"to":"\xff"}', "no JSON object"), ("[" * 60000, "no JSON object"),
                ("{}x", "no JSON object"), ("{}", "'repository' is missing"),
                ("", "'repository' is missing"), ({"repository": "acme/shop"}, "'to' is missing"),
                ({**fine, "unknown": 1}, "no field 'unknown'"), ({**fine, "to": 7}, "'to' must be"),
                ({**fine, "to": "x" * 256}, "'to' is longer than 255"),
                ({**fine, "release": ["x"]}, "'release' must be text"),
                ({**fine, "reason": {"a": 1}}, "'reason' must be text"),
                ({**fine, "kind": "demote"}, "kind must be")):
            self.assert_refused(400, "malformed", "POST", "/promotions", body, MONA, words=words)
        self.assert_refused(413, "body_large", "POST", "/promotions", '{"to":"%s"}' % ("x" * 70000),
                            MONA)
        self.assert_refused(400, "malformed", "POST", "/freezes",
                            {"reason": "x", "rollbacks": "yes"}, MONA, words="true or false")
        self.assert_refused(400, "malformed", "POST", "/pins/unpin",
                            {"repository": "acme/shop", "environment": "uat", "flow": "x"}, MONA)
        self.assert_refused(400, "malformed", "POST", f"/promotions/{NOBODY}/approve",
                            {"reason": "x"}, MONA)

    def test_parameters_that_would_be_passed_over_are_refused(self):
        self.start()
        for path in ("/promotions?enviroment=prod", "/promotions?repository=%zz",
                     "/promotions?repository=%00", "/audit?limit=1&limit=2",
                     "/releases?repository=" + "x" * 300, "/status?x", "/prove?x=1",
                     "/deliveries?limit=1&&foo=1"):
            self.assert_refused(400, "parameter", "GET", path)
        for path, code in (("/audit?limit=0", "limit"), ("/audit?limit=501", "limit"),
                           ("/audit?limit=-1", "limit"), ("/audit?limit=1e2", "limit"),
                           ("/audit?limit=", "limit"), ("/audit?after=" + "9" * 40, "after"),
                           ("/audit?before=x", "before"), ("/audit?since=now", "malformed"),
                           ("/promotions?state=nope", "state"),
                           ("/deployments?state=nope", "state"),
                           ("/deliveries?verdict=nope", "verdict"), ("/why", "malformed")):
            self.assert_refused(400, code, "GET", path)
        self.assertEqual(self.call("GET", "/audit?limit=1&after=0&repository=acme%2Fshop")[0], 200)

    def test_a_wrong_method_names_the_right_ones(self):
        self.start()
        answer, _ = self.whole("DELETE", "/promotions")
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "GET, POST"))

    # -- refusals --

    def test_refusals_have_a_code_a_status_and_a_next_step(self):
        self.start()
        one = self.push()
        post = "POST", "/promotions"

        def refused(status, code, **body):
            error = self.assert_refused(status, code, *post, {"repository": "acme/shop", **body},
                                        MONA)
            self.assertTrue(error["hint"], error)

        refused(404, "repository_not_configured", repository="other/shop", to="active")
        refused(404, "environment_unknown", to="nowhere")
        refused(404, "release_unknown", to="active", **{"from": "dev-int", "release": "v9"})
        refused(404, "release_unknown", kind="deploy", to="active", branch="nope")
        refused(422, "no_such_path", to="uat", **{"from": "dev-int"})
        refused(422, "not_on_source", to="uat")
        refused(422, "nothing_to_roll_back_to", kind="rollback", to="active", reason="x")
        self.promote()
        wait_until(lambda: (self.server.lane(environment="active") or {}).get("holds"), "active")
        refused(409, "already_there", to="active", release=one, **{"from": "dev-int"})
        status, promotion = self.call(*post, {"repository": "acme/shop", "to": "uat"}, MONA)
        self.assertEqual((status, promotion["state"]), (201, "awaiting_approval"), promotion)
        refused(409, "already_open", to="uat")
        ident = promotion["id"]
        self.assert_refused(404, "not_found", "GET", f"/promotions/{ident[:5]}", words="too short")
        self.assertEqual(self.call("GET", f"/promotions/{ident.lower()}")[0], 200)
        self.assert_refused(409, "conflict", "GET", f"/promotions/{ident[:6]}", words="several")
        self.assert_refused(404, "not_found", "POST", f"/promotions/{NOBODY}/approve", {}, MONA)
        self.assert_refused(404, "not_frozen", "POST", "/freezes/thaw", {"environment": "uat"}, MONA)
        self.assert_refused(404, "scope_unknown", "POST", "/freezes",
                            {"flow": "nope", "reason": "x"}, MONA)
        self.assert_refused(422, "reason_required", "POST", "/freezes", {}, MONA)
        self.assert_refused(404, "not_pinned", "POST", "/pins/unpin",
                            {"repository": "acme/shop", "environment": "uat"}, MONA)
        self.assert_refused(404, "repository_not_configured", "POST", "/pins",
                            {"repository": "acme/none", "environment": "uat", "reason": "x"}, MONA)
        vote = f"/promotions/{ident}/"
        self.assertEqual(self.call("POST", vote + "approve", {}, MONA)[1]["outcome"]["code"],
                         "vote_not_counted")
        self.assert_refused(403, "voter_not_allowed", "POST", vote + "withdraw", {},
                            {"X-Envflow-As": "octocat"})
        answer = self.call("POST", vote + "reject", {}, {"X-Envflow-As": "octocat"})[1]
        self.assertEqual((answer["outcome"]["code"], answer["state"]),
                         ("vote_recorded", "rejected"))
        self.assert_refused(409, "already_ended", "POST", vote + "cancel", {}, MONA)
        self.assert_refused(409, "already_ended", "POST", vote + "approve", {},
                            {"X-Envflow-As": "octocat"})

    def test_why_of_a_place_names_what_holds_it_up_and_nothing_else(self):
        self.start()
        self.push()
        self.call("POST", "/freezes", {"environment": "active", "reason": "INC-7"}, MONA)

        def why(environment):
            return self.call("GET", f"/why?repository=acme/shop&environment={environment}")[1]
        self.assertEqual([f["reason"] for f in why("active")["frozen"]], ["INC-7"])
        self.assertIsNone(why("active")["window"])
        self.assertEqual((why("uat")["frozen"], why("uat")["window"]["name"]), ([], "always"))
        self.assertEqual(why("uat")["lane"]["repository"], "acme/shop")
        for query in ("repository=acme/shop&environment=nope", "environment=uat&repository=other/x"):
            self.assert_refused(404, "not_found", "GET", "/why?" + query)

    def test_why_names_voters_and_whoever_pulled_a_switch(self):
        self.start()
        self.push()
        self.promote()
        wait_until(lambda: (self.server.lane(environment="active") or {}).get("holds"), "active")
        promotion = self.call("POST", "/promotions", {"repository": "acme/shop", "to": "uat"},
                              MONA)[1]
        self.call("POST", "/freezes", {"environment": "uat", "reason": "x"},
                  {"X-Envflow-As": "stopper#50"})
        for i in range(20):
            self.call("POST", f"/promotions/{promotion['id']}/approve", {},
                      {"X-Envflow-As": f"voter-{i}#{100 + i}"})

        def people():
            items = self.call("GET", f"/promotions/{promotion['id']}")[1]["why"]
            return {name for item in items for name in item["people"]}
        self.assertEqual(people(), {"octocat", "stopper"})
        self.call("POST", f"/promotions/{promotion['id']}/reject", {}, {"X-Envflow-As": "octocat"})
        self.assertEqual(people(), {"octocat"})

    def test_what_came_from_the_world_is_escaped(self):
        self.start()
        self.push()
        nasty = '<b>"\\\x1b[2J\u202e\u2028é' + "é" * 90
        _, promotion = self.promote(reason=nasty)
        self.assertEqual(promotion["reason_given"], nasty)
        answer, text = self.whole("GET", "/promotions")
        self.assertNotIn(b"\x1b", text)
        for odd in ("x", ""):  # a cut in the middle of a character is no character
            self.call("POST", "/freezes", {"environment": "uat", "reason": odd + "é" * 200}, MONA)
        for path in ("/audit", "/freezes", "/audit/export"):
            self.whole("GET", path)[1].decode()

    # -- pages --

    def test_the_trail_is_read_in_pages_and_each_record_comes_once(self):
        server = self.start()
        self.push()
        pin = {"repository": "acme/shop", "environment": "uat", "reason": "x"}
        for _ in range(260):
            self.call("POST", "/pins", pin, MONA)
            self.call("POST", "/pins/unpin", {k: pin[k] for k in pin if k != "reason"}, MONA)
        head = self.call("GET", "/audit?limit=1")[1]["items"][0]["sequence"]
        self.assertGreater(head, 520)
        for query, wanted in (("before={}", range(head, 0, -1)), ("after={}", range(1, head + 1))):
            seen, at = [], head + 1 if query.startswith("before") else 0
            while at is not None:
                page = self.call("GET", "/audit?limit=77&" + query.format(at))[1]
                seen += [item["sequence"] for item in page["items"]]
                at = page["next"]
            self.assertEqual(seen, list(wanted), query)
        done = server.cli("audit", "export", "--server", "unix:" + server.socket)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, head + 1))
        server.write("trail", done.stdout.encode(), 0o600)
        self.assertEqual(server.cli("audit", "verify", "trail").returncode, 0)
        server.write("trail", "".join(done.stdout.splitlines(True)[:500]).encode(), 0o600)
        self.assertEqual(server.cli("audit", "verify", "trail").returncode, 1)

    def test_releases_made_in_the_same_moment_are_all_listed(self):
        server = self.start()
        for i in range(30):
            server.push(ZEROS, sha_of(str(i)), repository=f"acme/r{i}", repository_id=100 + i)
        wait_until(lambda: len(self.call("GET", "/releases?limit=500")[1]["items"]) == 30,
                   "the releases")
        seen, query = [], "/releases?limit=7"
        while query:
            page = self.call("GET", query)[1]
            seen += [item["repository"] for item in page["items"]]
            query = page["next"] and f"/releases?limit=7&before={page['next']}"
        self.assertEqual(sorted(seen), sorted(f"acme/r{i}" for i in range(30)))

    def test_a_replay_is_in_the_trail(self):
        self.start()
        self.push()
        guid = self.call("GET", "/deliveries")[1]["items"][0]["guid"]
        self.assertEqual(self.call("POST", f"/deliveries/{guid}/replay", None, MONA)[0], 200)
        record = self.call("GET", "/audit?event=delivery.replayed")[1]["items"][0]
        self.assertEqual((record["actor"], record["subject"], record["repository"]),
                         ("mona", guid, "acme/shop"))

    # -- those who leave --

    def test_a_request_outlives_its_connection(self):
        server = self.start()
        self.push()
        for i in range(50):
            body = json.dumps({"environment": "uat", "reason": f"INC-{i}"}).encode()
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(server.socket)
                connection.sendall(b"POST /api/v1/freezes HTTP/1.1\r\nHost: a\r\nX-Envflow-As: "
                                   b"mona#3\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: len(self.call("GET", "/freezes")[1]["items"]) == 50, "every switch")
        self.assertEqual(server.stop(), 0)

    # -- the documentation --

    def documented(self):
        """{(method, path with *): (scope, parameters)} of docs/API.md."""
        with open(os.path.join(SOURCE, "docs", "API.md"), encoding="utf-8") as file:
            text = file.read()
        routes = {}
        for line in text.splitlines():
            row = re.match(r"\| `(GET|POST) (/[^`]*)`((?:, `/\w+`)*) *(?:\((\w+)\))? \| (.*) \|$",
                           line)
            pair = re.match(r"\| `POST (/\S+)`, `POST (/\S+)` \((\w+)\) \| (.*) \|$", line)
            if pair:
                for path in pair.groups()[:2]:
                    routes["POST", path] = (pair[3], pair[4])
            elif row:
                method, path, more, scope, what = row.groups()
                path = path.split("?")[0].split("[")[0]
                path = re.sub(r"\{[^}]*\}", "*", path)
                routes[method, path] = (scope, what)
                for other in re.findall(r"`/(\w+)`", more):
                    routes[method, path.rsplit("/", 1)[0] + "/" + other] = (scope, what)
        return routes

    def coded(self):
        routes = {}
        for name in ("api.c", "health.c"):
            with open(os.path.join(SOURCE, "src", "admin", name), encoding="utf-8") as file:
                for method, path, scope, parameters in re.findall(
                        r'\{"(GET|POST)", "([^"]+)", \w+, (?:TOKEN_)?(\w+),\s*(NULL|"[^"]*")\}',
                        file.read()):
                    routes[method, path] = (scope.lower(),
                                            [] if parameters == "NULL" else
                                            parameters.strip('"').split())
        return routes

    def test_every_route_is_documented_and_every_documented_one_is_there(self):
        documented, coded = self.documented(), self.coded()
        self.assertEqual(sorted(documented), sorted(coded))
        for route, (scope, parameters) in coded.items():
            if documented[route][0] is not None:
                self.assertEqual(documented[route][0], scope, route)
            for parameter in parameters:
                if route[1] != "/api/v1/why":
                    self.assertIn(f"`{parameter}`", documented[route][1], route)

    def test_every_route_lets_in_its_scope_and_admin_and_nobody_else(self):
        self.start()
        self.push()
        tokens = {scope: self.token(scope) for scope in ("read", "promote", "approve", "admin")}
        for (method, path), (scope, _) in self.coded().items():
            if scope == "0":
                continue
            path = path.removeprefix("/api/v1").replace("*", NOBODY)
            for mine, headers in tokens.items():
                body = "[]" if method == "POST" else None
                answer, text = self.whole(method, path, body, headers, tcp=True)
                status, code = answer.status, None
                if status >= 400:
                    code = json.loads(text)["error"]["code"]
                if mine in (scope, "admin"):
                    self.assertNotIn(code, ("scope", "no_such_path", "method_not_allowed",
                                            "not_allowed"), (method, path, mine))
                    self.assertLess(status, 500, (method, path, text))
                else:
                    self.assertEqual((status, code), (403, "scope"), (method, path, mine))
            self.assertEqual(self.call(method, path, tcp=True)[0], 401, (method, path))

    def fields(self, what):
        """The fields docs/API.md lists for something, as 'A vote: `login`, …'."""
        with open(os.path.join(SOURCE, "docs", "API.md"), encoding="utf-8") as file:
            text = " ".join(file.read().split())
        sentence = text.split(f"{what}: ", 1)[1]
        depth, end = 0, 0
        for end, letter in enumerate(sentence):
            depth += {"(": 1, ")": -1}.get(letter, 0)
            if letter == "." and depth == 0:
                break
        return set(re.findall(r"`(\w+)`", re.sub(r"\([^()]*\)", "", sentence[:end])))

    def test_answers_have_the_fields_that_are_documented(self):
        self.start()
        self.push()
        self.promote()
        wait_until(lambda: (self.server.lane(environment="active") or {}).get("holds"), "active")
        promotion = self.call("POST", "/promotions", {"repository": "acme/shop", "to": "uat"},
                              MONA)[1]
        self.call("POST", f"/promotions/{promotion['id']}/approve", {}, MONA)
        whole = self.call("GET", f"/promotions/{promotion['id']}")[1]
        for what, item in (
                ("A promotion", self.call("GET", "/promotions")[1]["items"][0]),
                ("A vote", whole["votes"][0]),
                ("A release", self.call("GET", "/releases")[1]["items"][0]),
                ("A record of the trail", self.call("GET", "/audit")[1]["items"][0]),
                ("A delivery", self.call("GET", "/deliveries")[1]["items"][0]),
                ("A deployment", self.call("GET", "/deployments")[1]["items"][0]),
                ("A lane", self.call("GET", "/status")[1]["lanes"][0])):
            self.assertEqual(set(item), self.fields(what), what)
        self.assertEqual(set(whole) - set(self.call("GET", "/promotions")[1]["items"][0]),
                         {"votes", "checks", "why"})


if __name__ == "__main__":
    unittest.main()

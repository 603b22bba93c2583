"""Who may write into the journal: every way a signature can be wrong is refused with one and the
same answer and leaves no byte behind; every body GitHub may send is taken as it came.
"""
import glob
import hashlib
import hmac
import os
import unittest
import urllib.parse

from harness import CONFIG, SECRET, Case, push_payload, sha_of, sign, ZEROS
from wire import ask, delivery

OTHER = b"a second secret"
MARK = "4b1d0f6e"  # in every refused body
BODY = f'{{"zen": "{MARK}"}}'.encode()
GOOD = sign(BODY)
DIGITS = GOOD.removeprefix("sha256=")

# What is wrong, and the value of X-Hub-Signature-256; None leaves the header out.
REFUSED = [
    ("missing", None),
    ("empty", ""),
    ("of another secret", sign(BODY, OTHER)),
    ("of another body", sign(BODY + b"\n")),
    ("of an empty body", sign(b"")),
    ("one digit off", GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1")),
    ("upper-case digits", "sha256=" + DIGITS.upper()),
    ("upper-case name", "SHA256=" + DIGITS),
    ("a digit short", GOOD[:-1]),
    ("a digit long", GOOD + "0"),
    ("half as long", "sha256=" + DIGITS[:32]),
    ("no name", DIGITS),
    ("no digits", "sha256="),
    ("the name twice", "sha256=sha256=" + DIGITS),
    ("the value twice", f"{GOOD}, {GOOD}"),
    ("quoted", f'"{GOOD}"'),
    ("a blank inside", "sha256= " + DIGITS),
    ("SHA-1 under the name of SHA-256", "sha256=" + hmac.new(SECRET, BODY, "sha1").hexdigest()),
    ("SHA-1", "sha1=" + hmac.new(SECRET, BODY, "sha1").hexdigest()),
    ("a bare hash", "sha256=" + hashlib.sha256(BODY).hexdigest()),
    ("very long", "sha256=" + "0" * 4000),
]

# What it is, and the body.
TAKEN = [
    ("GitHub's own example", b"Hello, World!"),
    ("empty", b""),
    ("letters beyond ASCII", '{"name": "Grüße aus 東京 🚀"}'.encode()),
    ("bytes that are no UTF-8", b'{"name": "\xff\xfe\x80"}'),
    ("NUL bytes", b'{"name": "\x00"}\x00\x00'),
    ("line ends of every kind", b'{\r\n"a":\r1\n}\r\n\r\n'),
    ("a byte order mark", b"\xef\xbb\xbf{}"),
    ("larger than one buffer", b'{"padding": "' + b"x" * 300000 + b'"}'),
]

# Signed by GitHub's documentation, not by us.
EXAMPLE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

CONFIG_TWO = CONFIG.replace("[ {{ file: ./webhook-secret }} ]",
                            "[ {{ file: ./webhook-secret }}, {{ file: ./second-secret }} ]")


class Signatures(Case):
    def serve(self, config=CONFIG):
        self.server = self.envflow(config=config)
        self.server.write("second-secret", OTHER + b"\n", 0o600)
        self.server.start()
        self.port = self.server.port

    def journal(self):
        content = b""
        for path in glob.glob(os.path.join(self.server.folder, "state", "journal", "*.log")):
            with open(path, "rb") as file:
                content += file.read()
        return content

    def refused(self, signature, **headers):
        without = ["X-Hub-Signature-256"] if signature is None else []
        if signature is not None:
            headers["X_Hub_Signature_256"] = signature
        return ask(self.port, delivery("refused", BODY, without=without, **headers))

    def test_every_wrong_signature_gets_the_same_401_and_stores_nothing(self):
        self.serve()
        answers = set()
        for name, signature in REFUSED:
            with self.subTest(name):
                answer = self.refused(signature)
                self.assertEqual((answer.status, answer.reason, answer.closes),
                                 (401, "signature", True))
                answers.add(answer.received)
        self.assertEqual(len(answers), 1)
        self.assertEqual(self.server.post(b"{}")[0], 202)
        self.assertNotIn(MARK.encode(), self.journal())

    def test_a_right_sha1_signature_beside_it_changes_nothing(self):
        self.serve()
        sha1 = "sha1=" + hmac.new(SECRET, BODY, "sha1").hexdigest()
        for signature in (None, sign(BODY, OTHER)):
            self.assertEqual(self.refused(signature, X_Hub_Signature=sha1).status, 401)
        answer = ask(self.port, delivery("both", BODY, X_Hub_Signature=sha1, Connection="close"))
        self.assertEqual(answer.status, 202)

    def test_every_body_is_taken_byte_by_byte_as_it_was_signed(self):
        self.serve()
        self.assertEqual(sign(TAKEN[0][1]), EXAMPLE)
        for i, (name, body) in enumerate(TAKEN):
            with self.subTest(name):
                answer = ask(self.port, delivery(f"taken-{i}", body, Connection="close"))
                self.assertEqual(answer.status, 202, answer.received)
                self.assertIn(body, self.journal())

    def test_a_chunked_body_is_signed_without_its_framing(self):
        self.serve()
        body = push_payload(ZEROS, sha_of("chunked"), padding=5000)
        head = delivery("chunked", body, without=["Content-Length"], Connection="close",
                        Transfer_Encoding="chunked").removesuffix(body)
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 777]), body[at:at + 777])
                          for at in range(0, len(body), 777))
        self.assertEqual(ask(self.port, head + chunks + b"0\r\n\r\n", size=100).status, 202)
        self.assertIn(body, self.journal())
        self.server.wait_holds(sha_of("chunked"))

    def test_a_form_is_signed_as_it_travels_and_deploys_like_json(self):
        self.serve()
        form = b"payload=" + urllib.parse.quote_plus(
            push_payload(ZEROS, sha_of("form"), title="Grüße +1 & more")).encode()
        kind = "application/x-www-form-urlencoded"
        answer = ask(self.port, delivery("form", form, Content_Type=kind, Connection="close"))
        self.assertEqual(answer.status, 202, answer.received)
        self.server.wait_holds(sha_of("form"))

    def test_other_content_types_are_refused_at_the_head(self):
        self.serve()
        for kind in ("text/plain", "application/jsonx", "multipart/form-data; boundary=x", ""):
            answer = ask(self.port, delivery("kind", b"", length=1000000, Content_Type=kind))
            self.assertEqual((answer.status, answer.reason), (415, "content_type"), kind)
        for kind in ("application/json", "Application/JSON; charset=utf-8"):
            answer = ask(self.port, delivery("kind", Content_Type=kind, Connection="close"))
            self.assertEqual(answer.status, 202, kind)

    def test_two_secrets_are_live_and_a_third_is_not(self):
        self.serve(CONFIG_TWO)
        for secret, status in ((SECRET, 202), (OTHER, 202), (b"a third", 401), (OTHER + b"\n", 401)):
            with self.subTest(secret):
                self.assertEqual(self.server.post(b"{}", secret=secret)[0], status)

    def test_another_path_and_another_method_are_told_so(self):
        self.serve()
        for line, status in (("POST /webhooks/githu", 404), ("POST /webhooks/github/", 404),
                             ("POST /", 404), ("GET /webhooks/github", 405),
                             ("PUT /webhooks/github", 405), ("DELETE /webhooks/github", 405)):
            data = delivery("path").replace(b"POST /webhooks/github", line.encode(), 1)
            answer = ask(self.port, data)
            self.assertEqual((answer.status, answer.closes), (status, True), line)
        self.assertIn(b"\r\nAllow: POST\r\n", answer.received)

    def test_headers_that_go_into_listings_are_names_or_refused(self):
        self.serve()
        for name in ("X_GitHub_Event", "X_GitHub_Delivery"):
            for value in ("", "a b", "a/b", "../a", "ä", "x" * 64, "<b>"):
                answer = ask(self.port, delivery("name", **{name: value}))
                self.assertEqual((answer.status, answer.closes), (400, True), (name, value))


if __name__ == "__main__":
    unittest.main()

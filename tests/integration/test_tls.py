"""TLS at a running envflow: versions, reload, and what a plain client or half a goodbye does.

Certificates are made when the test runs, with the openssl program.
"""
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import unittest
import warnings

from harness import CONFIG, DEADLINE_S, Case, ZEROS, push_payload, sha_of, wait_until
from wire import Answer, TIMEOUT_S, connect, delivery, read_until_closed, send_in_pieces

CONFIG_TLS = CONFIG.replace(
    "server:", "limits: {{ head_timeout: 2s }}\n"
    "server:\n  tls: {{ certificate: {folder}/tls.pem, key: {folder}/tls.key }}")


@unittest.skipUnless(shutil.which("openssl"), "the openssl program is not here")
class Tls(Case):
    def setUp(self):
        self.server = self.envflow(config=CONFIG_TLS)
        self.make_certificate("first")
        self.server.start()

    def make_certificate(self, name):
        """A new key and certificate, put in place as an operator would: one file, then the other."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:envflow",
             "-keyout", self.path("key.new"), "-out", self.path("pem.new")],
            check=True, capture_output=True)
        os.rename(self.path("key.new"), self.path("tls.key"))
        os.rename(self.path("pem.new"), self.path("tls.pem"))

    def path(self, name):
        return os.path.join(self.server.folder, name)

    def reload(self, event):
        count = self.server.read("log").count(f'"event":"{event}"') + 1
        self.server.process.send_signal(signal.SIGHUP)
        self.server.wait_log(event, count)

    def client(self, least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3, protocols=()):
        context = ssl.create_default_context(cafile=self.path("tls.pem"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.1, which is the point
            context.minimum_version, context.maximum_version = least, most
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or TLS 1.1 would be refused on our side
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    def connect(self, **options):
        connection = self.client(**options).wrap_socket(
            connect(self.server.port), server_hostname="envflow", suppress_ragged_eofs=False)
        self.addCleanup(connection.close)
        return connection

    def name_seen(self, connection):
        return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]

    def deliver(self, connection, guid, body=b"{}"):
        connection.sendall(delivery(guid, body))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return answer.status

    def test_a_signed_push_over_tls_deploys(self):
        connection = self.connect()
        sha = sha_of("tls")
        self.assertEqual(self.deliver(connection, "tls", push_payload(ZEROS, sha)), 202)
        self.server.wait_holds(sha)

    def test_bodies_of_any_size_arrive_whole(self):
        connection = self.connect()
        for size in (0, 1, 16000, 16384, 16385, 100000, 3000000):
            self.assertEqual(self.deliver(connection, f"size-{size}", b" " * size), 202, size)
            self.assertEqual(len(self.server.wait_delivery(f"size-{size}")), 1)

    def test_tls_1_2_and_1_3_are_spoken(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            connection = self.connect(least=version, most=version, protocols=["h2", "http/1.1"])
            self.assertEqual(connection.version(), version.name.replace("_", "."))
            self.assertEqual(connection.selected_alpn_protocol(), "http/1.1")
            self.assertEqual(self.deliver(connection, version.name), 202)

    def test_tls_1_1_is_refused_and_the_log_says_why(self):
        old = ssl.TLSVersion.TLSv1_1
        with self.assertRaisesRegex(ssl.SSLError, "(?i)version"):
            self.connect(least=old, most=old)
        self.server.wait_log("http.tls_failed")
        self.assertIn("unsupported protocol", self.server.read("log"))

    def test_no_session_of_a_client_is_kept(self):
        context = self.client(most=ssl.TLSVersion.TLSv1_2)
        context.options |= ssl.OP_NO_TICKET
        session = None
        for _ in range(2):
            with context.wrap_socket(connect(self.server.port), server_hostname="envflow",
                                     session=session) as connection:
                self.assertFalse(connection.session_reused)
                session = connection.session

    def test_plain_http_at_a_tls_port_is_closed_with_a_line_in_the_log(self):
        with connect(self.server.port) as connection:
            connection.sendall(delivery("plain"))
            received = read_until_closed(connection)
        self.assertNotIn(b"HTTP/1.1", received)
        self.server.wait_log("http.tls_failed")
        self.assertIn("http request", self.server.read("log"))
        self.assertEqual(self.deliver(self.connect(), "after"), 202)

    def test_a_new_certificate_is_for_new_connections_and_old_ones_go_on(self):
        old = self.connect()
        half = delivery("half", b" " * 50000)
        old.sendall(half[:30000])
        self.make_certificate("second")
        self.reload("tls.reloaded")
        self.assertEqual(self.name_seen(self.connect()), "second")
        old.sendall(half[30000:])
        answer = http.client.HTTPResponse(old)
        answer.begin()
        self.assertEqual(answer.status, 202)
        answer.read()
        self.assertEqual(self.deliver(old, "again"), 202)
        self.assertEqual(self.name_seen(old), "first")

    def test_a_broken_certificate_keeps_the_old_one(self):
        good = self.client()
        with open(self.path("tls.pem"), "rb") as file:
            pem = file.read()
        for broken in (b"", b"nonsense", pem[:len(pem) // 2], None):
            if broken is None:  # a certificate whose key did not come along
                shutil.copy(self.path("tls.key"), self.path("tls.key.kept"))
                self.make_certificate("other")
                os.rename(self.path("tls.key.kept"), self.path("tls.key"))
            else:
                self.server.write("tls.pem", broken, 0o644)
            self.reload("tls.reload_failed")
            with good.wrap_socket(connect(self.server.port), server_hostname="envflow") as client:
                self.assertEqual(self.name_seen(client), "first")
                self.assertEqual(self.deliver(client, "still"), 202)
        self.make_certificate("third")
        self.reload("tls.reloaded")
        self.assertEqual(self.name_seen(self.connect()), "third")

    def test_a_refusal_ends_with_a_goodbye_that_tells_it_from_a_cut(self):
        connection = self.connect()
        connection.sendall(delivery("large", b" " * 1000, length=26214401))
        self.assertEqual(Answer(read_until_closed(connection)).status, 413)

    def test_a_client_that_ends_its_side_still_gets_its_answer(self):
        connection = self.connect()
        connection.sendall(delivery("half-closed", Connection="close"))
        socket.socket.shutdown(connection, socket.SHUT_WR)
        self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 202"))

    def test_renegotiation_is_refused(self):
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-tls1_2"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(client.stdout.close)
        output, _ = client.communicate(b"R\n", timeout=DEADLINE_S)
        self.assertIn(b"RENEGOTIATING", output)
        self.assertRegex(output, b"(?i)no renegotiation|handshake failure|alert")
        self.assertEqual(self.deliver(self.connect(), "after"), 202)

    def test_a_handshake_that_stops_ends_at_the_heads_deadline_and_holds_nobody_up(self):
        hello = ssl.MemoryBIO()
        half = self.client().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="envflow")
        with self.assertRaises(ssl.SSLWantReadError):
            half.do_handshake()
        with connect(self.server.port) as connection:
            send_in_pieces(connection, hello.read()[:-1], 1)
            self.assertEqual(self.deliver(self.connect(), "meanwhile"), 202)
            connection.settimeout(TIMEOUT_S)
            self.assertEqual(read_until_closed(connection), b"")

    def test_the_files_are_checked_before_anything_starts(self):
        self.server.stop()
        self.server.write("tls.key", b"nonsense", 0o600)
        self.server.start(wait=False)
        self.assertEqual(self.server.process.wait(DEADLINE_S), 2)
        wait_until(lambda: "tls.key" in self.server.read("log"), "the file's name in the log")


if __name__ == "__main__":
    unittest.main()

"""Every probe of tests/framing/probes.txt at a running envflow, each with a second request behind
it: the probe gets its one answer, and nobody ever sees the second request.

The table is printed. Probes that are taken are stored; nothing else is.
"""
import re
import socket
import struct
import unittest

import probes
from harness import Case, sign, wait_until
from wire import Answer, ask, connect, delivery, read_until_closed, send_in_pieces

SMUGGLED = "smuggled"
HONEST = "probe"  # the GUID of every probe


class Framing(Case):
    @classmethod
    def setUpClass(cls):
        cls.table = probes.read()

    def setUp(self):
        self.server = self.envflow().start()

    def ask(self, data, size=65536):
        return ask(self.server.port, data, size)

    def judge(self, probe, size):
        answer = self.ask(probe.bytes + delivery(SMUGGLED), size)
        got = (answer.count, answer.status, answer.reason, answer.closes)
        self.assertEqual(got, (1, probe.status, probe.reason, True), probe.name)

    def refused(self):
        return [probe for probe in self.table if probe.status >= 300]

    def stored(self):
        """GUIDs of all that was stored, in a moment when nothing more can come."""
        last = self.server.post(b"{}", event="push")[1]["delivery"]
        self.server.wait_delivery(last)
        guids = [item["guid"] for item in self.server.get("/deliveries?limit=500")["items"]]
        guids.remove(last)
        return guids

    def test_each_probe_gets_its_refusal_and_nothing_behind_it_is_seen(self):
        for probe in self.refused():
            with self.subTest(probe.name):
                print(f"  {probe.name:36} {probe.status} {probe.reason}")
                self.judge(probe, size=65536)
        self.assertEqual(self.stored(), [])

    def test_the_same_when_the_bytes_come_one_by_one(self):
        for probe in self.refused():
            if len(probe.bytes) < 4096:
                with self.subTest(probe.name):
                    self.judge(probe, size=1)
        self.assertEqual(self.stored(), [])

    def test_what_is_taken_is_stored_and_so_is_the_request_behind_it(self):
        taken = [probe for probe in self.table if probe.status < 300]
        for size in (65536, 7):
            for probe in taken:
                with self.subTest(probe.name):
                    answer = self.ask(probe.bytes + delivery("second", Connection="close"), size)
                    self.assertEqual((answer.count, answer.status), (2, probe.status))
        self.assertEqual(set(self.stored()), {HONEST, "second"})
        self.assertEqual(len(self.server.delivery(HONEST)), len(self.server.delivery("second")))

    def test_413_comes_before_any_byte_of_the_body_is_wanted(self):
        answer = self.ask(delivery("large", b"", length=26214401, Expect="100-continue"))
        self.assertEqual((answer.count, answer.status, answer.closes), (1, 413, True))

    def test_a_chunked_body_is_refused_as_soon_as_it_is_larger_than_allowed(self):
        head = delivery("large", b"", without=["Content-Length"], Transfer_Encoding="chunked")
        chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        answer = self.ask(head + 26 * chunk, 1 << 20)
        self.assertEqual((answer.count, answer.status, answer.closes), (1, 413, True))
        self.assertEqual(self.stored(), [])

    def test_a_client_is_told_to_go_on_only_when_its_head_is_good(self):
        head, body = delivery("goes-on", Expect="100-continue", Connection="close")[:-2], b"{}"
        with connect(self.server.port) as connection:
            connection.sendall(head)
            self.assertEqual(connection.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(body)
            self.assertEqual(Answer(read_until_closed(connection)).status, 202)
        answer = self.ask(head.replace(b"X-Hub-Signature-256", b"X-Hub-Signature"))
        self.assertEqual((answer.count, answer.status, answer.closes), (1, 401, True))

    def test_requests_sent_at_once_are_answered_in_order_on_one_connection(self):
        guids = [f"order-{i}" for i in range(200)]
        last = delivery(guids[-1], Connection="close")
        with connect(self.server.port) as connection:
            send_in_pieces(connection, b"".join(map(delivery, guids[:-1])) + last, 65536)
            received = read_until_closed(connection).decode()
        self.assertEqual(re.findall(r'"delivery":"(order-\d+)"', received), guids)

    def test_a_client_that_has_ended_its_side_still_gets_its_answer(self):
        with connect(self.server.port) as connection:
            connection.sendall(delivery("half-closed"))
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(Answer(read_until_closed(connection)).status, 202)

    def test_head_is_answered_like_the_rest_but_without_a_body(self):
        with connect(self.server.port) as connection:
            connection.sendall(b"HEAD /webhooks/github HTTP/1.1\r\nHost: x\r\n\r\n")
            received = read_until_closed(connection)
        self.assertTrue(received.startswith(b"HTTP/1.1 405 "), received)
        self.assertTrue(received.endswith(b"\r\n\r\n"), received)
        self.assertNotIn(b"Content-Length: 0\r\n", received)

    def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(self):
        whole = delivery("left", body=b"{" + b" " * 100000 + b"}")
        for length in (1, 100, len(whole) - 50000, len(whole) - 1):
            with connect(self.server.port) as connection:
                connection.sendall(whole[:length])
        self.assertEqual(self.stored(), [])
        wait_until(lambda: self.server.post(b"{}")[0] == 202, "the next delivery")

    def test_a_client_that_resets_before_its_answer_harms_nobody(self):
        reset = struct.pack("ii", 1, 0)
        for i in range(200):
            wrong = {"X_Hub_Signature_256": sign(b"other")} if i % 2 else {}
            with connect(self.server.port) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                connection.sendall(delivery(f"reset-{i}", **wrong))
        self.assertEqual(self.server.post(b"{}")[0], 202)


if __name__ == "__main__":
    unittest.main()

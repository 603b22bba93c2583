"""Clients that do anything at any moment, against low bounds: the process lives, honest deliveries
are acknowledged and nothing stays behind. A seed repeats a run: ENVFLOW_CHAOS_SEED.
"""
import os
import random
import socket
import struct
import threading
import time
import unittest

import probes
from harness import CONFIG, Case, sign, wait_until
from wire import ask, connect, delivery

SEED = int(os.environ.get("ENVFLOW_CHAOS_SEED", "20260301"))
SECONDS = float(os.environ.get("ENVFLOW_CHAOS_SECONDS", "5"))
CLIENTS = 12
RESET = struct.pack("ii", 1, 0)

CONFIG_CHAOS = CONFIG.replace("store:", "limits: {{ body: 1MiB, bodies_in_flight: 1MiB, "
                              "connections: 24, connections_per_address: 8, head_timeout: 1s, "
                              "body_timeout: 2s, idle_timeout: 1s }}\nstore:")


def chunked(rng, body):
    parts = []
    while body:
        size = rng.choice([1, 100, 5000, 300000])
        parts.append(b"%x\r\n%s\r\n" % (len(body[:size]), body[:size]))
        body = body[size:]
    return b"".join(parts) + b"0\r\n\r\n"


def request(rng, table):
    """One request of any kind: honest, wrong, or a probe."""
    kind = rng.randrange(5)
    body = b"{" + b" " * rng.choice([0, 1, 4000, 20000, 200000, 400000, 1000000, 1100000]) + b"}"
    headers = {"X_Hub_Signature_256": sign(b"other")} if rng.random() < 0.3 else {}
    if rng.random() < 0.2:
        headers["Expect"] = "100-continue"
    if kind == 0:
        return rng.choice(table).bytes
    if kind == 1:
        head = delivery("chaos", body, without=["Content-Length"], Transfer_Encoding="chunked",
                        **headers)
        return head.removesuffix(body) + chunked(rng, body)
    return delivery("chaos", body, **headers)


class Client(threading.Thread):
    """Sends requests in pieces, stops somewhere, and leaves in one of several ways."""

    def __init__(self, port, number, table, until):
        super().__init__(daemon=True)
        self.port, self.table, self.until = port, table, until
        self.rng = random.Random(f"{SEED}-{number}")
        self.done = 0

    def run(self):
        while time.monotonic() < self.until:
            try:
                self.misbehave()
            except OSError:
                pass
            self.done += 1

    def misbehave(self):
        rng = self.rng
        data = b"".join(request(rng, self.table) for _ in range(rng.choice([1, 1, 2, 5])))
        data = data[:rng.choice([len(data), len(data), rng.randrange(len(data) + 1)])]
        with connect(self.port, f"127.0.0.{rng.randrange(2, 8)}") as connection:
            connection.settimeout(3)
            size = rng.choice([7, 1000, 65536, len(data) + 1])
            for at in range(0, min(len(data), 500 * size), size):
                connection.sendall(data[at:at + size])
            leave = rng.randrange(4)
            if leave == 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            elif leave == 1:
                connection.shutdown(socket.SHUT_WR)
            if leave in (1, 2):
                connection.recv(rng.choice([1, 65536]))


class Chaos(Case):
    def test_whatever_clients_do_honest_deliveries_are_taken_and_nothing_stays_behind(self):
        server = self.envflow(config=CONFIG_CHAOS).start()
        table = probes.read()
        folder = f"/proc/{server.process.pid}/fd"
        self.assertEqual(server.post(b"{}")[0], 202)
        until = time.monotonic() + SECONDS
        clients = [Client(server.port, i, table, until) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        honest = deferred = 0
        while time.monotonic() < until:
            answer = ask(server.port, delivery(f"honest-{honest}", Connection="close"),
                         source="127.0.0.99")
            self.assertIn(answer.status, (202, 503, 0), server.read("log")[-2000:])
            honest += answer.status == 202
            deferred += answer.status != 202
        for client in clients:
            client.join()
        print(f"seed {SEED}: {sum(client.done for client in clients)} clients, {honest} honest "
              f"deliveries taken, {deferred} put off")
        self.assertIsNone(server.process.poll(), server.read("log")[-2000:])
        self.assertGreater(honest, 10 * deferred)
        for i in range(honest):
            self.assertTrue(server.delivery(f"honest-{i}") or server.wait_delivery(f"honest-{i}"))
        wait_until(lambda: ask(server.port, delivery("after", Connection="close")).status == 202,
                   "a delivery after all that")
        wait_until(lambda: self.sockets(folder) <= 3, "all connections to be gone")
        self.assertEqual(server.stop(), 0)

    def sockets(self, folder):
        """The listeners are two; the admin port may hold one connection."""
        links = []
        for name in os.listdir(folder):
            try:
                links.append(os.readlink(os.path.join(folder, name)))
            except OSError:
                pass  # closed meanwhile
        return sum(link.startswith("socket:") for link in links)


if __name__ == "__main__":
    unittest.main()

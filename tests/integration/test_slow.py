"""Slow and fat clients: honest deliveries are still acknowledged, memory stays bounded.

2,000 connections that send a byte now and then, and 64 unauthenticated bodies of 25 MB at once.
"""
import os
import re
import select
import socket
import threading
import time
import unittest

from harness import CONFIG, Case, ZEROS, push_payload, sha_of, sign, wait_until

SLOW = int(os.environ.get("ENVFLOW_SLOW", "2000"))
FAT, FAT_BYTES = 64, 25 << 20
RSS_MAX_MB = 128
SANITIZED = "asan" in os.environ.get("ENVFLOW", "") or "tsan" in os.environ.get("ENVFLOW", "")

CONFIG_SLOW = CONFIG.replace("store:", "limits: {{ connections: 4096, connections_per_address: 3000 }}\nstore:")


def connect(server, source):
    connection = socket.socket()
    connection.bind((source, 0))
    connection.connect(("127.0.0.1", server.port))
    return connection


class Drip(threading.Thread):
    """Holds many connections open and gives each a byte of its head at a time."""

    def __init__(self, server, count):
        super().__init__(daemon=True)
        self.server, self.stop = server, threading.Event()
        self.connections = [connect(server, f"127.0.0.{2 + i % 8}") for i in range(count)]
        self.refused = 0

    def run(self):
        head = b"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nX-Slow: "
        for i in range(100000):
            if self.stop.wait(0.2):
                break
            for connection in list(self.connections):
                try:
                    connection.send(head[i:i + 1] or b"a")
                except OSError:
                    self.connections.remove(connection)
                    self.refused += 1

    def close(self):
        self.stop.set()
        self.join()
        for connection in self.connections:
            connection.close()


def send_fat(server, results, index):
    """One unauthenticated body; the answer must be 401, 408, 503 or a closed connection."""
    head = (f"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"X-GitHub-Event: push\r\nX-GitHub-Delivery: fat-{index}\r\n"
            f"X-Hub-Signature-256: sha256={'0' * 64}\r\nContent-Length: {FAT_BYTES}\r\n\r\n").encode()
    try:
        with connect(server, f"127.0.0.{20 + index}") as connection:
            connection.settimeout(60)
            connection.sendall(head)
            chunk = b"[" * 65536
            for _ in range(FAT_BYTES // len(chunk)):
                connection.sendall(chunk)
            results[index] = connection.recv(4096)[9:12].decode()
    except OSError as error:
        results[index] = type(error).__name__


class Slow(Case):
    def rss_mb(self, what):
        with open(f"/proc/{self.server.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(what + r":\s+(\d+)", file.read()).group(1)) / 1024

    def test_honest_deliveries_are_acknowledged_beside_slow_and_fat_clients(self):
        self.server = self.envflow(config=CONFIG_SLOW).start()
        drip = Drip(self.server, SLOW)
        self.addCleanup(drip.close)
        drip.start()
        results = [None] * FAT
        senders = [threading.Thread(target=send_fat, args=(self.server, results, i), daemon=True)
                   for i in range(FAT)]
        for sender in senders:
            sender.start()
        before, acks, times = ZEROS, 0, []
        while any(sender.is_alive() for sender in senders) or acks < 50:
            after = sha_of(str(acks))
            begin = time.monotonic()
            self.assertEqual(self.server.push(before, after, pushed_at=acks + 1)[0], 202)
            times.append(time.monotonic() - begin)
            before, acks = after, acks + 1
        self.server.wait_holds(before)
        times.sort()
        peak = self.rss_mb("VmHWM")
        print(f"{SLOW} slow and {FAT} fat clients: {acks} honest deliveries, median "
              f"{times[len(times) // 2] * 1000:.1f} ms, p99 {times[int(len(times) * .99)] * 1000:.1f} ms, "
              f"peak {peak:.0f} MB, fat answers {sorted(set(map(str, results)))}, "
              f"{drip.refused} slow ones shut out meanwhile")
        self.assertLess(set(results) - {"401", "408", "503"}, {"ConnectionResetError",
                                                               "BrokenPipeError", "x"})
        if not SANITIZED:
            self.assertLess(peak, RSS_MAX_MB)


if __name__ == "__main__":
    unittest.main()

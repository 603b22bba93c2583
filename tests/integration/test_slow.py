"""Slow and fat clients: honest deliveries are still acknowledged, memory stays bounded.

2,000 connections that send a byte now and then, and 64 unauthenticated bodies of 25 MB at once;
16 signed ones of that size at once. With sanitizers it is fewer, and memory says nothing.
"""
import os
import re
import socket
import threading
import time
import unittest

from harness import CONFIG, Case, ZEROS, push_payload, sha_of, wait_until
from wire import ask, delivery

SANITIZED = "asan" in os.environ.get("ENVFLOW", "") or "tsan" in os.environ.get("ENVFLOW", "")
SLOW = 400 if SANITIZED else 2000
FAT, FAT_BYTES = 8 if SANITIZED else 64, 25 << 20
PEAK_MAX_MB = 128
SIGNED, SIGNED_PEAK_MAX_MB = 4 if SANITIZED else 16, 384
KEPT_MAX_MB = 64  # afterwards; the engine's reading buffer has grown, nothing else has

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


def fat_push(i):
    """The i-th of a chain of pushes, 25 MiB long."""
    before = sha_of(f"fat-{i - 1}") if i else ZEROS
    payload = push_payload(before, sha_of(f"fat-{i}"), pushed_at=i + 1)
    return payload[:-1] + b" " * (FAT_BYTES - len(payload)) + payload[-1:]


def deliver_until_accepted(server, i, attempts):
    """As GitHub would after a 503, but without its delay."""
    data = delivery(f"fat-{i}", fat_push(i), Connection="close")
    answer = None
    while answer is None or answer.status == 503:
        answer = ask(server.port, data, size=1 << 20, source=f"127.0.0.{100 + i}")
        attempts[i].append(answer.status)


class Slow(Case):
    def memory_mb(self, what):
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
        peak = self.memory_mb("VmHWM")
        print(f"{SLOW} slow and {FAT} fat clients: {acks} honest deliveries, median "
              f"{times[len(times) // 2] * 1000:.1f} ms, p99 {times[int(len(times) * .99)] * 1000:.1f} ms, "
              f"peak {peak:.0f} MB, fat answers {sorted(set(map(str, results)))}, "
              f"{drip.refused} slow ones shut out meanwhile")
        self.assertLess(set(results) - {"401", "408", "503"}, {"ConnectionResetError",
                                                               "BrokenPipeError", "x"})
        if not SANITIZED:
            self.assertLess(peak, PEAK_MAX_MB)

    def test_signed_bodies_of_the_largest_size_are_all_taken_and_their_memory_given_back(self):
        self.server = self.envflow().start()
        attempts = [[] for _ in range(SIGNED)]
        senders = [threading.Thread(target=deliver_until_accepted, args=(self.server, i, attempts),
                                    daemon=True) for i in range(SIGNED)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.assertEqual({statuses[-1] for statuses in attempts}, {202}, attempts)
        for i in range(SIGNED):
            self.assertEqual(len(self.server.wait_delivery(f"fat-{i}")), 1)
        peak = self.memory_mb("VmHWM")
        print(f"{SIGNED} signed bodies of 25 MiB at once: peak {peak:.0f} MB, "
              f"{sum(map(len, attempts)) - SIGNED} sent again after 503")
        if not SANITIZED:
            self.assertLess(peak, SIGNED_PEAK_MAX_MB)
            wait_until(lambda: self.memory_mb("VmRSS") < KEPT_MAX_MB, "memory to be given back")


if __name__ == "__main__":
    unittest.main()

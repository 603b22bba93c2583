"""Deliveries as bytes, for tests that look at the wire itself."""
import json
import re
import socket

from harness import sign

TIMEOUT_S = 30


def delivery(guid, body=b"{}", length=None, without=(), **headers):
    """One signed push; headers are added or replace others, `without` names some to leave out."""
    lines = {"Host": "envflow.test", "Content-Type": "application/json", "X-GitHub-Event": "push",
             "X-GitHub-Delivery": guid, "X-Hub-Signature-256": sign(body),
             "Content-Length": len(body) if length is None else length,
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if name not in without)
    return f"POST /webhooks/github HTTP/1.1\r\n{head}\r\n".encode() + body


def connect(port, source="127.0.0.1", host="127.0.0.1"):
    connection = socket.create_connection((host, port), TIMEOUT_S, (source, 0))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_until_closed(connection):
    """All bytes until the server ends the connection; a reset is an end too."""
    received = b""
    while True:
        try:
            more = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not more:
            return received
        received += more


def send_in_pieces(connection, data, size):
    """Who is refused at the first wrong byte has no use for the rest."""
    try:
        for at in range(0, len(data), size):
            connection.sendall(data[at:at + size])
    except (BrokenPipeError, ConnectionResetError):
        pass


class Answer:
    """What a connection received until it was closed: how many answers, and the first of them."""

    def __init__(self, received):
        self.received = received
        self.count = len(re.findall(rb"(?:^|\n)HTTP/1\.1 \d", received))
        head, _, self.body = received.partition(b"\r\n\r\n")
        self.status = int(head.split()[1]) if head else 0
        self.closes = b"\r\nConnection: close" in head
        self.retries = b"\r\nRetry-After: " in head
        self.reason = json.loads(self.body)["reason"] if head and self.count == 1 else None


def ask(port, data, size=65536, **where):
    """Sends data in pieces of size; what came until the server closed."""
    with connect(port, **where) as connection:
        send_in_pieces(connection, data, size)
        return Answer(read_until_closed(connection))

"""Bounds on the wire, met at a running envflow: time, connections, descriptors, room for bodies.

Sources are addresses of 127.0.0.0/8, so that one client looks like many.
"""
import os
import resource
import select
import signal
import socket
import threading
import time
import unittest

from harness import CONFIG, DEADLINE_S, Case, wait_until
from wire import Answer, ask, connect, delivery, read_until_closed, send_in_pieces

GRACE_S = 5  # before the rate of a body is judged
WAIT_S = 8  # for room
SLACK_S = 3  # a sweep, and a busy machine


def config(**limits):
    inner = ", ".join(f"{name}: {value}" for name, value in limits.items())
    return CONFIG.replace("store:", f"limits: {{{{ {inner} }}}}\nstore:")


def drip(connection, data, stop):
    """A byte at a time, quickly enough for any bound but an absolute one."""
    for at in range(len(data)):
        if stop.wait(0.05):
            return
        try:
            connection.sendall(data[at:at + 1])
        except OSError:
            return


def begun(guid, length=200000):
    """A delivery whose body never ends."""
    return delivery(guid, b" " * 1000, length=length)


class Wire(Case):
    def serve(self, **limits):
        self.server = self.envflow(config=config(**limits)).start()
        self.port = self.server.port

    def open(self, source="127.0.0.1", data=b"", host="127.0.0.1"):
        connection = connect(self.port, source, host)
        self.addCleanup(connection.close)
        send_in_pieces(connection, data, 65536)
        return connection

    def assert_served(self, source="127.0.0.99", size=2):
        answer = ask(self.port, delivery("honest", b" " * size, Connection="close"), source=source)
        self.assertEqual(answer.status, 202, answer.received)

    def assert_ended(self, connection, after_s, status, reason=None):
        begin = time.monotonic()
        answer = Answer(read_until_closed(connection))
        self.assertLess(time.monotonic() - begin, after_s + SLACK_S)
        self.assertEqual((answer.status, answer.reason), (status, reason))
        return answer


class Time(Wire):
    def drip(self, data):
        connection = self.open()
        stop = threading.Event()
        sender = threading.Thread(target=drip, args=(connection, data, stop))
        sender.start()
        self.addCleanup(sender.join)
        self.addCleanup(stop.set)
        return connection

    def test_a_head_a_byte_at_a_time_ends_at_its_deadline(self):
        self.serve(head_timeout="1s")
        self.assert_ended(self.drip(delivery("slow")), 1, 408, "head_slow")

    def test_a_silent_connection_ends_at_the_heads_deadline_without_a_word(self):
        self.serve(head_timeout="1s")
        self.assert_ended(self.open(), 1, 0)

    def test_an_idle_connection_ends_at_its_own_deadline(self):
        self.serve(head_timeout="1s", idle_timeout="2s")
        connection = self.open(data=delivery("first"))
        begin = time.monotonic()
        self.assertEqual(Answer(read_until_closed(connection)).status, 202)
        self.assertGreater(time.monotonic() - begin, 1.5)

    def test_a_body_a_byte_at_a_time_ends_at_its_deadline(self):
        self.serve(body_timeout="1s", body_rate=0)
        for body in (delivery("slow", b" " * 1000), delivery("slow", b" " * 50000)):
            head, rest = body.split(b"\r\n\r\n")
            connection = self.drip(b"")
            connection.sendall(head + b"\r\n\r\n")
            stop = threading.Event()
            sender = threading.Thread(target=drip, args=(connection, rest, stop))
            sender.start()
            self.assert_ended(connection, 1, 408, "body_slow")
            stop.set()
            sender.join()

    def test_a_body_below_the_least_rate_ends_long_before_its_deadline(self):
        self.serve(body_timeout="60s", body_rate="16KiB")
        slow = self.open(data=begun("slow"))
        honest = self.open(source="127.0.0.2", data=delivery("quick", b" " * 200000)[:150000])
        self.assert_ended(slow, GRACE_S + 1, 408, "body_slow")
        honest.sendall(delivery("quick", b" " * 200000)[150000:])
        self.assertTrue(honest.recv(100).startswith(b"HTTP/1.1 202"))


class Connections(Wire):
    def is_open(self, connection):
        return not select.select([connection], [], [], 0)[0]

    def test_one_address_pushes_out_its_own_longest_waiting_connection(self):
        self.serve(connections_per_address=4)
        first, *others = [self.open("127.0.0.2") for _ in range(4)]
        bystander = self.open("127.0.0.3")
        self.open("127.0.0.2")
        self.assertEqual(read_until_closed(first), b"")
        self.assertTrue(all(map(self.is_open, [bystander, *others])))

    def test_one_address_whose_connections_are_all_at_work_gets_503(self):
        self.serve(connections_per_address=4)
        for i in range(4):
            self.open("127.0.0.2", begun(f"body-{i}"))
        self.wait_bodies(4)
        refused = Answer(read_until_closed(self.open("127.0.0.2")))
        self.assertEqual((refused.status, refused.reason), (503, "connections"))
        self.assertTrue(refused.closes and refused.retries)
        self.assert_served()

    def test_all_addresses_of_an_ipv6_network_share_one_bound(self):
        server = self.envflow(config=config(connections_per_address=4).replace(
            "127.0.0.1:{port}", "'[::1]:{port}'"))
        try:
            server.start()
        except AssertionError:
            self.skipTest("there is no IPv6 here")
        self.server, self.port = server, server.port
        first, *others = [self.open("::1", host="::1") for _ in range(5)]
        self.assertEqual(read_until_closed(first), b"")
        self.assertTrue(all(map(self.is_open, others)))

    def test_in_total_the_longest_waiting_connection_goes(self):
        self.serve(connections=16)
        first, *others = [self.open(f"127.0.1.{i}") for i in range(1, 17)]
        self.assert_served()
        self.assertEqual(read_until_closed(first), b"")
        self.assertTrue(all(map(self.is_open, others)))

    def test_where_all_are_at_work_a_new_one_gets_503_and_is_served_later(self):
        self.serve(connections=16)
        busy = [self.open(f"127.0.1.{i}", begun(f"body-{i}")) for i in range(16)]
        self.wait_bodies(16)
        # Its request is there before it is accepted, and still its end is no reset.
        self.server.process.send_signal(signal.SIGSTOP)
        late = self.open(data=delivery("refused", b" " * 5000))
        self.server.process.send_signal(signal.SIGCONT)
        received = late.recv(4096)
        self.assertEqual(late.recv(4096), b"")
        self.assertEqual(late.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        refused = Answer(received)
        self.assertEqual((refused.status, refused.reason), (503, "connections"))
        self.assertTrue(refused.closes and refused.retries)
        busy[0].close()
        wait_until(lambda: ask(self.port, delivery("later", Connection="close")).status == 202,
                   "the later one to be served")

    def wait_bodies(self, count):
        """Until so many connections of ours are where they have sent all they will send."""
        def all_read():
            with open("/proc/net/tcp", encoding="ascii") as file:
                rows = [row.split() for row in file.read().splitlines()[1:]]
            mine = [row for row in rows
                    if int(row[1].split(":")[1], 16) == self.port and row[3] == "01"]
            return len(mine) == count and all(row[4].endswith(":00000000") for row in mine)
        wait_until(all_read, "the bodies to be read")


class Descriptors(Wire):
    def leave(self, count):
        """So many descriptors for connections, once journal and database have theirs."""
        self.server.wait_delivery(self.server.post(b"{}")[1]["delivery"])
        pid = self.server.process.pid
        limit = len(os.listdir(f"/proc/{pid}/fd")) + count
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, limit))

    def cpu_s(self):
        with open(f"/proc/{self.server.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_without_descriptors_it_waits_and_does_not_spin(self):
        self.serve(body_timeout="3s")
        self.leave(8)
        busy = [self.open("127.0.0.2", begun(f"body-{i}")) for i in range(30)]
        self.server.wait_log("http.descriptors_short")
        begin, cpu_s = time.monotonic(), self.cpu_s()
        # Deadlines hold meanwhile: each body makes room for the next in the backlog.
        self.assertEqual(Answer(read_until_closed(busy[0])).reason, "body_slow")
        passed_s = time.monotonic() - begin
        self.assertLess(self.cpu_s() - cpu_s, max(0.1 * passed_s, 0.1))
        for connection in busy:
            connection.close()
        self.assert_served()
        self.server.wait_log("http.descriptors_found")

    def test_slow_heads_give_their_descriptors_to_those_who_come(self):
        self.serve()
        self.leave(8)
        for _ in range(30):
            self.open("127.0.0.2", b"POST /webhooks")
        begin = time.monotonic()
        self.assert_served()
        self.assertLess(time.monotonic() - begin, SLACK_S)

    def test_connections_leave_descriptors_to_all_else(self):
        self.server = self.envflow(config=config(body_timeout="5s"))
        self.server.start(wrapper=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh"))
        self.port = self.server.port
        self.assertIn("limits.connections", self.server.read("log"))
        for i in range(60):
            self.open(f"127.0.2.{i + 1}", begun(f"body-{i}"))
        before, after = "0" * 40, "1" * 40

        def accepted():
            try:
                return self.server.push(before, after)[0] == 202
            except OSError:
                return False
        wait_until(accepted, "a place")
        self.server.wait_holds(after)  # the command, the journal and the admin port have theirs
        self.assertNotIn("descriptors_short", self.server.read("log"))


class Bodies(Wire):
    def test_a_body_without_room_waits_and_then_gets_503_while_small_ones_pass(self):
        self.serve(body="1MiB", bodies_in_flight="1MiB")
        self.open("127.0.0.2", begun("fat", 1 << 20) + bytes(400000))
        time_sent = time.monotonic()
        late = self.open("127.0.0.3", begun("late", 1 << 20))
        for size in (2, 20000, 200000):
            self.assert_served(size=size)
        answer = self.assert_ended(late, WAIT_S, 503, "busy")
        self.assertGreater(time.monotonic() - time_sent, WAIT_S - 1)
        self.assertTrue(answer.closes and answer.retries)

    def test_bodies_that_wait_for_room_never_take_the_last_places(self):
        self.serve(body="1MiB", bodies_in_flight="1MiB", connections=16)
        self.open("127.0.0.2", begun("fat", 1 << 20))
        waiting = [self.open(f"127.0.3.{i}", begun(f"waits-{i}", 1 << 20)) for i in range(15)]
        begin = time.monotonic()
        self.assert_served()
        self.assertLess(time.monotonic() - begin, SLACK_S)
        wait_until(lambda: select.select(waiting, [], [], 0)[0], "one that waited to go")

    def test_a_body_that_waited_is_taken_once_there_is_room(self):
        self.serve(body="1MiB", bodies_in_flight="1MiB")
        first = self.open("127.0.0.2", begun("fat", 1 << 20))
        late = self.open("127.0.0.3", delivery("late", b" " * (1 << 20), Connection="close")[:500000])
        self.assert_served()
        first.close()
        send_in_pieces(late, delivery("late", b" " * (1 << 20), Connection="close")[500000:], 65536)
        self.assertEqual(Answer(read_until_closed(late)).status, 202)

    def test_one_client_never_takes_all_the_room_for_small_bodies(self):
        self.serve(body="1MiB", bodies_in_flight="1MiB")
        chunked = delivery("slow", b"8\r\n{", without=["Content-Length"],
                           Transfer_Encoding="chunked")
        self.open("127.0.0.2", begun("fat", 1 << 20))
        for _ in range(200):
            self.open("127.0.0.2", chunked)
        begin = time.monotonic()
        self.assert_served(size=200000)
        self.assertLess(time.monotonic() - begin, SLACK_S)


class Stopping(Wire):
    def test_sigterm_waits_for_requests_under_way_and_ends_idle_connections(self):
        self.serve()
        whole = delivery("under-way", b" " * 50000)
        idle, silent = self.open(data=delivery("idle")), self.open()
        self.assertTrue(idle.recv(1000).startswith(b"HTTP/1.1 202"))
        under_way = self.open(data=whole[:-1])
        self.assert_served()
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(read_until_closed(idle), b"")
        self.assertEqual(read_until_closed(silent), b"")
        under_way.sendall(whole[-1:])
        answer = Answer(read_until_closed(under_way))
        self.assertEqual((answer.status, answer.closes), (202, True))
        self.assertEqual(self.server.process.wait(DEADLINE_S), 0)
        self.server.start()
        self.assertTrue(self.server.wait_delivery("under-way"))


if __name__ == "__main__":
    unittest.main()

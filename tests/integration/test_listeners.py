"""Where envflow listens: unix sockets, and sockets that whoever starts it passes on."""
import os
import signal
import socket
import stat
import sys
import unittest

from harness import CONFIG, DEADLINE_S, DEPLOY, Case, ZEROS, push_payload, sha_of
from wire import Answer, TIMEOUT_S, ask, connect, delivery, read_until_closed

# Makes sockets, then becomes the command, as a service manager would.
# Arguments: names, kinds (tcp, unix or udp, as many), offset of LISTEN_PID, path, the command.
PASS_ON = """
import fcntl, os, socket, sys
names, kinds, offset, path = sys.argv[1:5]
made = []
for kind in kinds.split(":"):
    one = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET,
                        socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    one.bind(path if kind == "unix" else ("127.0.0.1", 0))
    if kind != "udp":
        one.listen()
    made.append((fcntl.fcntl(one, fcntl.F_DUPFD, 20), one))
with open(path + ".ports", "w") as ports:
    print(*(one.getsockname()[1] for _, one in made if one.family == socket.AF_INET), file=ports)
for i, (fd, _) in enumerate(made):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid() + int(offset)), LISTEN_FDS=str(len(made)),
                  LISTEN_FDNAMES=names)
os.execvp(sys.argv[5], sys.argv[5:])
"""

SHOW_DESCRIPTORS = DEPLOY + "ls -l /proc/$$/fd > descriptors\n"


def configured(listeners):
    return CONFIG.replace("127.0.0.1:{port}", listeners)


class Unix(Case):
    LISTENERS = '[ "127.0.0.1:{port}", "unix:{folder}/web.sock" ]'

    def setUp(self):
        self.server = self.envflow(config=configured(self.LISTENERS)).start()
        self.path = os.path.join(self.server.folder, "web.sock")

    def deliver(self, guid, body=b"{}"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(self.path)
            connection.sendall(delivery(guid, body, Connection="close"))
            return Answer(read_until_closed(connection)).status

    def test_a_unix_socket_and_a_port_deliver_side_by_side(self):
        first, second = sha_of("unix"), sha_of("tcp")
        self.assertEqual(self.deliver("unix", push_payload(ZEROS, first)), 202)
        self.server.wait_holds(first)
        self.assertEqual(self.server.push(first, second, pushed_at=1767225601)[0], 202)
        self.server.wait_holds(second)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)

    def test_the_socket_file_of_a_crash_is_replaced(self):
        self.server.kill(signal.SIGKILL)
        self.assertTrue(os.path.exists(self.path))
        self.server.start()
        self.assertEqual(self.deliver("again"), 202)

    def test_the_socket_file_of_a_living_one_is_not(self):
        other = self.envflow(config=configured(f'"unix:{self.path}"'))
        other.start(wait=False)
        self.assertNotEqual(other.process.wait(DEADLINE_S), 0)
        self.assertIn("another process listens on", other.read("log"))
        self.assertEqual(self.deliver("still"), 202)

    def test_a_file_that_is_no_socket_is_not_touched(self):
        path = self.server.write("precious", b"data", 0o600)
        other = self.envflow(config=configured(f'"unix:{path}"'))
        other.start(wait=False)
        self.assertNotEqual(other.process.wait(DEADLINE_S), 0)
        self.assertIn("it is no socket", other.read("log"))
        self.assertEqual(self.server.read("precious"), "data")


class Inherited(Case):
    def serve(self, listeners, names, kinds, offset=0, wait=True, **options):
        self.server = self.envflow(config=configured(listeners), **options)
        self.path = os.path.join(self.server.folder, "passed")
        self.server.start(wait=wait, wrapper=(
            sys.executable, "-c", PASS_ON, names, kinds, str(offset), self.path))

    def ports(self):
        return [int(port) for port in self.server.read("passed.ports").split()]

    def deliver(self, port, guid, body=b"{}", **where):
        return ask(port, delivery(guid, body, Connection="close"), **where).status

    def test_a_socket_is_found_by_its_name(self):
        self.serve('"fd:web"', "other:web", "tcp:tcp", deploy=SHOW_DESCRIPTORS)
        sha = sha_of("inherited")
        self.assertEqual(self.deliver(self.ports()[1], "named", push_payload(ZEROS, sha)), 202)
        self.server.wait_holds(sha)
        # What was passed to us, wanted or not, is not passed on to commands.
        self.assertNotIn("socket:", self.server.read("descriptors"))
        self.assertIn("/dev/null", self.server.read("descriptors"))

    def test_a_socket_is_found_by_its_number(self):
        self.serve('"fd:4"', "a:b", "tcp:tcp")
        self.assertEqual(self.deliver(self.ports()[1], "numbered"), 202)

    def test_an_inherited_unix_socket_delivers(self):
        self.serve('"fd:web"', "web", "unix")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(self.path)
            connection.sendall(delivery("unix", Connection="close"))
            self.assertEqual(Answer(read_until_closed(connection)).status, 202)

    def test_addresses_are_bounded_on_an_inherited_socket_too(self):
        bounded = "limits: {{ connections_per_address: 2 }}\nserver:"
        listeners = CONFIG.replace("127.0.0.1:{port}", '"fd:web"').replace("server:", bounded)
        self.server = self.envflow(config=listeners)
        self.path = os.path.join(self.server.folder, "passed")
        self.server.start(wrapper=(sys.executable, "-c", PASS_ON, "web", "tcp", "0", self.path))
        port = self.ports()[0]
        first, *others = [connect(port, "127.0.0.2") for _ in range(3)]
        for connection in (first, *others):
            self.addCleanup(connection.close)
        self.assertEqual(read_until_closed(first), b"")
        self.assertEqual(self.deliver(port, "bystander", source="127.0.0.3"), 202)

    def test_what_cannot_be_used_is_a_configuration_error(self):
        cases = [('"fd:web"', "other", "tcp", 0, "passed no such socket"),
                 ('"fd:4"', "web", "tcp", 0, "passed no such socket"),
                 ('"fd:2"', "web", "tcp", 0, "passed no such socket"),
                 ('"fd:web"', "web", "tcp", 1, "passed no such socket"),  # meant for another pid
                 ('"fd:web"', "web", "udp", 0, "no listening socket")]
        for listeners, names, kinds, offset, message in cases:
            with self.subTest(listeners, kinds=kinds, offset=offset):
                self.serve(listeners, names, kinds, offset, wait=False)
                self.assertEqual(self.server.process.wait(DEADLINE_S), 2)
                self.assertIn(message, self.server.read("log"))


if __name__ == "__main__":
    unittest.main()

"""A delivery that kills envflow: set aside after the second time, the rest goes on."""
import os
import unittest
import uuid

from harness import Case, ZEROS, DEADLINE_S, sha_of

PRELOAD = os.environ.get("PRELOAD_CRASH", "build/ci/tests/libpreload_crash.so")


class Poison(Case):
    def run_until_it_stays(self, server, most):
        """Restart as a service manager would; returns how often it died."""
        for deaths in range(most + 1):
            try:
                if server.process.poll() is not None:
                    server.start()
                server.wait_delivery(self.last)
                return deaths
            except (AssertionError, OSError):
                server.process.wait(DEADLINE_S)
        self.fail(f"died more than {most} times\n" + server.read("log")[-3000:])

    def poison(self, word, most):
        server = self.envflow(environment={"LD_PRELOAD": os.path.abspath(PRELOAD)}).start()
        a, b = sha_of("a"), sha_of("b")
        bad, self.last = str(uuid.uuid4()), str(uuid.uuid4())
        self.assertEqual(server.push(ZEROS, a, pushed_at=1)[0], 202)
        server.wait_holds(a)
        try:  # the answer may be lost with the process; the journal has it
            server.push(a, sha_of("x"), guid=bad, title=word, repository="acme/bad",
                        repository_id=66, pushed_at=2)
        except OSError:
            pass
        server.process.wait(DEADLINE_S)
        # The next one arrives between two deaths at the latest.
        for _ in range(most):
            try:
                server.start(wait=False)
                server.wait_ready()
                if server.push(a, b, guid=self.last, pushed_at=3)[0] == 202:
                    break
            except (AssertionError, OSError):
                server.process.wait(DEADLINE_S)
        deaths = self.run_until_it_stays(server, most)
        server.wait_holds(b)
        delivery = server.wait_delivery(bad)[0]
        self.assertEqual((delivery["verdict"], delivery["reason"]),
                         ("quarantined", "crashed_envflow"))
        self.assertEqual(server.get("/status")["quarantined"], 1)
        shown, = server.get("/deliveries?verdict=quarantined")["items"]
        self.assertEqual(shown["guid"], bad)
        self.assertEqual(server.not_ready(), {})
        return deaths

    def test_a_delivery_that_crashes_the_process_is_quarantined_after_the_second_time(self):
        self.poison("CRASH-NOW", 4)

    def test_a_delivery_that_gets_the_process_killed_is_quarantined_too(self):
        self.poison("KILL-NOW", 8)


if __name__ == "__main__":
    unittest.main()

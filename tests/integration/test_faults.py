"""The disk fails under a real envflow: full, or a flush that reports an error (strace injects both)."""
import shutil
import subprocess
import unittest

from harness import Case, ZEROS, DEADLINE_S, push_payload, sha_of, wait_until

WRITE = "pwritev,pwrite64,pwritev2"


def can_trace():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@unittest.skipUnless(can_trace(), "strace cannot trace here")
class Faults(Case):
    def tracer(self, *inject):
        """Runs envflow under strace; only calls on files of the journal count."""
        journal = f"{self.server.folder}/state/journal"
        expressions = [word for fault in inject for word in ("-e", "inject=" + fault)]
        calls = ",".join(fault.split(":")[0] for fault in inject)
        return ["strace", "-f", "-qq", "-o", f"{self.server.folder}/trace", "-e", f"trace={calls}",
                *expressions, "--seccomp-bpf"]

    def test_an_error_of_the_flush_stops_the_process_and_nothing_more_is_acknowledged(self):
        self.server = self.envflow()
        self.server.start(wrapper=self.tracer("fdatasync:error=EIO:when=40+"))
        acknowledged, before = {}, ZEROS
        for i in range(500):
            sha = sha_of(str(i))
            try:
                status, answer = self.server.push(before, sha, pushed_at=i + 1)
            except OSError:
                break
            if status != 202:
                break
            acknowledged[answer["delivery"]] = sha
            before = sha
        else:
            self.fail("the flush never failed")
        self.assertNotEqual(self.server.process.wait(DEADLINE_S), 0)
        self.assertIn("process.fatal", self.server.read("log"))
        self.server.start()
        for guid in acknowledged:
            self.server.wait_delivery(guid)

    def test_a_full_disk_is_answered_503_and_it_recovers_by_itself(self):
        self.server = self.envflow()
        self.server.start()
        self.server.stop()  # the database is made: what its schema writes does not count
        self.server.start(wrapper=self.tracer(f"{WRITE}:error=ENOSPC:when=60..90"))
        statuses = []
        for i in range(400):
            status, answer = self.server.post(push_payload(ZEROS, sha_of(str(i)), pushed_at=i))
            statuses.append(status)
            if status == 503:
                self.assertEqual(answer["reason"], "disk_full")
        self.assertIn(503, statuses)
        self.assertEqual(statuses[-1], 202)
        wait_until(self.server.is_ready, "envflow to be ready again")


if __name__ == "__main__":
    unittest.main()

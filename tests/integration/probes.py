"""The probes of tests/framing/probes.txt, expanded; that file's opening says how it is written."""
import os
import re
from typing import NamedTuple

from harness import SOURCE

PATH = os.path.join(SOURCE, "tests", "framing", "probes.txt")
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\", "|": b"|"}
PART = re.compile(r"\\x([0-9A-F]{2})|\\(.)|<(\d+)\*([^>]*)>|<([^>]*)>|([^\\<]+)")


class Probe(NamedTuple):
    name: str
    status: int
    reason: str
    bytes: bytes


def expand(text, words):
    def part(match):
        code, escape, times, repeated, word, plain = match.groups()
        if code:
            return bytes([int(code, 16)])
        if escape:
            return ESCAPES[escape]
        if times:
            return int(times) * expand(repeated, words)
        return expand(words[word], words) if word else plain.encode()
    return b"".join(part(match) for match in PART.finditer(text))


def read():
    words, probes = {}, []
    with open(PATH, encoding="ascii") as file:
        for line in file.read().splitlines():
            if line.startswith("="):
                _, name, text = line.split(maxsplit=2)
                words[name] = text
            elif line and not line.startswith("#"):
                name, answer, text = (part.strip() for part in line.split(" | ", 2))
                status, reason = answer.split()
                probes.append(Probe(name, int(status), reason, expand(text, words)))
    return probes

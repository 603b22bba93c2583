#!/usr/bin/env python3
"""Writes the mutants of one C file, for tests/mutate.sh.

Usage: mutants.py SOURCE FOLDER

A mutant is the file with one thing changed: a condition (or one operand of it) stuck at true or
at false, a comparison one step aside, a statement left out, a row of a table left out, or its
guard replaced by `always`. FOLDER gets NUMBER.c for each, and prints one line a mutant:
NUMBER, line, what was there, what is there now, separated by tabs. Comments, strings and asserts
are left alone.
"""
import re
import sys
from pathlib import Path

ASIDE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
STATEMENT = re.compile(r"^[ ]{4,}(?!return\b|break\b|assert\b|static\b|const\b|struct\b|enum\b|"
                       r"size_t\b|int64_t\b|uint64_t\b|bool\b|char\b)[\w*][^{}]*?;$", re.M)
TABLE = re.compile(r"^static const struct[^;=]*?(\w+)\[\] = \{$(.*?)^\};$", re.M | re.S)
ROW = re.compile(r"^\s+(?:RULE\(|\{).*(?:\)|\}),$", re.M)


def blank(source):
    """The source with comments, strings and asserts blanked, at the same offsets."""
    hide = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\bassert\([^;]*;|^#(?:[^\n]*\\\n)*[^\n]*$',
                      re.S | re.M)
    return hide.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source)


def closing(text, at):
    """The offset of the parenthesis that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    raise ValueError("unbalanced")


def bool_bodies(text):
    """Offsets of the bodies of functions that answer yes or no."""
    for match in re.finditer(r"^(?:static )?bool \w+\([^;{]*\)\n\{$(.*?)^\}$", text, re.M | re.S):
        yield match.span(1)


def conditions(text):
    """Spans of everything that decides."""
    for match in re.finditer(r"\b(?:if|while) \(", text):
        yield match.end(), closing(text, match.end() - 1)
    for match in re.finditer(r"\bfor \(", text):
        parts = [match.end() + m.start() for m in
                 re.finditer(";", text[match.end():closing(text, match.end() - 1)])]
        yield parts[0] + 2, parts[1]
    for start, end in bool_bodies(text):
        for match in re.finditer(r"\breturn ([^;]*);", text[start:end]):
            yield start + match.start(1), start + match.end(1)
    for match in re.finditer(r"(?:[-+]?= |return )([^;=?]*?(?:==|!=|<|>|\()?[^;?=]*?) \? ", text):
        yield match.span(1)
    for match in re.finditer(r" = ([^;{}?]*(?:==|!=|<|>|&&|\|\|)[^;{}?]*);", text):
        yield match.span(1)


def split(text, start, end):
    """The span, and the operands of && and || in it, down to single conditions."""
    yield start, end
    depth, begin, parts = 0, start, []
    for i in range(start, end):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0 and text[i:i + 2] in ("&&", "||"):
            parts.append((begin, i))
            begin = i + 2
    if parts:
        for part in parts + [(begin, end)]:
            yield from split(text, *strip(text, *part))
    elif text[start] == "(" and closing(text, start) == end - 1:
        yield from split(text, *strip(text, start + 1, end - 1))


def strip(text, start, end):
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), end - (len(inner) - len(inner.rstrip()))


def stuck(text):
    for span in conditions(text):
        for start, end in split(text, *strip(text, *span)):
            for value in ("true", "false"):
                if text[start:end] != value:
                    yield start, end, value


def aside(text):
    for match in re.finditer(r" (<=|>=|==|!=|<|>) ", text):
        yield match.start(1), match.end(1), ASIDE[match.group(1)]


def left_out(text):
    for match in STATEMENT.finditer(text):
        start, end = strip(text, *match.span())
        yield start, end, ";"


def rows(text):
    for table in TABLE.finditer(text):
        for row in ROW.finditer(text, table.start(2), table.end(2)):
            start, end = strip(text, *row.span())
            yield start, end, ""
            for guard in re.finditer(r"\b[a-z]\w*\b", text[start:end]):
                is_guard = re.search(rf"^static bool {guard.group()}\(", text, re.M)
                if is_guard and guard.group() != "always" and "bool always(" in text:
                    yield start + guard.start(), start + guard.end(), "always"


def main():
    source = Path(sys.argv[1]).read_text(encoding="utf-8")
    folder = Path(sys.argv[2])
    text = blank(source)
    mutants = {change for make in (stuck, aside, left_out, rows) for change in make(text)}
    for number, (start, end, new) in enumerate(sorted(mutants)):
        (folder / f"{number}.c").write_text(source[:start] + new + source[end:], encoding="utf-8")
        old = " ".join(source[start:end].split())
        print(number, source.count("\n", 0, start) + 1, old, new or "nothing", sep="\t")


main()

# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of docs/http.md, run in their order by bash; --write puts the answers in.

A console block holds commands (`$ `, on to the next one: continuation lines end in a backslash, a
pipe or stand in a here-document) and what they print. Digests are written 0123...; everything else
must be as shown.
"""
import re
import subprocess
import sys

from daemon_lib import BIN, Box
from http_lib import HttpBox, settle, source

PAGE = source("docs/http.md")
BLOCK = re.compile(r"```console\n(.*?)```", re.S)
DIGEST = re.compile(r"\b[0-9a-f]{32}\b")
SHOWN = "0123456789abcdef0123456789abcdef"


def steps(block):
    """(command, answer) pairs of a block."""
    for piece in re.split(r"^\$ ", block, flags=re.M)[1:]:
        lines = piece.splitlines()
        n, here = 1, re.search(r"<<(\w+)$", lines[0])
        if here:
            n = lines.index(here[1]) + 1
        else:
            while unfinished("\n".join(lines[:n])):
                n += 1
        yield "\n".join(lines[:n]), "\n".join(lines[n:])


def unfinished(command):
    last = command.rstrip()
    return last.endswith(("\\", "|")) or command.count("'") % 2 == 1


class Shell:
    """bash that keeps its variables from command to command."""

    def __init__(self, box):
        self.process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, cwd=box.dir)
        self.box = box
        self.run(f"export PATH=\"{BIN}:$PATH\"")

    def run(self, command):
        command = command.replace("127.0.0.1:8320", f"127.0.0.1:{getattr(self.box, 'port', 0)}")
        command = re.sub(r"(fundwatch key \w+)", rf'\1 --db "{self.box.conninfo}"', command)
        self.process.stdin.write(command + "\necho \"=through= $?\"\n")
        self.process.stdin.flush()
        got = []
        for line in self.process.stdout:
            if line.startswith("=through= "):
                return DIGEST.sub(SHOWN, "".join(got).rstrip("\n"))
            got.append(line)
        raise AssertionError(f"the shell ended at {command}")

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def played(box, text):
    """The page with the answers as they are; the daemon starts behind the block of the keys."""
    shell = Shell(box)

    def play(match):
        made = ""
        for command, _ in steps(match[1]):
            answer = shell.run(command)
            made += f"$ {command}\n" + (answer + "\n" if answer else "")
            if "/v1/intake/" in command and '"records"' in answer:
                settle(box, box.daemons[-1], 1)
        if not box.daemons:
            box.serve().wait("ready")
        return f"```console\n{made}```"

    new = BLOCK.sub(play, text)
    shell.end()
    return new


with open(PAGE, encoding="utf-8") as page, HttpBox("docs") as docs:
    shown = page.read()
    real = played(docs, shown)
    docs.daemons[-1].term()
assert isinstance(docs, Box) and len(BLOCK.findall(shown)) > 3
if "--write" in sys.argv:
    with open(PAGE, "w", encoding="utf-8") as out:
        out.write(real)
elif real != shown:
    for was, now in zip(shown.splitlines(), real.splitlines()):
        assert was == now, f"docs/http.md shows\n{was}\nbut it is\n{now}\n(--write puts it in)"
    raise AssertionError("docs/http.md shows more or fewer lines than there are")
print(f"{len(BLOCK.findall(shown))} examples of docs/http.md are as shown")

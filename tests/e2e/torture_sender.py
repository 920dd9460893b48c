# SPDX-License-Identifier: GPL-3.0-or-later
"""What a round of the torture sends beside its spool, and what was acknowledged of it.

Bodies over HTTP under idempotency keys, some again; months closed and opened again; raw inputs
purged. The order follows from the seed. A sender is a thread of one life of the daemon; the plan
outlives them all: what was not acknowledged is sent again, in the next life if need be. When all
is there the months are closed once more, so that every finding is as of the same data. A close
goes through the journal: when the last is done, so is all that was acknowledged before it.
"""
import collections
import csv
import gzip
import http.client
import io
import os
import random
import socket
import tempfile
import threading

from daemon_lib import BIN, generate, run
from http_lib import CSV, JSON, WAIT
from test_messages import Messages

PARTS = 3                    # bodies a file is cut into
MESSAGES = 24                # interface messages, each a body with a msgid of its own
POSTED = ("fee_list_d_01", "fee_list_d_04", "setl_d_01", "mdtrt_d_02", "setl_list_diag_d_01")
MONTHS = ("2026-02", "2026-03", "2026-04")
REGIONS = ("*", "33", "3301", "330100")
RETRIED = (408, 429, 503)    # docs/http.md: the sender sends the same again
LAST = "the last"            # who closes the last month of all
LATER = "2098-01-01"


class Body:
    """One body: its key, or None where its own msgid is the key."""

    def __init__(self, key, name, media, data, zipped):
        self.key, self.name, self.media = key, name, media
        self.data = gzip.compress(data, 1, mtime=0) if zipped else data
        self.zipped = zipped
        self.mark = key or data

    def post(self, port, key):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": self.media}
        if self.key:
            headers["Idempotency-Key"] = self.key
        if self.zipped:
            headers["Content-Encoding"] = "gzip"
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)
        try:
            query = f"?file={self.name}" if self.name else ""
            link.request("POST", f"/v1/intake/default{query}", self.data, headers)
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()


def parts(path):
    """A plain CSV file as bodies, each with the header."""
    with open(path, encoding="utf-8-sig", newline="") as text:
        head, *rows = list(csv.reader(text))
    for part in range(PARTS):
        if rows[part::PARTS]:
            out = io.StringIO()
            csv.writer(out, lineterminator="\n").writerows([head, *rows[part::PARTS]])
            yield out.getvalue().encode()


def messages():
    """Some visits as a hospital's interface tells them."""
    with tempfile.TemporaryDirectory() as folder:
        generate(folder, 300, 3, "--gzip", "none", "--gb18030", "none")
        told = Messages(folder)
        told.tell()
    return told.lines[:MESSAGES]


def split(files):
    """Which of the files stay in the spool, and the bodies that are posted."""
    spool, bodies = [], []
    for path in files:
        name = os.path.basename(path)
        if name.partition(".")[0] not in POSTED or not name.endswith(".csv"):
            spool.append(path)
            continue
        for n, data in enumerate(parts(path)):
            bodies.append(Body(f"{name}-{n}", name, CSV, data, n % 2 == 1))
    bodies += [Body(None, "", JSON, line.encode(), False) for line in messages()]
    return spool, bodies


class Plan:
    """What is left to be done, and what was acknowledged over all lives of the daemon."""

    def __init__(self, seed, bodies):
        draw = random.Random(seed)
        bodies = list(bodies)
        draw.shuffle(bodies)
        self.left, self.tries = collections.deque(), 0
        for n, body in enumerate(bodies):
            self.left.append((self.send, body))
            if draw.random() < 0.2:
                self.left.append((self.send, bodies[draw.randrange(n + 1)]))
            if draw.random() < 0.15:
                verb = "reopen" if draw.random() < 0.3 else "close"
                self.left.append((self.period, f"{verb} {draw.choice(REGIONS)} all "
                                               f"{draw.choice(MONTHS)}"))
            if draw.random() < 0.05:
                self.left.append((self.purge, draw.choice(["0.001", "0.02", "0"])))
        self.bodies = bodies
        self.answers = {}            # of a body: what it was told
        self.closed = {}             # by whom -> (verb, acknowledged)
        self.wrong = []              # what must never be
        self.resent = self.turned_away = 0

    def send_again(self, draw, times):
        for _ in range(times):
            self.left.append((self.send, draw.choice(self.bodies)))

    # ---- each says whether it is through; if not, it is done again ----

    def send(self, sender, body):
        status, text = body.post(sender.port, sender.box.http_key)
        if status in RETRIED or (status >= 500 and sender.hurt):
            self.turned_away += 1
            return False
        if status != 200:
            self.wrong.append(f"{body.name} {body.key}: {status} {text!r}")
        elif self.answers.setdefault(body.mark, text) != text:
            self.wrong.append(f"{body.key}: {text!r} after {self.answers[body.mark]!r}")
        return True

    def period(self, sender, words, who=None, wait=False):
        self.tries += 1
        who = f"{who or words.split()[0]} {self.tries}"
        self.closed[who] = False
        told = sender.control(f"period {words} {who}\n", wait)
        self.closed[who] = told.startswith("kept ")
        return "\ndone " in told if wait else self.closed[who]

    def purge(self, sender, bound):
        """Its end is nobody's matter: what it left undone the next one does."""
        run("timeout", "-s", "KILL", bound, f"{BIN}/fundwatch", "purge", "--before", LATER,
            "--by", "torture", "-c", sender.box.config, check=False)
        return True

    def finish(self, sender):
        for month in MONTHS:
            who = LAST if month == MONTHS[-1] else "final"
            if not self.period(sender, f"close * all {month}", who, True):
                return False
        return True

    # ---- afterwards ----

    def closes(self, box):
        """How many acknowledged closes are not there, and how many are there twice."""
        rows = [row.split("|") for row in box.sql(
            "SELECT who, count(DISTINCT epoch) FROM fundwatch.period_event GROUP BY 1")
            .splitlines()]
        there = {who: int(n) for who, n in rows}
        self.wrong += [f"nobody asked for the close by {who}" for who in there
                       if who not in self.closed]
        lost = sum(1 for who, kept in self.closed.items() if kept and who not in there)
        return lost, sum(n - 1 for n in there.values())


class Sender(threading.Thread):
    """Works the plan off while one daemon lives."""

    def __init__(self, box, plan, hurt):
        super().__init__(daemon=True)
        self.box, self.plan, self.hurt = box, plan, hurt
        self.port = 0
        self.over = threading.Event()    # the daemon has ended
        self.through = False

    def begin(self, port):
        self.port = port
        self.start()

    def end(self):
        self.over.set()
        if self.port:
            self.join()

    def control(self, line, wait):
        """Asks over the control socket: the first line of the answer, or all."""
        got = b""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(WAIT)
            link.connect(f"{self.box.spool}/.fundwatchd.socket")
            link.sendall(line.encode())
            while (wait or b"\n" not in got) and (piece := link.recv(4096)):
                got += piece
        return got.decode()

    def attempt(self, act, *given):
        """False: the daemon ended on the way, or says that it cannot now."""
        try:
            return act(self, *given)
        except (OSError, http.client.HTTPException):
            self.plan.resent += 1
            return False

    def spooled(self):
        return not any(name.endswith((".csv", ".gz")) for name in os.listdir(self.box.spool))

    def run(self):
        plan = self.plan
        while not self.over.is_set() and not self.through:
            if plan.left:
                act, given = plan.left[0]
                if self.attempt(act, given):
                    plan.left.popleft()
                    continue
            elif self.spooled():
                self.through = self.attempt(plan.finish)
            if not self.through:
                self.over.wait(0.01)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills a daemon and its database again and again; the tables must be those of a calm run.

A round is one empty database and one spool of the same files. In it the daemon is struck
until the spool is drained: killed at a named point, at the Nth point of any name, behind the
Nth line of its log, or made to meet an error; its memory bounded until an allocation fails,
its database connection cut, its database killed. Every third round is a mixed one: part of the
data comes over HTTP, months are closed and opened by hand, raw inputs and at last old records
are purged (torture_sender.py). In some the past is not kept in memory, and records of it come
when the horizon has passed them (torture_horizon.py). Whatever was chosen follows from the
seed, so a round can be repeated alone. Several rounds run beside each other, each job with a
database server of its own.
"""
import argparse
import collections
import csv
import gzip
import io
import json
import multiprocessing
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import zlib

from daemon_lib import BIN, BOUND, Box, Cluster, ROOT, SANITIZED, generate, psql, run
import torture_horizon as horizon
import torture_left as behind
import torture_sender as sending

KINDS = {"point": 40, "any": 20, "log": 15, "error": 10, "cut": 8, "database": 3,
         "memory": 4}  # weights
ERRORS = ["EIO", "ENOSPC", "EMFILE", "EACCES"]
STEPS = ["BACK", "FORTH"]  # of a clock
STRIKES = 24  # a round at most
ROUNDS = 100  # one server lives, with the database of each
END = r"drained: "
TEMPLATE = "fw_torture_empty"
MIXED = 3  # one round in so many
PAST = 5  # and one in so many of the others
PURGED = "2026-03-16"  # records of visits that ended before
BOUNDED = "memory: { limit: 1 }\n"  # timelines and cells on disk


def points():
    """Those that any spool of files comes by: history is read back where a horizon is."""
    with open(f"{ROOT}/daemon/host/fault.def", encoding="utf-8") as table:
        named = re.findall(r"^FAULT\((\w+),", table.read(), re.M)
    return [name for name in named if not name.startswith("history_")]


def failing():
    """Points in front of a call that can be made to fail."""
    found = set()
    for folder, _, names in os.walk(f"{ROOT}/daemon"):
        for name in names:
            if name.endswith(".c"):
                with open(f"{folder}/{name}", encoding="utf-8") as text:
                    found |= set(re.findall(r"fault_(?:fails|way)\((\w+)\)", text.read()))
    return sorted(found)


class Wish:
    """What the next life of the daemon meets, drawn from the seed."""

    def __init__(self, draw, kinds, names, calls):
        self.kind = draw.choices(list(kinds), list(kinds.values()))[0]
        self.passes = 1 + int(draw.expovariate(1))
        self.line = 1 + int(draw.expovariate(1 / 8))
        self.point = draw.choice(names)
        self.call, self.code = draw.choice(calls), draw.choice(ERRORS)
        self.mib = draw.randrange(1, 40)
        if self.call == "clock_step":
            self.code = draw.choice(STEPS)
        self.name = {"point": self.point, "error": f"{self.call}: error", "any": "any point",
                     "log": "a line of the log", "cut": "connection cut",
                     "database": "database killed", "memory": "out of memory"}[self.kind]

    def at(self, point):
        """The first time that point is reached, so that the rounds come by each in turn."""
        self.kind, self.point, self.name, self.passes = "point", point, point, 1

    def calm(self):
        self.kind, self.line, self.name = "log", 0, "nothing"

    def later(self, draw):
        """A mixed life has more lines and points."""
        self.line *= draw.randrange(1, 12)
        return self

    def environment(self):
        if self.kind == "point":
            return f"{self.point}:{self.passes}"
        if self.kind == "error":
            return f"{self.call}:{self.passes}:{self.code}"
        return f"any:{self.line}" if self.kind == "any" else ""


# ---- what is taken in ----


def read_rows(path):
    """The rows of a file as lists, and how it was written."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as data:
        raw = data.read()
    try:
        text, charset = raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, charset = raw.decode("gb18030"), "gb18030"
    return list(csv.reader(io.StringIO(text))), charset


def thin(folder, paths, share):
    """One person in `share`, with all that is known of them: a kill costs little then."""
    for path in paths:
        rows, charset = read_rows(path)
        if "psn_no" in rows[0]:
            who = rows[0].index("psn_no")
            rows[1:] = [row for row in rows[1:] if zlib.crc32(row[who].encode()) % share == 0]
        if len(rows) < 2:
            continue
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        target = f"{folder}/{os.path.basename(path)}"
        with (gzip.open if path.endswith(".gz") else open)(target, "wb") as data:
            data.write(out.getvalue().encode(charset))
        yield target


class World:
    """A server of its own, what calm runs leave behind, and the wishes to draw from."""

    def __init__(self, cluster, files, kinds, mixed_every):
        self.mixed_every = mixed_every
        self.cluster, self.files, self.kinds = cluster, files, kinds
        self.server = cluster.conninfo
        self.names, self.calls = points(), failing()
        self.spooled, self.bodies = sending.split(files)
        empty = f"{self.server} dbname={TEMPLATE}"
        psql(self.server, f"CREATE DATABASE {TEMPLATE}")
        run(f"{BIN}/fundwatch", "db", "migrate", "--db", empty)
        self.key = json.loads(run(f"{BIN}/fundwatch", "key", "add", "--db", empty, "--all",
                                  "--role", "intake", "--json").stdout)["key"]
        self.calm = {}
        self.mixed_rest = 0
        self.mixed = None

    def box(self, past=False):
        box = RoundBox("torture", epoch_rows=1000, server=self.server)
        return horizon.bounded(box) if past else box

    def waves(self, past):
        """What is put into the spool together; then the next, when it is drained."""
        return horizon.waves(self.files) if past else [self.files]

    def calm_run(self, past):
        """What a round leaves behind when nothing strikes; once, when first needed."""
        if past not in self.calm:
            with self.box(past) as box:
                for wave in self.waves(past):
                    box.drop(*wave)
                    daemon = box.start()
                    daemon.wait(END)
                    daemon.term()
                if past:
                    horizon.was_passed(daemon)
                self.calm[past] = Calm(box)
        return self.calm[past]

    def mixed_box(self):
        box = RoundBox("torture", epoch_rows=1000, server=self.server,
                       journal="segment: 1, bound: 1")
        box.http_key = self.key
        box.extra = ("periods: { close: by-hand }\n"
                     "http: { listen: \"127.0.0.1:0\", rate: 1000000 }\n")
        return box

    def calm_mixed(self):
        """What a mixed round leaves behind when nothing strikes; once, when first needed."""
        if not self.mixed:
            with self.mixed_box() as box:
                plan = sending.Plan(0, self.bodies)
                box.drop(*self.spooled)
                mixed_lives(box, self, plan, lambda: calm_wish(self))
                purge_records(box)
                mixed_lives(box, self, plan, lambda: calm_wish(self))
                self.mixed_rest = at_rest(box)
                self.mixed = behind.mixed_of(box)
                assert not plan.wrong and plan.closes(box) == (0, 0), plan.wrong
        return self.mixed


class Calm:
    """A database and a daemon as they are at the end."""

    def __init__(self, box):
        self.rest = at_rest(box)
        self.digests, self.content = behind.digests(box), behind.content_of(box)
        self.rows = behind.rows_of(box)


class RoundBox(Box):
    """Its database is a copy of an empty one."""

    made = 0

    def __enter__(self):
        RoundBox.made += 1
        self.database += f"_{RoundBox.made}"
        self.conninfo = f"{self.server} dbname={self.database}"
        psql(self.server, f"CREATE DATABASE {self.database} TEMPLATE {TEMPLATE}")
        os.mkdir(self.spool)
        self.configure()
        return self

    def __exit__(self, kind, value, trace):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
        cut(self)  # the database stays: to drop one costs a checkpoint; it goes with its server
        shutil.rmtree(self.dir)


# ---- one life ----


def follow(daemon, until, sender=None):
    """Reads the log up to the line numbered `until`: drained, ended or line. With a sender it is
    drained when all has been sent, too."""
    bound = time.monotonic() + BOUND
    end = f"closed by {sending.LAST}" if sender else END
    while True:
        while daemon.seen < len(daemon.lines):
            daemon.seen += 1
            line = daemon.lines[daemon.seen - 1]
            if sender and not sender.port and (told := LISTENING.search(line)):
                sender.begin(int(told[1]))
            if re.search(end, line):
                return "drained" if not sender or all_sent(daemon, sender) else "ended"
            if daemon.seen == until:
                return "line"
            if until == STARVED and "again, " in daemon.lines[daemon.seen - 1]:
                return "starved"
        if not daemon.read(bound):
            return "ended"


LISTENING = re.compile(r"listening on [^ ]*:(\d+)")


def all_sent(daemon, sender):
    """The last close was committed, in this life or at its start: the rest follows. False: the
    daemon has ended."""
    bound = time.monotonic() + BOUND
    while not sender.through:
        ready, _, _ = select.select([daemon.fd], [], [], 0.02)
        if ready and not daemon.read(bound):
            return False
        assert time.monotonic() < bound, "not all sent; the log:\n" + "\n".join(daemon.lines)
    return True


def cut(box):
    psql(box.server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
         f"WHERE datname = '{box.database}' AND pid <> pg_backend_pid()")


def strike(box, daemon, wish, cluster):
    """Does to a living daemon what is not done by a fault point."""
    if wish.kind == "cut":
        cut(box)
    elif wish.kind == "database":
        cluster.kill()
        cluster.start()
    elif wish.kind == "memory":
        bound_memory(daemon, wish.mib)
    else:
        daemon.process.kill()


def bound_memory(daemon, mib):
    """From now on it gets that much more memory and no byte beyond."""
    with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as text:
        data = int(text.read().split()[5]) * 4096
    run("prlimit", f"--pid={daemon.process.pid}", f"--data={data + mib * 65536}", check=False)


STARVED = -1  # it tries again and again, without memory in vain
OUTSIDE = ("log", "cut", "database", "memory")  # struck from here, behind a line of the log


def one_life(box, wish, cluster, plan=None):
    """One life of the daemon under one wish: did it strike, is the spool drained."""
    daemon = box.start(fault=wish.environment())
    sender = sending.Sender(box, plan, wish.kind in ("error", "memory")) if plan else None
    try:
        return lead_life(box, wish, cluster, daemon, sender)
    finally:
        if sender:
            sender.end()


def lead_life(box, wish, cluster, daemon, sender):
    outside = wish.kind in OUTSIDE
    how = follow(daemon, wish.line if outside else 0, sender)
    struck = how == "line" and outside
    if struck:
        strike(box, daemon, wish, cluster)
        how = follow(daemon, STARVED if wish.kind == "memory" else 0, sender)
    if how == "drained":
        daemon.process.terminate()
    if how == "starved":  # it would wait for memory for ever
        daemon.process.kill()
    code = daemon.end()
    if wish.kind == "memory":  # struck when it came to ask for more
        struck = code in (-6, -9, 1)
    struck |= any(line.startswith("fault: ") for line in daemon.lines)
    if code == 0 and how == "drained":
        return struck, True
    if code == -9:  # perhaps on its orderly way out
        return True, False
    # Without its database or disk a daemon may give up and be started again, but says so; with
    # no memory it ends at once.
    assert wish.kind in ("cut", "database", "error", "memory") and struck, (
        f"{wish.name}: exit {code}; the log:\n" + "\n".join(daemon.lines[-40:]))
    return True, False


def memory_kib(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as text:
        return int(re.search(r"VmRSS:\s+(\d+)", text.read()).group(1))


def at_rest(box):
    """A last undisturbed start: what it holds in memory when all is done."""
    daemon = box.start()
    daemon.wait(END)
    kib = memory_kib(daemon)
    daemon.term()
    return kib


def verify_journal(box):
    run(f"{BIN}/fundwatch", "journal", "verify", "--all", "--conf", box.config)


class Tally:
    def __init__(self):
        self.times = collections.Counter()
        self.missed = collections.Counter()
        self.bad = collections.Counter()
        self.lost = self.twice = self.rounds = self.bodies = self.closes = 0

    def done(self, kind):
        return sum(self.times.values()) if kind == "error" else self.kills()

    def kills(self):
        return sum(n for name, n in self.times.items() if not name.endswith(": error"))

    def lived(self, wish, struck):
        if struck:
            self.times[wish.name] += 1
        elif wish.name != "nothing":
            self.missed[wish.name] += 1

    def add(self, other):
        for mine, its in ((self.times, other.times), (self.missed, other.missed),
                          (self.bad, other.bad)):
            mine.update(its)
        self.lost += other.lost
        self.twice += other.twice
        self.rounds += other.rounds
        self.bodies += other.bodies
        self.closes += other.closes


def compare(calm, got, what, tally):
    """Counts rows lost and rows that are there once too often; tells the first of each."""
    for name, expected in calm.items():
        lost, twice = expected - got[name], got[name] - expected
        tally.lost += sum(lost.values())
        tally.twice += sum(twice.values())
        for kind, some in (("lost", lost), ("twice", twice)):
            for row in list(some)[:2]:
                print(f"{what}: {name}: {kind}: {row}", file=sys.stderr)
    return calm == got


def same(box, calm, wishes, seed, tally):
    if any(name.endswith(": error") for name in wishes):
        return compare(calm.content, behind.content_of(box), f"seed {seed}", tally)
    if behind.digests(box) == calm.digests:
        return True
    compare(calm.rows, behind.rows_of(box), f"seed {seed}", tally)
    return False


def first_of(seed, world, box):
    """The point a round comes by first; some rounds are bounded, as is who writes such files."""
    first = world.names[seed % len(world.names)]
    if first.startswith("temp_") or seed % 4 == 0:
        box.extra += BOUNDED
        box.configure()
    return first


# ---- a mixed round ----


def calm_wish(world):
    wish = Wish(random.Random(0), {"log": 1}, world.names, world.calls)
    wish.calm()
    return wish


def purge_records(box):
    run(f"{BIN}/fundwatch", "purge", "--before", sending.LATER, "--records-before", PURGED, "--by",
        "torture", "-c", box.config)


def purge_half(box, draw):
    """One that is killed somewhere on its way, perhaps."""
    run("timeout", "-s", "KILL", str(draw.choice([0.001, 0.01, 0.03, 0.1])), f"{BIN}/fundwatch",
        "purge", "--before", sending.LATER, "--records-before", PURGED, "--by", "torture",
        "-c", box.config, check=False)


def mixed_lives(box, world, plan, wish_of, lived=lambda wish, struck: None):
    """Until all is sent and closed."""
    done = False
    while not done:
        wish = wish_of()
        struck, done = one_life(box, wish, world.cluster, plan)
        lived(wish, struck)


def mixed_same(box, world, plan, seed, tally):
    lost, twice = plan.closes(box)
    tally.lost += lost
    tally.twice += twice
    for wrong in plan.wrong[:3]:
        print(f"seed {seed}: {wrong}", file=sys.stderr)
    same_tables = compare(world.mixed, behind.mixed_of(box), f"seed {seed}", tally)
    return same_tables and lost == twice == 0 and not plan.wrong


def mixed_round(seed, world, tally, left):
    """As one_round, with HTTP, closes and purges."""
    draw = random.Random(seed)
    world.calm_mixed()
    wishes, first = [], ""

    def wish_of():
        wish = Wish(draw, world.kinds, world.names, world.calls).later(draw)
        if len(wishes) >= left:
            wish.calm()
        elif not wishes and len(world.kinds) > 1:
            wish.at(first)
        return wish

    def lived(wish, struck):
        if struck:
            wishes.append(wish.name)
        tally.lived(wish, struck)

    with world.mixed_box() as box:
        plan = sending.Plan(seed, world.bodies)
        first = first_of(seed, world, box)
        box.drop(*world.spooled)
        mixed_lives(box, world, plan, wish_of, lived)
        box.balanced()
        purge_half(box, draw)
        purge_records(box)
        plan.send_again(draw, 3)
        mixed_lives(box, world, plan, wish_of, lived)
        verify_journal(box)
        kib = at_rest(box)
        good = mixed_same(box, world, plan, seed, tally)
        box.chain_holds()
        good = rests(kib, world.mixed_rest, seed) and good
        tally.rounds += 1
        tally.bodies += len(plan.answers)
        tally.closes += sum(1 for kept in plan.closed.values() if kept)
        if not good:
            tally.bad.update(wishes)
    return good


# ---- a round ----


def rests(kib, calm, seed):
    if kib <= calm * 5 // 4 + 16384:
        return True
    print(f"seed {seed}: {kib} KiB at rest, {calm} undisturbed", file=sys.stderr)
    return False


def lives(box, world, left, draw, first, tally):
    """Until the spool is drained; what struck."""
    done, wishes = False, []
    while not done:
        wish = Wish(draw, world.kinds, world.names, world.calls)
        if len(wishes) >= left:
            wish.calm()
        elif not wishes and first and len(world.kinds) > 1:
            wish.at(first)
        struck, done = one_life(box, wish, world.cluster)
        if struck:
            wishes.append(wish.name)
        tally.lived(wish, struck)
    return wishes


def one_round(seed, world, tally, left):
    if world.mixed_every and seed % world.mixed_every == 0:
        return mixed_round(seed, world, tally, left)
    past = seed % PAST == 1
    draw, calm, wishes = random.Random(seed), world.calm_run(past), []
    with world.box(past) as box:
        first = first_of(seed, world, box)
        for wave in world.waves(past):
            box.drop(*wave)
            wishes += lives(box, world, left - len(wishes), draw, first, tally)
            first = ""
        verify_journal(box)
        kib = at_rest(box)
        good = same(box, calm, wishes, seed, tally)
        box.chain_holds()
        if seed % 8 == 0:  # every row accounted for; what the sums are made of was compared
            box.balanced()
        good = rests(kib, calm.rest, seed) and good
        tally.rounds += 1
        if not good:
            tally.bad.update(wishes)
    return good


# ---- all of it ----


def in_time(given):
    return not given.minutes or time.monotonic() < given.began + given.minutes * 60


def goes_on(given, tally, share):
    """Until there is this share of the kills; and each point was the first of a round, if asked."""
    short = given.every_point and tally.rounds * given.jobs < len(points())
    return (short or tally.done(given.kind) < share) and in_time(given)


def one_job(given, files, number, out):
    """Every jobs-th seed, until this job has its share of the kills."""
    tally, seed, good = Tally(), given.seed + number, True
    share = given.kills // given.jobs + (number < given.kills % given.jobs)
    kinds = {given.kind: 1} if given.kind else dict(KINDS)
    if SANITIZED:  # it would end over maps of its own, and say so in its own way
        kinds.pop("memory", None)
    try:
        while goes_on(given, tally, share):
            with Cluster("--no-fsync") as cluster:
                world = World(cluster, files, kinds, given.mixed)
                until = tally.rounds + ROUNDS
                while goes_on(given, tally, share) and tally.rounds < until:
                    part = Tally()
                    left = max(1, min(STRIKES, share - tally.done(given.kind)))
                    try:
                        good = one_round(seed, world, part, left) and good
                    except AssertionError as why:  # it hung, or ended as it must not
                        print(f"seed {seed}: {str(why)[-4000:]}", file=sys.stderr)
                        part.bad.update(part.times)
                        good = False
                    tally.add(part)
                    out.put(("round", seed, part))
                    seed += given.jobs
        out.put(("end", good, None))
    except BaseException as why:  # told by the parent, which would wait for ever
        out.put(("broken", f"seed {seed}: {why!r}", None))
        raise


def table(tally, out):
    out.write(f"| {'struck':24} | {'times':>7} | {'passed by':>9} | result |\n")
    out.write(f"|{'-' * 26}|{'-' * 8}:|{'-' * 10}:|--------|\n")
    for name in sorted(set(tally.times) | set(tally.missed)):
        result = f"in {tally.bad[name]} bad rounds" if tally.bad[name] else "equal"
        out.write(f"| {name:24} | {tally.times[name]:7} | {tally.missed[name]:9} | {result} |\n")


def arguments():
    parse = argparse.ArgumentParser(prog="scripts/torture", description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--kills", type=int, default=100, help="until so many (default 100)")
    parse.add_argument("--minutes", type=float, default=0,
                       help="no new round after so many, however many kills there were")
    parse.add_argument("--seed", type=int, default=1, help="of the first round (default 1)")
    parse.add_argument("--lines", type=int, default=8000, help="fee lines (default 8000)")
    parse.add_argument("--share", type=int, default=8, help="of them one person in so many "
                       "(default 8)")
    parse.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 8),
                       help="rounds beside each other (default: one a processor)")
    parse.add_argument("--kind", choices=list(KINDS), help="only this kind of strike")
    parse.add_argument("--mixed", type=int, default=MIXED, metavar="N",
                       help=f"one round in N is a mixed one (default {MIXED}, 0: none)")
    parse.add_argument("--every-point", action="store_true",
                       help="fail when a point of fault.def was never struck")
    parse.add_argument("--json", action="store_true", help="the table as one JSON object")
    parse.add_argument("--write", metavar="FILE", help="the table into this file, too")
    return parse.parse_args()


def run_jobs(given, files):
    out = multiprocessing.Queue()
    jobs = [multiprocessing.Process(target=one_job, args=(given, files, n, out))
            for n in range(given.jobs)]
    for job in jobs:
        job.start()
    tally, good, running = Tally(), True, given.jobs
    while running:
        kind, what, part = out.get()
        if kind == "round":
            tally.add(part)
            print(f"round {tally.rounds}, seed {what}: {tally.kills()} kills, {tally.lost} lost, "
                  f"{tally.twice} twice", file=sys.stderr)
            continue
        running -= 1
        good = good and kind == "end" and what
        if kind == "broken":
            print(what, file=sys.stderr)
    for job in jobs:
        job.join()
    return tally, good


def main():
    given = arguments()
    given.began = began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers and boxes are put away
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory() as few:
        files = list(thin(few, generate(data, given.lines), given.share))
        tally, good = run_jobs(given, files)
    if given.json:
        print(json.dumps({"kills": tally.kills(), "rounds": tally.rounds, "lost": tally.lost,
                          "twice": tally.twice, "struck": tally.times}, sort_keys=True))
    else:
        table(tally, sys.stdout)
    end = f"{tally.kills()} kills, {tally.lost} lost, {tally.twice} twice"
    if given.write:
        with open(given.write, "w", encoding="utf-8") as out:
            table(tally, out)
            out.write(f"\n{end}\n")
    never = [name for name in points() if not tally.times[name]]
    if given.every_point and never:
        print(f"never struck: {' '.join(never)}", file=sys.stderr)
        good = False
    print(f"{tally.rounds} rounds in {time.monotonic() - began:.0f} s; in mixed ones "
          f"{tally.bodies} bodies and {tally.closes} closes acknowledged", file=sys.stderr)
    print(end)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

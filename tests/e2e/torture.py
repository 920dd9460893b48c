# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills a daemon and its database again and again; the tables must be those of a calm run.

A round is one empty database and one spool of the same files. In it the daemon is struck
until the spool is drained: killed at a named point, at the Nth point of any name, behind the
Nth line of its log, or made to meet an error; its database connection cut, its database
killed. Whatever was chosen follows from the seed, so a round can be repeated alone.
"""
import argparse
import collections
import json
import os
import random
import re
import sys
import tempfile
import time

from daemon_lib import BIN, BOUND, Box, Cluster, ROOT, STREAMS, generate, psql, run

KINDS = {"point": 40, "any": 20, "log": 15, "error": 10, "cut": 10, "database": 5}  # weights
ERRORS = ["EIO", "ENOSPC", "EMFILE", "EACCES"]
END = r"drained: "


def points():
    with open(f"{ROOT}/daemon/fault.def", encoding="utf-8") as table:
        return re.findall(r"^FAULT\((\w+),", table.read(), re.M)


def failing():
    """Points in front of a call that can be made to fail."""
    found = set()
    for folder, _, names in os.walk(f"{ROOT}/daemon"):
        for name in names:
            if name.endswith(".c"):
                with open(f"{folder}/{name}", encoding="utf-8") as text:
                    found |= set(re.findall(r"fault_fails\((\w+)\)", text.read()))
    return sorted(found)


class Wish:
    """What the next life of the daemon meets, drawn from the seed."""

    def __init__(self, draw, kinds, names, calls):
        self.kind = draw.choices(list(kinds), list(kinds.values()))[0]
        self.passes = 1 + int(draw.expovariate(1 / 3))
        self.line = 1 + int(draw.expovariate(1 / 20))
        self.point = draw.choice(names)
        self.call, self.code = draw.choice(calls), draw.choice(ERRORS)
        self.name = {"point": self.point, "error": f"{self.call}: error", "any": "any point",
                     "log": "a line of the log", "cut": "connection cut",
                     "database": "database killed"}[self.kind]

    def at(self, point):
        """The first time that point is reached, so that the rounds come by each in turn."""
        self.kind, self.point, self.name, self.passes = "point", point, point, 1

    def environment(self):
        if self.kind == "point":
            return f"{self.point}:{self.passes}"
        if self.kind == "error":
            return f"{self.call}:{self.passes}:{self.code}"
        return f"any:{self.passes * 4}" if self.kind == "any" else ""


def follow(daemon, until):
    """Reads the log up to the line numbered `until`: drained, ended or line."""
    bound = time.monotonic() + BOUND
    while True:
        while daemon.seen < len(daemon.lines):
            daemon.seen += 1
            if re.search(END, daemon.lines[daemon.seen - 1]):
                return "drained"
            if daemon.seen == until:
                return "line"
        if not daemon.read(bound):
            return "ended"


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
    else:
        daemon.process.kill()


def one_life(box, wish, cluster):
    """One life of the daemon under one wish: did it strike, is the spool drained."""
    daemon = box.start(fault=wish.environment())
    outside = wish.kind in ("log", "cut", "database")
    how = follow(daemon, wish.line if outside else 0)
    struck = how == "line" and outside
    if struck:
        strike(box, daemon, wish, cluster)
        how = follow(daemon, 0)
    if how == "drained":
        daemon.process.terminate()
    code = daemon.end()
    struck |= any(line.startswith("fault: ") for line in daemon.lines)
    if code == 0 and how == "drained":
        return struck, True
    if code == -9:  # perhaps on its orderly way out
        return True, False
    # Without its database or disk a daemon may give up and be started again, but says so.
    assert wish.kind in ("cut", "database", "error") and struck, (
        f"{wish.name}: exit {code}; the log:\n" + "\n".join(daemon.lines[-40:]))
    return True, False


def rows_of(box):
    """Every row of every table, for counting what is lost or twice."""
    got = {name: text.splitlines() for name, text in box.tables().items() if name not in STREAMS}
    for stream in STREAMS:
        got[stream] = box.sql(f"SELECT r::text FROM fundwatch.{stream} r").splitlines()
    return {name: collections.Counter(rows) for name, rows in got.items()}


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


def content_of(box):
    """What must hold even when a failed call let another file go first: the live findings,
    the records and the rejects, not the order in which they came."""
    got = {stream: box.sql(f"SELECT to_jsonb(r) - 'intake_id' FROM fundwatch.{stream} r")
           for stream in STREAMS}
    got["reject"] = box.sql("SELECT line, column_no, reason, field, raw FROM fundwatch.reject")
    got["intake"] = box.sql("SELECT file_name, digest, state, rows_done, records, rejects "
                            "FROM fundwatch.intake")
    got = {name: collections.Counter(text.splitlines()) for name, text in got.items()}
    got["live"] = collections.Counter(box.live())
    return got


class Tally:
    def __init__(self):
        self.times = collections.Counter()
        self.missed = collections.Counter()
        self.bad = collections.Counter()
        self.lost = self.twice = self.rounds = 0

    def done(self, given):
        return sum(self.times.values()) if given.kind == "error" else self.kills()

    def kills(self):
        return sum(n for name, n in self.times.items() if not name.endswith(": error"))


def compare(calm, got, what, tally):
    """Counts rows lost and rows that are there once too often; tells the first of each."""
    for name, expected in calm.items():
        lost, twice = expected - got[name], got[name] - expected
        tally.lost += sum(lost.values())
        tally.twice += sum(twice.values())
        for kind, rows in (("lost", lost), ("twice", twice)):
            for row in list(rows)[:2]:
                print(f"{what}: {name}: {kind}: {row}", file=sys.stderr)
    return calm == got


def one_round(seed, files, world, tally, left):
    draw = random.Random(seed)
    with Box("torture", epoch_rows=1000, server=world["server"]) as box:
        box.drop(*files)
        done, wishes = False, []
        while not done:
            calm_down = len(wishes) >= left
            wish = Wish(draw, {"log": 1} if calm_down else world["kinds"], world["names"],
                        world["calls"])
            if calm_down:
                wish.line = 0
            elif not wishes and len(world["kinds"]) > 1:
                wish.at(world["names"][tally.rounds % len(world["names"])])
            struck, done = one_life(box, wish, world["cluster"])
            if struck:
                wishes.append(wish.name)
                tally.times[wish.name] += 1
            else:
                tally.missed[wish.name] += 1
        if any(name.endswith(": error") for name in wishes):
            good = compare(world["content"], content_of(box), f"seed {seed}", tally)
        else:
            good = compare(world["calm"], rows_of(box), f"seed {seed}", tally)
        box.chain_holds()
        verify_journal(box)
        kib = at_rest(box)
        if kib > world["rest"] * 5 // 4 + 16384:
            print(f"seed {seed}: {kib} KiB at rest, {world['rest']} undisturbed", file=sys.stderr)
            good = False
        tally.rounds += 1
        if not good:
            tally.bad.update(wishes)
    return good


def undisturbed(files, server):
    with Box("calm", epoch_rows=1000, server=server) as box:
        box.drop(*files)
        daemon = box.start()
        daemon.wait(END)
        daemon.term()
        return rows_of(box), content_of(box), at_rest(box)


def table(tally):
    print(f"{'struck':24} {'times':>7} {'passed by':>10} {'in bad rounds':>14}")
    for name in sorted(set(tally.times) | set(tally.missed)):
        print(f"{name:24} {tally.times[name]:7} {tally.missed[name]:10} {tally.bad[name]:14}")


def arguments():
    parse = argparse.ArgumentParser(prog="scripts/torture", description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--kills", type=int, default=100, help="until so many (default 100)")
    parse.add_argument("--seed", type=int, default=1, help="of the first round (default 1)")
    parse.add_argument("--lines", type=int, default=4000, help="fee lines (default 4000)")
    parse.add_argument("--kind", choices=list(KINDS), help="only this kind of strike")
    parse.add_argument("--every-point", action="store_true",
                       help="fail when a point of fault.def was never struck")
    parse.add_argument("--json", action="store_true", help="the table as one JSON object")
    return parse.parse_args()


def main():
    given = arguments()
    tally = Tally()
    kinds = {given.kind: 1} if given.kind else KINDS
    with tempfile.TemporaryDirectory() as data, Cluster("--no-fsync") as cluster:
        files = generate(data, given.lines)
        calm, content, rest = undisturbed(files, cluster.conninfo)
        world = {"server": cluster.conninfo, "cluster": cluster, "kinds": kinds,
                 "names": points(), "calls": failing(), "calm": calm, "content": content,
                 "rest": rest}
        seed, good = given.seed, True
        while tally.done(given) < given.kills:
            left = min(12, given.kills - tally.done(given))
            good = one_round(seed, files, world, tally, left) and good
            print(f"round {tally.rounds}, seed {seed}: {tally.kills()} kills, {tally.lost} lost, "
                  f"{tally.twice} twice", file=sys.stderr)
            seed += 1
    if given.json:
        print(json.dumps({"kills": tally.kills(), "rounds": tally.rounds, "lost": tally.lost,
                          "twice": tally.twice, "struck": tally.times}, sort_keys=True))
    else:
        table(tally)
    never = [name for name in points() if not tally.times[name]]
    if given.every_point and never:
        print(f"never struck: {' '.join(never)}", file=sys.stderr)
        good = False
    print(f"{tally.kills()} kills, {tally.lost} lost, {tally.twice} twice")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

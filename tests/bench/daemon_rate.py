#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many fee lines a second go from the spool to committed alerts and records.

usage: daemon_rate.py RULES FEES LINES RUNS [--json]

Cuts the fee file into files of 100,000 lines, drops them into the spool of a daemon of its own and
takes the time until everything in them is committed and judged. Beside it, in turn: the same rows
of the same tables, logged, indexed and partitioned, by a bare binary COPY with one session, a
transaction a table. Medians of RUNS rounds, and the same of each tenth of the lines: whether the
rate lasts as timelines grow. Processor seconds are those of the daemon and of all of
the server. Reads FUNDWATCH_SOURCE_DIR, FUNDWATCH_BIN_DIR and FUNDWATCH_TEST_PG (a server with
fsync on, used by nobody else) as the tests do.
"""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon_lib import BIN, ROOT, STREAMS, Box, psql, run  # noqa: E402

BOUND = 3600
FILE_LINES = 100000
LINE_BYTES = 2500  # on disk: pieces, archive, segments, tables twice with WAL, rows to be copied
TICK = os.sysconf("SC_CLK_TCK")


def cut(fees, folder):
    """The file in pieces, each with the heading."""
    paths, out = [], None
    with open(fees, "rb") as lines:
        head = next(lines)
        for number, line in enumerate(lines):
            if number % FILE_LINES == 0:
                if out:
                    out.close()
                paths.append(f"{folder}/fees-{len(paths):04}.csv")
                out = open(paths[-1], "wb")
                out.write(head)
            out.write(line)
    out.close()
    return paths


def stat(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as text:
        return text.read().rsplit(")", 1)[1].split()


def server_cpu(server):
    """Of the postmaster, of its children that are there, and of those that ended."""
    top = int(psql(server, "SELECT pg_read_file('postmaster.pid')").split()[0])
    total = sum(int(x) for x in stat(top)[11:15])
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = stat(pid)
        except OSError:
            continue
        if int(fields[1]) == top:
            total += int(fields[11]) + int(fields[12])
    return total / TICK


def reading(box, daemon):
    """Seconds by the clock, processor seconds of daemon and of server."""
    fields = stat(daemon.process.pid)
    return time.monotonic(), (int(fields[11]) + int(fields[12])) / TICK, server_cpu(box.server)


def less(now, before):
    return tuple(a - b for a, b in zip(now, before))


def daemon_seconds(box, pieces):
    """From the files' appearance until their last epoch and the judging over cells are committed:
    seconds, processor seconds of daemon and server; the same of each tenth of the files."""
    daemon = box.start()
    daemon.wait("ready", BOUND)
    staged = []
    for path in pieces:
        name = os.path.basename(path)
        os.link(path, f"{box.spool}/.{name}")
        staged.append(name)
    first = before = reading(box, daemon)
    for name in staged:
        os.rename(f"{box.spool}/.{name}", f"{box.spool}/{name}")
    tenths = []
    for i in range(10):
        part = staged[len(staged) * i // 10:len(staged) * (i + 1) // 10]
        if part:
            daemon.wait_all(*(f"`{name}` is done" for name in part), bound=BOUND)
            now = reading(box, daemon)
            tenths.append((len(part), *less(now, before)))
            before = now
    daemon.wait("drained: rules over facilities", BOUND)
    whole = less(reading(box, daemon), first)
    daemon.term()
    return whole, tenths


def save(box, folder):
    """The tables that hold rows, as binary COPY writes them."""
    saved = []
    for stream in STREAMS:
        rows = box.number(f"SELECT count(*) FROM fundwatch.{stream}")
        if rows == 0:
            continue
        path = f"{folder}/{stream}.copy"
        with open(path, "wb") as out:
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", box.conninfo, "-c",
                            f"COPY (SELECT * FROM fundwatch.{stream}) TO STDOUT "
                            "(FORMAT binary)"], stdout=out, check=True)
        saved.append((stream, path, rows))
    return saved


def make_months(box, other):
    """The same partitions in the other database."""
    names = box.sql("SELECT DISTINCT p.relname || ' ' || replace(right(c.relname, 7), '_', '-') "
                    "|| '-01' FROM pg_inherits i "
                    "JOIN pg_class c ON c.oid = inhrelid JOIN pg_class p ON p.oid = inhparent "
                    "WHERE c.relkind = 'r' AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'").splitlines()
    if not names:
        sys.exit("daemon_rate.py: the daemon made no partitions")
    for line in names:
        stream, day = line.split()
        psql(other, f"SELECT fundwatch.ensure_month('{stream}', '{day}')")


def bare_seconds(box, saved):
    """A fresh database with the same schema; only the COPY statements are timed."""
    name = box.database + "_bare"
    other = f"{box.server} dbname={name}"
    psql(box.server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    psql(box.server, f"CREATE DATABASE {name}")
    run(f"{BIN}/fundwatch", "db", "migrate", "--db", other)
    make_months(box, other)
    psql(box.server, "CHECKPOINT")
    server = server_cpu(box.server)
    start = time.monotonic()
    for stream, path, _ in saved:
        with open(path, "rb") as rows:
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", other, "-c",
                            f"COPY fundwatch.{stream} FROM STDIN (FORMAT binary)"],
                           stdin=rows, check=True)
    seconds = time.monotonic() - start
    server = server_cpu(box.server) - server
    psql(box.server, f"DROP DATABASE {name} WITH (FORCE)")
    return seconds, server


def one_round(rules, fees, lines):
    with Box("rate", rules=rules, epoch_rows=100000) as box:
        box.epoch_most = 200000  # the default, as epoch_rows is
        box.extra = f"feed: {{ file: \"{ROOT}/conf/feeds/bench.yaml\" }}\n"
        box.configure()
        text = pathlib.Path(box.config).read_text(encoding="utf-8")
        text = text.replace("journal: { segment: 1 }\n", "").replace("debug", "info")
        pathlib.Path(box.config).write_text(text, encoding="utf-8")
        pieces = cut(fees, box.dir)
        psql(box.server, "CHECKPOINT")
        (ours, cpu, server), tenths = daemon_seconds(box, pieces)
        for path in pieces:
            os.unlink(path)
        taken = box.number("SELECT count(*) FROM fundwatch.fee")
        if taken != lines:
            sys.exit(f"daemon_rate.py: {taken} of {lines} lines are in the database")
        alerts = box.number("SELECT count(*) FROM fundwatch.alert_live")
        saved = save(box, box.dir)
        bare, bare_server = bare_seconds(box, saved)
    return {"alerts": alerts, "seconds": ours, "copy_seconds": bare, "of_copy": bare / ours,
            "daemon_cpu": cpu, "server_cpu": server, "copy_server_cpu": bare_server,
            "rows": {stream: rows for stream, _, rows in saved}, "tenths": tenths}


def median_tenths(rounds):
    """Of each tenth: files, seconds, processor seconds of daemon and server."""
    return [[round(statistics.median(values), 3) for values in zip(*same)]
            for same in zip(*(r["tenths"] for r in rounds))]


def show_tenths(tenths):
    print("  each tenth of the lines, and what it cost a million lines:")
    for files, seconds, cpu, server in tenths:
        lines = files * FILE_LINES
        print(f"    {lines / seconds / 1e3:8.1f} k lines/s  cpu s: {cpu * 1e6 / lines:.2f} daemon, "
              f"{server * 1e6 / lines:.2f} server")


def room(lines):
    """Nothing is begun that the disk has no room for."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < lines * LINE_BYTES:
        sys.exit(f"daemon_rate.py: {lines} lines need about {lines * LINE_BYTES >> 30} GB of disk, "
                 f"{free >> 30} are free")


def main():
    args = [a for a in sys.argv[1:] if a != "--json"]
    if len(args) != 4:
        sys.exit(__doc__)
    lines = int(args[2])
    room(lines)
    rounds = [one_round(args[0], args[1], lines) for _ in range(int(args[3]))]
    told = {name: round(statistics.median(r[name] for r in rounds), 2)
            for name in rounds[0] if name not in ("rows", "tenths")}
    told.update(lines=lines, runs=len(rounds), rows=rounds[0]["rows"],
                tenths=median_tenths(rounds),
                lines_per_second=round(lines / told["seconds"]),
                copy_lines_per_second=round(lines / told["copy_seconds"]))
    if "--json" in sys.argv:
        print(json.dumps(told))
        return
    print(f"{lines} lines, spool to {told['alerts']:.0f} committed alerts and records; medians of "
          f"{len(rounds)}")
    print(f"  fundwatchd   {told['seconds']:8.2f} s  {lines / told['seconds'] / 1e3:8.1f} k "
          f"lines/s  cpu s: {told['daemon_cpu']:.2f} daemon, {told['server_cpu']:.2f} server")
    print(f"  bare COPY    {told['copy_seconds']:8.2f} s  "
          f"{lines / told['copy_seconds'] / 1e3:8.1f} k lines/s  cpu s: "
          f"{told['copy_server_cpu']:.2f} server")
    print(f"  of bare COPY {told['of_copy']:8.2f}")
    show_tenths(told["tenths"])


main()

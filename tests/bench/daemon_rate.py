#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many fee lines a second go from the spool to committed alerts and records.

usage: daemon_rate.py RULES FEES LINES [--json]

Drops one file into the spool of a daemon of its own and takes the time until everything in it is
committed and judged. Beside it: the same rows of the same tables, logged and indexed, by a bare
binary COPY with one session, a transaction a table. Reads FUNDWATCH_SOURCE_DIR, FUNDWATCH_BIN_DIR
and FUNDWATCH_TEST_PG (a server with fsync on) as the tests do.
"""
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon_lib import BIN, ROOT, STREAMS, Box, psql, run  # noqa: E402

BOUND = 3600


def daemon_seconds(box, fees):
    """From the file's appearance until its last epoch and the judging over cells are committed."""
    daemon = box.start()
    daemon.wait("ready", BOUND)
    staged = f"{box.spool}/.fees.csv"
    os.link(fees, staged) if os.stat(fees).st_dev == os.stat(box.spool).st_dev else run(
        "cp", fees, staged)
    start = time.monotonic()
    os.rename(staged, f"{box.spool}/fees.csv")
    daemon.wait("fees.csv", BOUND)
    daemon.wait("drained: rules over facilities", BOUND)
    seconds = time.monotonic() - start
    daemon.term()
    return seconds


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
    names = box.sql("SELECT DISTINCT p.relname || ' ' || to_char(to_date(right(c.relname, 6), "
                    "'YYYYMM'), 'YYYY-MM-DD') FROM pg_inherits i "
                    "JOIN pg_class c ON c.oid = inhrelid JOIN pg_class p ON p.oid = inhparent "
                    "WHERE c.relkind = 'r' AND c.relname ~ '[0-9]{6}$'")
    for line in names.splitlines():
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
    start = time.monotonic()
    for stream, path, _ in saved:
        with open(path, "rb") as rows:
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", other, "-c",
                            f"COPY fundwatch.{stream} FROM STDIN (FORMAT binary)"],
                           stdin=rows, check=True)
    seconds = time.monotonic() - start
    psql(box.server, f"DROP DATABASE {name} WITH (FORCE)")
    return seconds


def main():
    args = [a for a in sys.argv[1:] if a != "--json"]
    if len(args) != 3:
        sys.exit(__doc__)
    rules, fees, lines = args[0], args[1], int(args[2])
    with Box("rate", rules=rules, epoch_rows=100000) as box:
        box.extra = f"feed: {{ file: \"{ROOT}/conf/feeds/bench.yaml\" }}\n"
        box.configure()
        text = pathlib.Path(box.config).read_text(encoding="utf-8")
        text = text.replace("journal: { segment: 1 }\n", "").replace("debug", "info")
        pathlib.Path(box.config).write_text(text, encoding="utf-8")
        psql(box.server, "CHECKPOINT")
        ours = daemon_seconds(box, fees)
        taken = box.number("SELECT count(*) FROM fundwatch.fee")
        if taken != lines:
            sys.exit(f"daemon_rate.py: {taken} of {lines} lines are in the database")
        alerts = box.number("SELECT count(*) FROM fundwatch.alert_live")
        saved = save(box, box.dir)
        bare = bare_seconds(box, saved)
    told = {"lines": lines, "alerts": alerts, "seconds": round(ours, 2),
            "lines_per_second": round(lines / ours), "copy_seconds": round(bare, 2),
            "copy_lines_per_second": round(lines / bare), "of_copy": round(bare / ours, 2),
            "rows": {stream: rows for stream, _, rows in saved}}
    if "--json" in sys.argv:
        print(json.dumps(told))
        return
    print(f"{lines} lines, spool to {alerts} committed alerts and records")
    print(f"  fundwatchd   {ours:8.2f} s  {lines / ours / 1e3:8.1f} k lines/s")
    print(f"  bare COPY    {bare:8.2f} s  {lines / bare / 1e3:8.1f} k lines/s")
    print(f"  of bare COPY {bare / ours:8.2f}")


main()

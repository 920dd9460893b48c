# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds a daemon for a long time; what it holds must stay flat and its sums must balance.

Every lap sends the whole data again, as hospitals do: the rows in another order, one line in
twenty corrected, in files never seen before. So the live records stay as many as in the first
lap, and whatever grows from lap to lap is lost memory or a lost file descriptor.
"""
import argparse
import csv
import gzip
import io
import json
import os
import re
import statistics
import sys
import tempfile
import time

from daemon_lib import Box, Cluster, generate

WARM = 3  # laps until pools and caches have their size
SLACK_KIB = 8192


class Source:
    """The generated files, to be sent again and again."""

    def __init__(self, folder, lines):
        self.tables = []
        for path in generate(folder, lines):
            opened = gzip.open if path.endswith(".gz") else open
            with opened(path, "rb") as data:
                self.tables.append((os.path.basename(path), self.parse(data.read())))
        self.rows = sum(len(rows) - 1 for _, rows in self.tables)

    @staticmethod
    def parse(data):
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("gb18030")
        return list(csv.reader(io.StringIO(text)))

    @staticmethod
    def corrected(head, row, lap):
        """The row again with another amount of the person's own share and a later revision."""
        row = list(row)
        if "updt_time" in head and "fulamt_ownpay_amt" in head:
            row[head.index("fulamt_ownpay_amt")] = f"{lap % 97}.00"
            row[head.index("updt_time")] = f"2026-06-01 {lap // 3600 % 24:02}:" \
                                           f"{lap // 60 % 60:02}:{lap % 60:02}"
        return row

    def lap(self, lap):
        for name, rows in self.tables:
            head, body = rows[0], rows[1:]
            turn = lap * 997 % max(len(body), 1)
            body = body[turn:] + body[:turn]
            out = io.StringIO()
            write = csv.writer(out, lineterminator="\n")
            write.writerow(head)
            write.writerows(self.corrected(head, row, lap) if (n + lap) % 20 == 0 and lap else row
                            for n, row in enumerate(body))
            kind = ".csv.gz" if name.endswith(".gz") else ".csv"
            stem = name.split(".")[0]
            data = out.getvalue().encode()
            yield f"{stem}_lap{lap:06}{kind}", gzip.compress(data, 1) if kind[-1] == "z" else data


def holds(daemon):
    """Resident memory in KiB and open file descriptors of the daemon."""
    base = f"/proc/{daemon.process.pid}"
    with open(f"{base}/status", encoding="utf-8") as text:
        kib = int(re.search(r"VmRSS:\s+(\d+)", text.read()).group(1))
    return kib, len(os.listdir(f"{base}/fd"))


def one_lap(box, daemon, source, lap):
    names = []
    for name, data in source.lap(lap):
        box.put(name, data)
        names.append(name)
    daemon.wait_all(*(re.escape(name) + "` is done" for name in names))
    return holds(daemon)


def balanced(box):
    """Every row read is a record or a reject, and every record of every file is in its table."""
    off = box.sql("SELECT file_name FROM fundwatch.intake WHERE state <> 'done'").strip()
    assert not off, f"not done: {off}"
    rows, records, rejects = map(int, box.sql(
        "SELECT sum(rows_done), sum(records), sum(rejects) FROM fundwatch.intake").split("|"))
    assert rows <= records + rejects, (rows, records, rejects)
    assert rejects == box.number("SELECT count(*) FROM fundwatch.reject")
    box.books_hold()
    return records


def flat(seen):
    """Compares the first laps behind the warm-up with the last ones."""
    third = max(1, (len(seen) - WARM) // 3)
    first = [statistics.median(s[i] for s in seen[WARM:WARM + third]) for i in (0, 1)]
    last = [statistics.median(s[i] for s in seen[-third:]) for i in (0, 1)]
    assert last[0] <= first[0] * 1.05 + SLACK_KIB, f"from {first[0]} to {last[0]} KiB"
    assert last[1] <= first[1] + 2, f"from {first[1]} to {last[1]} open files"
    return first, last


def arguments():
    parse = argparse.ArgumentParser(prog="scripts/soak", description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--minutes", type=float, default=60, help="how long (default 60)")
    parse.add_argument("--rate", type=float, default=1000,
                       help="rows a second at most, 0: as many as go (default 1000: five times the "
                       "200 fee lines a second in the busiest minutes of a city of ten million)")
    parse.add_argument("--lines", type=int, default=20000, help="fee lines a lap (default 20000)")
    parse.add_argument("--json", action="store_true", help="the outcome as one JSON object")
    return parse.parse_args()


def run_laps(given, box, source):
    daemon = box.start()
    began, seen, laps = time.monotonic(), [], 0
    while time.monotonic() - began < given.minutes * 60 or laps < WARM + 6:
        seen.append(one_lap(box, daemon, source, laps))
        laps += 1
        print(f"lap {laps}: {seen[-1][0]} KiB, {seen[-1][1]} files open", file=sys.stderr)
        if given.rate:  # what paces an hour is the aim here, not a wait for an event
            time.sleep(max(0, laps * source.rows / given.rate - (time.monotonic() - began)))
    spent = time.monotonic() - began
    bad = [line for line in daemon.lines if " error " in line or " alert " in line]
    assert not bad, bad[:5]
    daemon.term()
    return seen, laps, spent


def main():
    given = arguments()
    with tempfile.TemporaryDirectory() as data, Cluster("--no-fsync") as cluster:
        source = Source(data, given.lines)
        with Box("soak", epoch_rows=5000, server=cluster.conninfo) as box:
            seen, laps, spent = run_laps(given, box, source)
            records = balanced(box)
            box.chain_holds()
            alerts = len(box.live())
        first, last = flat(seen)
    told = {"laps": laps, "seconds": round(spent), "rows": laps * source.rows,
            "rows_per_second": round(laps * source.rows / spent), "records": records,
            "alerts": alerts, "kib_first": first[0], "kib_last": last[0]}
    if given.json:
        print(json.dumps(told))
    print(f"{laps} laps, {told['rows']} rows in {told['seconds']} s "
          f"({told['rows_per_second']} a second), from {first[0]:.0f} to {last[0]:.0f} KiB")


if __name__ == "__main__":
    main()

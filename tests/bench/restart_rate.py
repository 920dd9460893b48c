#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many records a second a daemon takes back at its start.

usage: restart_rate.py RULES FEES LINES RUNS [--json]

Feeds the file once, then starts the daemon again and again: from the segments it has written,
the same with a horizon of HORIZON days, and, with those removed, from PostgreSQL. What is told is
what its log says: records kept, seconds until the timelines are as they were, and besides the
seconds until it is ready; a second's records are those read. Medians of RUNS.
Reads FUNDWATCH_SOURCE_DIR, FUNDWATCH_BIN_DIR and FUNDWATCH_TEST_PG as the tests do.
"""
import json
import pathlib
import re
import shutil
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon_lib import ROOT, Box  # noqa: E402

BOUND = 3600
HORIZON = 60
HORIZONTAL = "a horizon"


def one_start(box, source):
    """Records, seconds of loading, seconds until ready."""
    if source == "PostgreSQL":
        shutil.rmtree(f"{box.spool}/.segments")
    start = time.monotonic()
    daemon = box.start()
    line = daemon.wait(r"load: \d+ records from", BOUND)
    daemon.wait("ready", BOUND)
    ready = time.monotonic() - start
    daemon.wait("drained: ", BOUND)
    daemon.term()
    told = re.search(r"load: (\d+) records from (.*) and .* alerts in ([\d.]+) s", line)
    wanted = "the database" if source == "PostgreSQL" else "segments"
    assert told and told[2] == wanted, line
    return int(told[1]), float(told[3]), ready


def configure(box, days):
    box.extra = (f"feed: {{ file: \"{ROOT}/conf/feeds/bench.yaml\" }}\n"
                 f"history: {{ days: {days} }}\n")
    box.configure()
    text = pathlib.Path(box.config).read_text(encoding="utf-8")
    text = text.replace("journal: { segment: 1 }\n", "").replace("debug", "info")
    pathlib.Path(box.config).write_text(text, encoding="utf-8")


def starts(box, source, runs):
    configure(box, HORIZON if source == HORIZONTAL else 0)
    return [one_start(box, source) for _ in range(runs)]


def measure(rules, fees, runs):
    with Box("restart", rules=rules, epoch_rows=100000) as box:
        configure(box, 0)
        box.drop(fees)
        daemon = box.start()
        daemon.wait_all("` is done", "drained: ", bound=BOUND)
        daemon.term()
        return {source: starts(box, source, runs)
                for source in ("segments", HORIZONTAL, "PostgreSQL")}


def main():
    rules, fees, _, runs = sys.argv[1:5]
    told = {}
    measured = measure(rules, fees, int(runs))
    read = measured["segments"][0][0]
    for source, got in measured.items():
        seconds = statistics.median(s[1] for s in got)
        told[source] = {"records": got[0][0], "seconds": round(seconds, 3),
                        "records_per_second": round(read / max(seconds, 0.001)),
                        "ready_seconds": round(statistics.median(s[2] for s in got), 3)}
    if "--json" in sys.argv:
        print(json.dumps(told))
        return
    print(f"{'start-up from':14} {'records':>10} {'seconds':>8} {'records/s':>10} {'ready s':>8}")
    for source, row in told.items():
        print(f"{source:14} {row['records']:10} {row['seconds']:8.2f} "
              f"{row['records_per_second']:10} {row['ready_seconds']:8.2f}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, spread and pairwise ratios of the benchmark's runs.

table.py OUT_DIR LINES JSON(yes|no); reads OUT_DIR/NAME.times (seconds, peak MB, processor seconds
of each run).
Ratios are taken pair by pair within a round, then the median: a machine that slows down
slows both sides of a pair.
"""
import json
import pathlib
import statistics
import sys

PAIRS = (("duck.csv.2t", "ours.csv.2t"), ("duck.csv.1t", "ours.csv.1t"),
         ("duck.gz.2t", "ours.gz.2t"), ("duck.gz.2t", "ours.gz-zlib.2t"),
         ("pg.csv", "ours.csv.2t"), ("ours.csv.1t", "ours.csv.2t"),
         ("ours.csv.1t", "ours.csv.1t-twice"),
         ("pack.2t", "four.2t"), ("pack.1t", "four.1t"), ("pack.1t", "pack.2t"),
         ("four.1t", "four.2t"))


def read(folder):
    runs = {}
    for path in sorted(pathlib.Path(folder).glob("*.times")):
        rows = [line.split() for line in path.read_text().splitlines()]
        runs[path.stem] = [tuple(float(v) for v in row) for row in rows]
    return runs


def summary(rows, lines):
    seconds = [row[0] for row in rows]
    middle = statistics.median(seconds)
    return {"runs": len(rows), "seconds": middle, "min": min(seconds), "max": max(seconds),
            "lines_per_second": lines / middle, "peak_mb": max(row[1] for row in rows),
            "cpu_seconds": statistics.median(row[2] for row in rows)}


def ratio(slow, fast, of):
    pairs = [a[of] / b[of] for a, b in zip(slow, fast)]
    return {"median": statistics.median(pairs), "min": min(pairs), "max": max(pairs)}


def show(lines, engines, ratios):
    print(f"{lines} lines; seconds are whole processes, file to findings\n")
    print(f"{'engine':14} {'runs':>4} {'median s':>9} {'min':>7} {'max':>7} "
          f"{'M lines/s':>10} {'peak MB':>8} {'cpu s':>7}")
    for name, e in engines.items():
        print(f"{name:14} {e['runs']:4} {e['seconds']:9.2f} {e['min']:7.2f} {e['max']:7.2f} "
              f"{e['lines_per_second'] / 1e6:10.2f} {e['peak_mb']:8.0f} {e['cpu_seconds']:7.2f}")
    print()
    for name, r in ratios.items():
        print(f"{name:32} {r['median']:6.2f} x  ({r['min']:.2f} to {r['max']:.2f})")


def main():
    folder, lines, as_json = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "yes"
    runs = read(folder)
    engines = {name: summary(rows, lines) for name, rows in runs.items()}
    ratios = {f"{a} / {b}{what}": ratio(runs[a], runs[b], of)
              for what, of in (("", 0), (", cpu", 2))
              for a, b in PAIRS if a in runs and b in runs}
    if as_json:
        print(json.dumps({"lines": lines, "engines": engines, "ratios": ratios}, indent=1))
    else:
        show(lines, engines, ratios)


if __name__ == "__main__":
    main()

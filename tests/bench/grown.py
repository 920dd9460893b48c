#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of the growth table: grown.py NAME LINES TIMES FINDINGS JSON(yes|no)."""
import json
import sys

name, lines, times, findings, as_json = sys.argv[1:]
with open(times, encoding="ascii") as text:
    seconds, peak, cpu = (float(v) for v in text.read().split())
with open(findings, "rb") as text:
    found = sum(1 for _ in text)
n = int(lines)
if as_json == "yes":
    print(json.dumps({"name": name, "lines": n, "seconds": seconds, "cpu_seconds": cpu,
                      "peak_mb": peak, "findings": found}), flush=True)
else:
    print(f"{name:12} {n:>11,} lines {seconds:8.2f} s {cpu:8.2f} cpu s "
          f"{n / seconds / 1e6:6.2f} M/s {cpu / n * 1e9:7.0f} cpu ns/line {peak:7.0f} MB "
          f"{found:>8} findings", flush=True)

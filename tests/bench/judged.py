#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast what is in memory is judged: by all rules and by each alone, and one more day.

usage: judged.py BENCH_JUDGE FEED FEES.csv WORKDIR FOUR_RULES [OPTION...]
  --runs N, --threads N, --json

The file's last five days' lines are taken in one after another behind the rest. For the four
checks and for the whole pack of rules/: medians, processor time of one core, or with --threads
what the clock says. bench_judge fails, and so does this, when kept columns and days end with
other findings than one judging of everything.
"""
import csv
import json
import pathlib
import statistics
import subprocess
import sys

DAYS = 5
YEAR = 365
PACK = pathlib.Path(__file__).resolve().parents[2] / "rules"


def split(fees, work):
    """The year without its last days, and these; made once per file."""
    work.mkdir(parents=True, exist_ok=True)
    paths = [work / f"{fees.stem}-{i}.csv" for i in range(DAYS + 1)]
    if all(p.exists() for p in paths):
        return paths
    with open(fees, "rb") as f:
        total = sum(1 for _ in f) - 1
    day = max(1, total // YEAR)
    ends = [total - (DAYS - i) * day for i in range(DAYS + 1)]
    with open(fees, "rb") as f:
        header, done = f.readline(), 0
        for path, end in zip(paths, ends):
            with open(path, "wb") as out:
                out.write(header)
                for _ in range(end - done):
                    out.write(f.readline())
            done = end
    return paths


def measured(bench, threads, runs, rules, feed, paths):
    """Rows of bench_judge by name."""
    text = subprocess.run([bench, str(threads), str(runs), rules, feed, *paths], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return {r["what"]: (int(r["lines"]), float(r["seconds"]), int(r["findings"]))
            for r in csv.DictReader(text.splitlines())}


def summed(threads, rows):
    """What is told of one set of rules."""
    alone = {k: lines / max(seconds, 1e-9) / 1e6 for k, (lines, seconds, _) in rows.items()
             if "." in k}
    speed = {k: rows[k][0] / rows[k][1] / 1e6 for k in ("all rules", "all rules kept")}
    return {
        "threads": threads,
        "rules": len(alone),
        "findings": rows["all rules"][2],
        "all_gathered_m_lines_s": round(speed["all rules"], 2),
        "all_kept_m_lines_s": round(speed["all rules kept"], 2),
        "kept_bytes_a_line": round(rows["bytes kept"][2] / rows["bytes kept"][0], 1),
        "one_rule_median_m_lines_s": round(statistics.median(alone.values()), 1),
        "one_rule_at_least_60": sum(v >= 60 for v in alone.values()),
        "slowest_rules": {k: round(alone[k], 1) for k in sorted(alone, key=alone.get)[:12]},
        "day_lines": rows["one more day"][0],
        "day_ms": round(rows["one more day"][1] * 1e3, 1),
    }


def show(name, s):
    print(f"{name}: {s['rules']} rules, {s['findings']} findings; "
          f"{s['threads']} thread(s), medians")
    print(f"  everybody, rows gathered      {s['all_gathered_m_lines_s']:9.2f} M lines/s")
    print(f"  everybody, columns kept       {s['all_kept_m_lines_s']:9.2f} M lines/s"
          f"   ({s['kept_bytes_a_line']} bytes a line)")
    print(f"  one changed rule, median      {s['one_rule_median_m_lines_s']:9.2f} M lines/s"
          f"   ({s['one_rule_at_least_60']} of {s['rules']} at 60 or more)")
    print("    slowest: " + ", ".join(f"{k} {v}" for k, v in s["slowest_rules"].items()))
    print(f"  one more day, {s['day_lines']} lines {s['day_ms']:12.1f} ms")


def taken(args, option, value):
    """The number behind an option, taken out of the arguments."""
    if option in args:
        at = args.index(option)
        value = int(args[at + 1])
        del args[at:at + 2]
    return value


def main():
    args = sys.argv[1:]
    runs, threads = taken(args, "--runs", 5), taken(args, "--threads", 1)
    as_json = "--json" in args
    args = [a for a in args if a != "--json"]
    if len(args) != 5:
        sys.exit(__doc__)
    bench, feed, fees, work, four = args
    paths = split(pathlib.Path(fees), pathlib.Path(work))
    out = {name: summed(threads, measured(bench, threads, runs, rules, feed, paths))
           for name, rules in (("four checks", four), ("whole pack", PACK))}
    if as_json:
        print(json.dumps(out))
        return
    for name, s in out.items():
        show(name, s)


main()

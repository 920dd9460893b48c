#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions a line costs in each stage, counted by callgrind: repeatable where seconds are not.

usage: count.py BENCH_INTAKE GEN_WIDE WORKDIR [--update] [--lines N] [--json]

Prints stage, instructions a line, and the change against tests/bench/callgrind.csv. Fails when a
stage is more than a tenth worse than the value kept there; --update keeps today's values. Another
compiler or processor counts otherwise: then it says so and only prints.
"""
import csv
import gzip
import json
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE / "callgrind.csv"
WORSE = 0.10
STAGES = ["inflate", "charset", "split", "decode", "copy", "scatter", "dictionary", "take",
          "gather", "predicate", "group", "pair", "judge", "cells", "difference"]


def make_data(gen, work, lines):
    """A small year: the same bytes for the same number of lines."""
    work.mkdir(parents=True, exist_ok=True)
    rules = work / "rules"
    rules.mkdir(exist_ok=True)
    shutil.copy(HERE / "rules" / "four.rules", rules)
    text = subprocess.run([gen, "--lines", str(lines), "--seed", "42", "--catalogue",
                           rules / "catalogue.csv"], check=True, stdout=subprocess.PIPE).stdout
    fees = work / "fees.csv.gz"
    with open(fees, "wb") as out:
        out.write(gzip.compress(text, 6, mtime=0))
    return rules, fees


def count(bench, work, rules, fees):
    """Inclusive instructions of each stage function."""
    out = work / "callgrind.out"
    out.unlink(missing_ok=True)
    fixed = ["setarch", "-R"] if shutil.which("setarch") else []  # the same addresses each time
    subprocess.run(fixed + ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                            "--quiet", bench, rules, HERE.parents[1] / "conf/feeds/bench.yaml",
                            fees], check=True, stdout=subprocess.DEVNULL)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    total = {}
    for m in re.finditer(r"^\s*([\d,]+) \([^)]*\)\s+\S*:stage_(\w+)", text, re.M):
        value = int(m.group(1).replace(",", ""))
        total[m.group(2)] = max(value, total.get(m.group(2), 0))
    missing = [s for s in STAGES if s not in total]
    if missing:
        sys.exit(f"count.py: callgrind saw no stage_{missing[0]}: was it inlined?")
    return total


def counted_with():
    """What the counts depend on besides the program."""
    compiler = subprocess.run(["cc", "-dumpversion"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.strip().split(".")[0]
    cpu = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return f"gcc {compiler} {'AVX2' if ' avx2 ' in cpu else 'no AVX2'}"


def kept_values():
    """The kept counts, and with what they were counted."""
    if not KEPT.exists():
        return {}, ""
    with open(KEPT, newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    return ({row["stage"]: float(row["instructions_per_line"]) for row in rows},
            rows[0]["counted_with"] if rows and "counted_with" in rows[0] else "")


def main():
    args = sys.argv[1:]
    update, as_json = "--update" in args, "--json" in args
    args = [a for a in args if a not in ("--update", "--json")]
    lines = 20000
    if "--lines" in args:
        at = args.index("--lines")
        lines = int(args[at + 1])
        del args[at:at + 2]
    if len(args) != 3:
        sys.exit(__doc__)
    work = pathlib.Path(args[2])
    total = count(args[0], work, *make_data(args[1], work, lines))
    (kept, with_what), worse, rows = kept_values(), [], []
    for stage in STAGES:
        now = total[stage] / lines
        before = kept.get(stage)
        change = (now - before) / before if before else 0.0
        rows.append({"stage": stage, "instructions_per_line": round(now, 1),
                     "kept": before, "change": round(change, 4)})
        if before and change > WORSE and now - before > 5:
            worse.append(stage)
    if as_json:
        print(json.dumps({"lines": lines, "stages": rows}))
    else:
        print(f"instructions a line, {lines} lines (callgrind)")
        for r in rows:
            told = f"{r['change']:+7.1%} of {r['kept']:.1f}" if r["kept"] else "not kept yet"
            print(f"  {r['stage']:<12}{r['instructions_per_line']:>10.1f}   {told}")
    if update:
        with open(KEPT, "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(["stage", "instructions_per_line", "counted_with"])
            out.writerows([r["stage"], r["instructions_per_line"], counted_with()] for r in rows)
    elif with_what != counted_with():
        print(f"kept with {with_what or 'nothing'}, counted with {counted_with()}: not judged")
    elif worse:
        sys.exit("count.py: more than a tenth worse than kept: " + ", ".join(worse))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that two engines gave the same findings for the four checks.

same.py FINDINGS.ndjson PEER_PREFIX   (PEER_PREFIX.dup.csv, .tests.csv, .split.csv, .subst.csv)

Ours is read in the issue's NDJSON shape, the peer's as (check, key, value, lines). Both are
brought to the same tuples and compared as sets; the first differences are printed.
Exit status 0 only when all four sets are equal and not empty.
"""
import csv
import json
import sys
from decimal import Decimal

CHECKS = ("dup", "tests", "split", "subst")


def ours(path):
    found = {c: set() for c in CHECKS}
    for line in open(path, encoding="utf-8"):
        f = json.loads(line)
        check = f["rule"].removeprefix("bench.")
        lines = ";".join(sorted(r["id"] for r in f["records"]))
        key = list(f["key"].values())
        if check == "dup":
            found[check].add(("|".join(key), f["observed"], lines))
        elif check == "tests":
            found[check].add(("|".join(key[:2]), f["observed"], lines))
        elif check == "split":
            stays = ";".join(sorted(r["mdtrt_id"] for r in f["records"]))
            found[check].add(("|".join(key[:2]), "", stays))
        elif check == "subst":
            value = Decimal(f["observed"]).quantize(Decimal("0.0001"))
            found[check].add(("|".join(key), str(value), ""))
    return found


def peer(prefix):
    found = {c: set() for c in CHECKS}
    for check in CHECKS:
        for _, key, value, lines in csv.reader(open(f"{prefix}.{check}.csv", encoding="utf-8")):
            if check == "tests":
                key = "|".join(key.split("|")[:2])
            if check == "subst":
                facility, group, month = key.split("|")
                key = "|".join((facility, group, month[:7]))
                value = str(Decimal(value).quantize(Decimal("0.0001")))
            lines = ";".join(sorted(lines.split(";"))) if lines else ""
            found[check].add((key, value, lines))
    return found


def main():
    a, b = ours(sys.argv[1]), peer(sys.argv[2])
    good = True
    for check in CHECKS:
        only_a, only_b = a[check] - b[check], b[check] - a[check]
        same = not only_a and not only_b and a[check]
        good = good and bool(same)
        print(f"{check:6} ours {len(a[check]):7} peer {len(b[check]):7} "
              f"{'equal' if same else 'DIFFERENT'}")
        for name, rows in (("only ours", only_a), ("only peer", only_b)):
            for row in sorted(rows)[:3]:
                print(f"   {name}: {row}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

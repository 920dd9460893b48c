#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what `fundwatch scan --format ndjson` found with truth.csv.

usage: compare.py TRUTH.csv FINDINGS.ndjson

A finding is right when its records (or, for a facility, its key) hold those of
a planted violation. Fails below recall 0.99 or precision 0.98 in any planted
rule, or when a sum of money differs; lists what was missed and what was too
much. Rules this generator does not plant are listed with what they found.
"""
import collections
import csv
import json
import sys
from decimal import Decimal

RECALL, PRECISION, SHOWN = 0.99, 0.98, 8


def marks_of_finding(f):
    """Everything a truth row can name: lines, settlements, visits, key values."""
    marks = {str(v) for v in f.get("key", {}).values()}
    marks.add(str(f["subject"]["id"]))
    for r in f["records"]:
        marks.add(str(r["mdtrt_id"]))
        marks.add(str(r["id"]) if r["stream"] != "fee" else "%s/%s" % (r["mdtrt_id"], r["id"]))
    return marks


def marks_of_truth(t):
    if not t["psn_no"]:
        return {t["fixmedins_code"], t["date"], t["key"]}
    # visit numbers of two facilities may meet, so the person belongs to it
    return {t["psn_no"]} | set((t["lines"] or t["mdtrt_ids"]).split(";"))


def load(truth_path, findings_path):
    truth = collections.defaultdict(list)
    with open(truth_path, encoding="utf-8") as f:
        for t in csv.DictReader(f):
            t["marks"] = marks_of_truth(t)
            truth[t["rule"]].append(t)
    found = collections.defaultdict(list)
    with open(findings_path, encoding="utf-8") as f:
        for line in f:
            x = json.loads(line)
            x["marks"] = marks_of_finding(x)
            found[x["rule"]].append(x)
    return truth, found


def match(rows, findings):
    """For each finding the violations it holds, and the look-alikes."""
    by_mark = collections.defaultdict(set)
    for i, x in enumerate(findings):
        for m in x["marks"]:
            by_mark[m].add(i)
    pairs = []
    for t in rows:
        ids = set.intersection(*(by_mark.get(m, set()) for m in t["marks"]))
        pairs.append((t, ids))
    return pairs


def compare_rule(rule, rows, findings):
    if not rows:  # this generator plants none: judged by its own truth
        print("--   %-17s not planted here, found %5d" % (rule, len(findings)))
        return True
    pairs = match(rows, findings)
    hits = [(t, ids) for t, ids in pairs if t["kind"] == "violation"]
    missed = [t for t, ids in hits if not ids]
    right = set().union(*(ids for _, ids in hits)) if hits else set()
    fakes = {i: t for t, ids in pairs if t["kind"] == "lookalike" for i in ids - right}
    sums = [(t, findings[i]) for t, ids in hits for i in ids
            if t["amount"] and Decimal(t["amount"]) != Decimal(findings[i].get("amount") or "-1")]
    recall = 1 - len(missed) / len(hits) if hits else 1.0
    precision = len(right) / len(findings) if findings else 1.0
    good = recall >= RECALL and precision >= PRECISION and not sums
    print("%-4s %-17s planted %5d  found %5d  recall %.4f  precision %.4f" % (
        "ok" if good else "BAD", rule, len(hits), len(findings), recall, precision),
        " look-alikes hit %d of %d  wrong sums %d" % (
        len(set(map(id, fakes.values()))),
        sum(t["kind"] == "lookalike" for t in rows), len(sums)))
    for t in missed[:SHOWN]:
        print("     missed  %s: %s %s %s" % (t["why"], t["psn_no"], t["date"], sorted(t["marks"])))
    extra = [i for i in range(len(findings)) if i not in right]
    for i in extra[:SHOWN]:
        why = fakes[i]["why"] if i in fakes else "not planted"
        print("     extra   %s: %s" % (why, findings[i]["sentence"]))
    for t, x in sums[:SHOWN]:
        print("     sum     %s: %s planted %s found %s" % (
            t["why"], sorted(t["marks"]), t["amount"], x.get("amount")))
    return good


def main():
    truth, found = load(sys.argv[1], sys.argv[2])
    rules = sorted(set(truth) | set(found))
    good = [compare_rule(r, truth[r], found[r]) for r in rules]
    return 0 if all(good) and truth else 1


if __name__ == "__main__":
    sys.exit(main())

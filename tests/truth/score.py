#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Precision and recall of each rule over generated extracts with cases planted in them.

usage: score.py DATA_DIR FINDINGS.ndjson [--csv FILE] [--rules FOLDER]

A finding about a case tells its number. Where a rule finds what its own case or a story
wants, it is right; where it finds more, or anything in a look-alike, a story that does not
name it or the ordinary background, it is wrong. What it finds in a case written for
another rule is not judged (an illegal stay may break two rules) but counted as `other`.
"""
import argparse
import collections
import csv
import json
import os
import re
import sys
from decimal import Decimal

from compare import marks_of_finding, marks_of_truth, match

RECALL, PRECISION, SHOWN = 0.99, 0.95, 5
TAG = re.compile(r"C\d{6}")


class Rule:
    def __init__(self):
        self.planted = self.lookalikes = self.hit = self.found = self.other = 0
        self.wrong, self.missed, self.sums = [], [], []

    @property
    def recall(self):
        return 1 - len(self.missed) / self.planted if self.planted else 1.0

    @property
    def precision(self):
        return self.hit / self.found if self.found else 1.0

    @property
    def good(self):
        return (self.planted and self.lookalikes and self.recall >= RECALL
                and self.precision >= PRECISION and not self.sums)


def tag_of(finding):
    if re.fullmatch(r"\d{20}", str(finding["subject"]["id"])):     # a traceability code
        return "C" + finding["subject"]["id"][-6:]
    for r in finding["records"]:
        m = TAG.match(str(r.get("mdtrt_id") or "")) or TAG.match(str(r.get("id") or ""))
        if m:
            return m[0]
    for v in [finding["subject"]["id"], *finding.get("key", {}).values()]:
        m = TAG.match(str(v))
        if m:
            return m[0]
    return None


def read_findings(path):
    """Findings by case and rule, and those of the background by rule."""
    cases = collections.defaultdict(lambda: collections.defaultdict(list))
    plain = collections.defaultdict(list)
    with open(path, encoding="utf-8") as f:
        for x in map(json.loads, f):
            tag = tag_of(x)
            if tag:
                cases[tag][x["rule"]].append(x)
            else:
                plain[x["rule"]].append(x)
    return cases, plain


def judge_case(rules, c, found):
    wanted = dict((k, int(v)) for k, v in (w.split("=") for w in c["wanted"].split(";") if w))
    for name in set(wanted) | set(found):
        r, got = rules[name], found.get(name, [])
        if c["rule"] not in ("*", name):
            r.other += len(got)
            continue
        want = wanted.get(name, 0)
        r.planted += want
        r.found += len(got)
        r.hit += min(want, len(got))
        r.missed += [c] * max(0, want - len(got))
        r.wrong += [(c["name"], x) for x in got[want:]]
        total = sum(Decimal(x.get("amount") or 0) for x in got)
        if c["amount"] and want == len(got) and total != Decimal(c["amount"]):
            r.sums.append((c, total))


def judge_background(rules, truth, plain):
    by_rule = collections.defaultdict(list)
    for t in truth:
        t["marks"] = marks_of_truth(t)
        by_rule[t["rule"]].append(t)
    for name in set(by_rule) | set(plain):
        r, found = rules[name], plain.get(name, [])
        for x in found:
            x["marks"] = marks_of_finding(x)
        right = set()
        for t, ids in match(by_rule[name], found):
            if t["kind"] == "lookalike":
                r.lookalikes += 1
                continue
            r.planted += 1
            right |= ids
            if not ids:
                r.missed.append({"case": t["psn_no"], "name": t["why"]})
        r.found += len(found)
        r.hit += len(right)
        r.wrong += [("background", x) for i, x in enumerate(found) if i not in right]


def show(rules):
    for name, r in sorted(rules.items()):
        print("%-4s %-22s planted %4d look-alikes %5d found %4d other %4d "
              "precision %.4f recall %.4f" % (
                  "ok" if r.good else "BAD", name, r.planted, r.lookalikes, r.found,
                  r.other, r.precision, r.recall))
        for why, x in r.wrong[:SHOWN]:
            print("     wrong   %s: %s" % (why, x["sentence"][:150]))
        for c in r.missed[:SHOWN]:
            print("     missed  %s %s" % (c["case"], c["name"]))
        for c, total in r.sums[:SHOWN]:
            print("     sum     %s %s: wanted %s found %s" % (
                c["case"], c["name"], c["amount"], total))


def write_csv(path, rules):
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["rule", "planted", "lookalikes", "found", "precision", "recall"])
        for name, r in sorted(rules.items()):
            w.writerow([name, r.planted, r.lookalikes, r.found, "%.4f" % r.precision,
                        "%.4f" % r.recall])


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("data")
    a.add_argument("findings")
    a.add_argument("--csv")
    o = a.parse_args()
    rules = collections.defaultdict(Rule)
    with open(os.path.join(o.data, "cases.csv"), encoding="utf-8") as f:
        cases = list(csv.DictReader(f))
    with open(os.path.join(o.data, "truth.csv"), encoding="utf-8") as f:
        truth = list(csv.DictReader(f))
    found, plain = read_findings(o.findings)
    stories = sum(c["rule"] == "*" for c in cases)
    for c in cases:
        judge_case(rules, c, found.get(c["case"], {}))
        if c["kind"] == "lookalike" and c["rule"] != "*":
            rules[c["rule"]].lookalikes += 1
    judge_background(rules, truth, plain)
    rules.pop("*", None)
    for r in rules.values():
        r.lookalikes += stories
    show(rules)
    if o.csv:
        write_csv(o.csv, rules)
    return 0 if all(r.good for r in rules.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every legitimate look-alike of a rule sheet is a negative example that scripts/gen.d/cases.py
plants, or says why settlement data cannot tell it apart.

usage: lookalikes.py ROOT

rules/lookalikes.csv: sheet, look-alike, rule, example (or 故事：a life of scripts/gen.d/cases), and
what is to be known. Checked: rules, examples and lives exist, the examples expect nothing, each
rule has a negative example besides its refund, and look-alikes of it were planted and measured.
"""
import csv
import os
import re
import sys

STORY = "故事："
BLOCK = re.compile(r"^(?=\S)", re.M)
EXAMPLE = re.compile(r"^\s+(?:试例|example) ?「(.*?)」\n(.*?)(?=^\s+(?:试例|example) ?「|\Z)", re.S | re.M)
REFUND = re.compile(r"退|作废|删除|冲销|refund|reversed")


def negatives(root):
    """Rule -> names of examples that expect nothing."""
    out = {}
    for name in sorted(os.listdir(f"{root}/rules")):
        if not name.endswith(".rules"):
            continue
        text = open(f"{root}/rules/{name}", encoding="utf-8").read()
        for block in BLOCK.split(text):
            head = re.match(r"(?:规则|rule) (\S+) ", block)
            for title, body in EXAMPLE.findall(block) if head else ():
                if re.search(r"(?:应命中|expect) 0\b", body):
                    out.setdefault(head[1], set()).add(title)
            if head:
                out.setdefault(head[1], set())
    return out


def lives(root):
    folder = f"{root}/scripts/gen.d/cases"
    return {title for name in os.listdir(folder) if name.endswith(".cases")
            for title in re.findall(r"^故事「(.*?)」",
                                    open(f"{folder}/{name}", encoding="utf-8").read(), re.M)}


def faults(root):
    rules, stories = negatives(root), lives(root)
    with open(f"{root}/rules/lookalikes.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    with open(f"{root}/tests/truth/figures.csv", encoding="utf-8", newline="") as f:
        planted = {r["rule"]: int(r["lookalikes"]) for r in csv.DictReader(f)}
    for n, r in enumerate(rows, 2):
        rule, example = r["规则"], r["试例"]
        where = f"rules/lookalikes.csv:{n}: {r['规则单']} {r['形似情形']}"
        if rule and rule not in rules:
            yield f"{where}: no rule {rule}"
        elif example.startswith(STORY):
            if example[len(STORY):] not in stories:
                yield f"{where}: no such life: {example}"
        elif example and example not in rules.get(rule, ()):
            yield f"{where}: {rule} has no negative example 「{example}」"
        elif not example and not r["说明"]:
            yield f"{where}: neither an example nor a reason"
    for rule, names in rules.items():
        if not any(not REFUND.search(x) for x in names):
            yield f"{rule}: no look-alike besides what was refunded"
        if not planted.get(rule):
            yield f"{rule}: no look-alike was planted"
    print(f"lookalikes: {len(rows)} of {len({r['规则单'] for r in rows})} sheets, "
          f"{sum(bool(r['试例']) for r in rows)} by example, "
          f"{sum(not r['试例'] for r in rows)} by reason; {len(rules)} rules")


def main():
    bad = list(faults(sys.argv[1]))
    print("".join(f"{b}\n" for b in bad), end="")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

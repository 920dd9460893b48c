#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scan.py FUNDWATCH - what the rules find in claims that no one here wrote.

`fundwatch scan` over the two sets of claims, against findings worked out here from the raw
files by loops a reader can check: which persons, items, days and stays, and how much money.
Skipped loudly when the data are not there (see check.py).
"""
import collections
import datetime
import decimal
import json
import subprocess
import sys
import tempfile

from check import DATA, HERE, table

FEN = decimal.Decimal("0.01")


def scan(program, name):
    with tempfile.NamedTemporaryFile("r", suffix=".ndjson") as out:
        command = [program, "scan", "--rules", str(HERE.parent.parent / "rules"),
                   "--feed", str(HERE / f"{name}.yaml"), "--threads", "2",
                   "--output", out.name, str(DATA / name)]
        run = subprocess.run(command, text=True, stderr=subprocess.PIPE, check=False)
        if run.returncode:
            sys.exit(f"{name}: scan ended with {run.returncode}\n{run.stderr}")
        found = collections.defaultdict(dict)
        with open(out.name, encoding="utf-8") as lines:
            for line in lines:
                f = json.loads(line)
                found[f["rule"]][finding_key(f)] = decimal.Decimal(f["amount"])
        return dict(found)


def finding_key(f):
    if f["rule"].startswith("stay."):
        return tuple(dict.fromkeys(r["mdtrt_id"] for r in f["records"]))
    return f["key"]["psn_no"], f["key"]["med_list_codg"], f["key"]["day"]


def day(text):
    return datetime.date.fromisoformat(text)


def stays():
    """Persons' stays in the order the engine looks at them: begin, then facility and claim."""
    persons = collections.defaultdict(list)
    for r in table("provider_claims/dev_inpatient.csv"):
        persons[r["BeneID"]].append((day(r["AdmissionDt"]), r["Provider"], r["ClaimID"],
                                     day(r["DischargeDt"]), r["ClmDiagnosisCode_1"][:3],
                                     decimal.Decimal(r["InscClaimAmtReimbursed"])))
    return [sorted(s) for s in persons.values()]


def overlaps():
    """Each pair that shares at least two days, the later stay at least two days long."""
    found = {}
    for person in stays():
        for i, a in enumerate(person):
            for b in person[i + 1:]:
                if -400 <= (b[0] - a[3]).days <= -2 and (b[3] - b[0]).days >= 2:
                    found[a[2], b[2]] = b[5]
    return found


def readmissions():
    """Back within seven days at the same provider for the same disease; nearest before it."""
    found = {}
    for person in stays():
        for b in person:
            before = [a for a in person if a is not b and a[1] == b[1] and a[0] <= b[0]
                      and 0 <= (b[0] - a[3]).days <= 7]
            if before:
                a = max(before, key=lambda s: (s[3], s[0], s[2]))
                if a[4] == b[4]:
                    found[a[2], b[2]] = b[5]
    return found


def repeated(lines):
    """More than one of an item for a person on a day: the amount of what is beyond the first."""
    groups = collections.defaultdict(list)
    for person, item, when, count, amount in lines:
        if amount > 0:
            groups[person, item, when].append((count, amount))
    found = {}
    for key, group in groups.items():
        count = sum(c for c, _ in group)
        if count > 1:
            excess = sum(a for _, a in group) * (count - 1) / count
            found[key] = excess.quantize(FEN, rounding=decimal.ROUND_HALF_UP)
    return found


def provider_lines():
    for r in table("provider_claims/dev_inpatient.csv"):
        yield (r["BeneID"], "DRG" + r["DiagnosisGroupCode"], r["AdmissionDt"],
               decimal.Decimal(1), decimal.Decimal(r["InscClaimAmtReimbursed"]))


def tuva_lines():
    for r in table("tuva_demo/medical_claim.csv"):
        if r["claim_type"] == "professional":
            yield (r["patient_id"], r["hcpcs_code"],
                   r["claim_line_start_date"] or r["claim_start_date"],
                   decimal.Decimal(r["service_unit_quantity"] or 0),
                   decimal.Decimal(r["allowed_amount"]))


def compare(name, found, want):
    wrong = 0
    for rule in sorted(found.keys() | want.keys()):
        got, expected = found.get(rule, {}), want.get(rule, {})
        for key in sorted(got.keys() ^ expected.keys()):
            print(f"{name} {rule}: {key} only {'found' if key in got else 'expected'}")
            wrong += 1
        for key in sorted(got.keys() & expected.keys()):
            if got[key] != expected[key]:
                print(f"{name} {rule}: {key} amounts to {got[key]}, not {expected[key]}")
                wrong += 1
        print(f"{name} {rule}: {len(got)} findings, {sum(got.values())} yuan")
    return wrong


def main():
    if not (DATA / "tuva_demo").is_dir():
        print(f"SKIPPED: no claims data in {DATA}", file=sys.stderr)
        return 77
    program = sys.argv[1]
    wrong = compare("provider_claims", scan(program, "provider_claims"), {
        "stay.overlap": overlaps(), "stay.split": readmissions(),
        "dup.same_day": repeated(provider_lines())})
    wrong += compare("tuva_demo", scan(program, "tuva_demo"), {
        "dup.same_day": repeated(tuva_lines())})
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""find.py FUNDWATCH - what the shipped rules find in claims that no one here wrote, against
the same counted here, naively, from the same CSV files with Python's csv alone.

Compared are not only numbers but the claims of every finding, the amounts, and how many
records could not be judged for a missing value. The data are looked for in
FUNDWATCH_TEST_DATA, else in ../shared/data beside the source tree; when they are not there the
test is skipped, loudly.
"""
import collections
import csv
import datetime
import decimal
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = pathlib.Path(os.environ.get("FUNDWATCH_TEST_DATA", ROOT / "../shared/data"))
RULES = ("dup.pair dup.same_day dup.settlement stay.outside stay.overlap stay.split subst.name "
         "subst.price_tier test.panel test.repeat").split()


def table(name):
    with open(DATA / name, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def day(text):
    return datetime.date.fromisoformat(text[:10]) if text else None


def money(text):
    return decimal.Decimal(text) if text else None


def round_fen(x):
    return x.quantize(decimal.Decimal("0.01"), rounding=decimal.ROUND_HALF_UP)


def planned(code):
    with open(ROOT / "rules/knowledge/planned_readmission.csv", newline="", encoding="utf-8") as f:
        return any(code.startswith(r["诊断"]) for r in csv.DictReader(f))


class Expected:
    """Findings as (rule, frozenset of claims, amount) and records without a verdict per rule."""

    def __init__(self):
        self.found = collections.Counter()
        self.unknown = collections.Counter()

    def add(self, rule, claims, amount):
        self.found[rule, frozenset(claims), None if amount is None else round_fen(amount)] += 1


Stay = collections.namedtuple("Stay", "claim person facility begin end diagnosis left fund")


def in_order(items):
    """All pairs of one group, the earlier first."""
    return itertools.combinations(sorted(items, key=lambda s: (s.begin, s.facility, s.claim)), 2)


def by(items, *names):
    groups = collections.defaultdict(list)
    for item in items:
        groups[tuple(getattr(item, n) for n in names)].append(item)
    return groups.values()


def split_of(a, b):
    """True, False, or None when a value is missing: same disease again within seven days."""
    if not 0 <= (b.begin - a.end).days <= 7:
        return False
    parts = [None if not a.diagnosis or not b.diagnosis else a.diagnosis[:3] == b.diagnosis[:3],
             None if not b.diagnosis else not planned(b.diagnosis),
             None if a.left is None else a.left != "2"]
    return False if False in parts else None if None in parts else True


def stays(expected, all_stays):
    for group in by(all_stays, "person", "facility"):
        verdicts = collections.defaultdict(list)
        for a, b in in_order(group):
            verdicts[b].append((split_of(a, b), (b.begin - a.end).days, a))
        for b, tried in verdicts.items():
            hits = [t for t in tried if t[0]]
            if hits:
                nearest = min(hits, key=lambda t: t[1])[2]
                expected.add("stay.split", {nearest.claim, b.claim}, b.fund)
            elif any(t[0] is None for t in tried):
                expected.unknown["stay.split"] += 1
    for group in by(all_stays, "person"):
        for a, b in in_order(group):
            if -400 <= (b.begin - a.end).days <= -2 and (b.end - b.begin).days >= 2:
                expected.add("stay.overlap", {a.claim, b.claim}, b.fund)


Settlement = collections.namedtuple("Settlement", "claim person facility begin end total fund")


def settled_twice(expected, settlements):
    """No invoice numbers in these claims: equal sums are the only sign, a missing one is unknown.
    An interval of settlements runs from one's time to the other's."""
    unknown = set()
    for group in by(settlements, "person", "facility"):
        ordered = sorted(group, key=lambda s: (s.end, s.facility, s.claim))
        for a, b in itertools.combinations(ordered, 2):
            if (b.end - a.end).days > 366 or a.begin > b.end or b.begin > a.end:
                continue
            if any(s.fund is not None and s.fund <= 0 for s in (a, b)):
                continue
            unknown.add(b.claim)  # the invoice number is missing whatever the sums say
            assert a.total is None or b.total is None or a.total != b.total or a.fund is None, \
                "equal sums: this data has a pair settled twice"
    expected.unknown["dup.settlement"] += len(unknown)


Line = collections.namedtuple("Line", "claim number person item day count amount")


def same_day(expected, lines):
    for group in by([l for l in lines if l.item], "person", "item", "day"):
        if any(l.count is None for l in group):
            expected.unknown["dup.same_day"] += len(group)
            continue
        total = sum(l.count for l in group)
        if total <= 1:
            continue
        paid = sum(l.amount for l in group)
        expected.add("dup.same_day", {l.claim for l in group}, paid * (total - 1) / total)


def provider_claims():
    claims = table("provider_claims/dev_inpatient.csv")
    expected = Expected()
    stays(expected, [Stay(r["ClaimID"], r["BeneID"], r["Provider"], day(r["AdmissionDt"]),
                          day(r["DischargeDt"]), r["ClmDiagnosisCode_1"], "9",
                          money(r["InscClaimAmtReimbursed"])) for r in claims])
    settled_twice(expected, [Settlement(r["ClaimID"], r["BeneID"], r["Provider"],
                                        day(r["ClaimStartDt"]), day(r["ClaimEndDt"]), None,
                                        money(r["InscClaimAmtReimbursed"])) for r in claims])
    same_day(expected, [Line(r["ClaimID"], "1", r["BeneID"], "DRG" + r["DiagnosisGroupCode"],
                             r["AdmissionDt"], 1, money(r["InscClaimAmtReimbursed"]))
                        for r in claims if money(r["InscClaimAmtReimbursed"]) > 0])
    return expected


def outside(expected, inpatient, visits):
    """Visits strictly inside a stay; without the fund's payment there is no verdict."""
    of_person = collections.defaultdict(list)
    for s in inpatient:
        of_person[s.person].append(s)
    for v in visits:
        around = [s for s in of_person[v.person] if s.begin < v.begin < s.end
                  and -400 <= (v.begin - s.end).days]
        if not around or (v.fund is not None and v.fund <= 0):
            continue
        if v.fund is None:
            expected.unknown["stay.outside"] += 1
        else:
            nearest = min(around, key=lambda s: abs((v.begin - s.end).days))
            expected.add("stay.outside", {nearest.claim, v.claim}, v.fund)


def tuva_demo():
    medical = table("tuva_demo/medical_claim.csv")
    pharmacy = table("tuva_demo/pharmacy_claim.csv")
    expected = Expected()
    first, fill = {}, {}
    for r in medical:
        first.setdefault(r["claim_id"], r)
    for r in pharmacy:
        fill.setdefault(r["claim_id"], r)
    visits, inpatient, settlements = [], [], []
    for claim, r in first.items():
        facility = r["facility_npi"] or r["billing_npi"] or r["rendering_npi"]
        institutional = r["claim_type"] == "institutional"
        fund = money(r["paid_amount"]) if institutional else None
        left = {"01": "1", "06": "1", "02": "2", "03": "3", "07": "4", "20": "5", "": None}.get(
            r["discharge_disposition_code"], "9")
        stay = Stay(claim, r["patient_id"], facility, day(r["claim_start_date"]),
                    day(r["claim_end_date"]), r["diagnosis_code_1"], left, fund)
        (inpatient if r["bill_type_code"] in ("111", "11I") else visits).append(stay)
        settlements.append(Settlement(claim, stay.person, facility, stay.begin, stay.end,
                                      money(r["charge_amount"]) if institutional else None, fund))
    for claim, r in fill.items():
        d = day(r["dispensing_date"])
        visits.append(Stay(claim, r["person_id"], "PHARMACY", d, d, "", None, None))
        settlements.append(Settlement(claim, r["person_id"], "PHARMACY", d, d, None, None))
    stays(expected, inpatient)
    outside(expected, inpatient, visits)
    settled_twice(expected, settlements)
    same_day(expected, [Line(r["claim_id"], r["claim_line_number"], r["patient_id"],
                             r["hcpcs_code"], r["claim_line_start_date"] or r["claim_start_date"],
                             money(r["service_unit_quantity"]), money(r["allowed_amount"]))
                        for r in medical if r["claim_type"] == "professional"
                        and money(r["allowed_amount"] or "0") > 0])
    return expected


def scan(fundwatch, name):
    with tempfile.TemporaryDirectory() as work:
        out, report = pathlib.Path(work, "found"), pathlib.Path(work, "report")
        done = subprocess.run(
            [fundwatch, "scan", "--rules", ROOT / "rules", "--feed", HERE / f"{name}.yaml",
             "-o", out, "--report", report, DATA / name], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"FAILED  {name}: exit {done.returncode}\n{done.stderr}")
        got = Expected()
        for line in out.read_text(encoding="utf-8").splitlines():
            f = json.loads(line)
            got.add(f["rule"], {r["mdtrt_id"] for r in f["records"]}, money(f["amount"]))
        for r in json.loads(report.read_text(encoding="utf-8"))["rules"]:
            got.unknown[r["rule"]] = r["unknown"]
        return got


def compare(name, expected, got):
    wrong = 0
    for rule in RULES:
        want = collections.Counter({k: n for k, n in expected.found.items() if k[0] == rule})
        have = collections.Counter({k: n for k, n in got.found.items() if k[0] == rule})
        missing, extra = want - have, have - want
        same = not missing and not extra and expected.unknown[rule] == got.unknown[rule]
        amount = sum((k[2] or 0) * n for k, n in have.items())
        verdict = "ok    " if same else "FAILED"
        print(f"{verdict}  {name:16} {rule:17} found {sum(have.values()):5}, "
              f"amount {amount:>13}, cannot judge {got.unknown[rule]:4}")
        if same:
            continue
        wrong += 1
        print(f"        expected {sum(want.values())}, cannot judge {expected.unknown[rule]}")
        for what, items in (("missing", missing), ("extra", extra)):
            for (_, claims, value), _ in sorted(items.items(), key=str)[:5]:
                print(f"        {what}: {value} {sorted(claims)}")
    return wrong


def main():
    if not (DATA / "provider_claims").is_dir() or not (DATA / "tuva_demo").is_dir():
        print(f"SKIPPED: no claims of other origin at {DATA}; set FUNDWATCH_TEST_DATA",
              file=sys.stderr)
        sys.exit(77)
    wrong = compare("provider_claims", provider_claims(), scan(sys.argv[1], "provider_claims"))
    wrong += compare("tuva_demo", tuva_demo(), scan(sys.argv[1], "tuva_demo"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

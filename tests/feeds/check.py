#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""check.py FEED_COUNTS - claims that no one here wrote, loaded by tests/feeds/*.yaml, against
counts made here from the same files with nothing but Python's csv and decimal modules.

The data are looked for in FUNDWATCH_TEST_DATA, else in ../shared/data beside the source tree;
when they are not there the test is skipped, loudly.
"""
import collections
import csv
import decimal
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ.get("FUNDWATCH_TEST_DATA", HERE.parent.parent / "../shared/data"))


def table(name):
    with open(DATA / name, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def money(rows, column):
    return sum((decimal.Decimal(r[column]) for r in rows if r[column]), decimal.Decimal(0))


def provider_claims():
    claims = table("provider_claims/dev_inpatient.csv")
    persons = table("provider_claims/beneficiary.csv")
    labels = table("provider_claims/dev_labels.csv")
    paid = money(claims, "InscClaimAmtReimbursed")
    diagnoses = sum(r[f"ClmDiagnosisCode_{i}"] != "" for r in claims for i in (1, 2, 3))
    return {
        "rows": len(claims) + len(persons) + len(labels), "rejects": 0,
        "encounter": len(claims), "settlement": len(claims), "fee": len(claims),
        "diagnosis": diagnoses,
        "operation": sum(r["ClmProcedureCode_1"] != "" for r in claims),
        "person": len(persons), "facility": len(labels),
        "settlement.fund_pay_sumamt.sum": paid, "fee.inscp_amt.sum": paid,
        "settlement.act_pay_dedc.sum": money(claims, "DeductibleAmtPaid"),
        "person.die_date.known": sum(r["DOD"] != "" for r in persons),
        "encounter.endtime.known": sum(r["DischargeDt"] != "" for r in claims),
    }


def tuva_demo():
    medical = table("tuva_demo/medical_claim.csv")
    pharmacy = table("tuva_demo/pharmacy_claim.csv")
    spans = table("tuva_demo/eligibility.csv")
    first = {}
    for r in medical:
        first.setdefault(r["claim_id"], r)
    own = [r for r in medical if r["claim_type"] == "professional"]
    services = [r for r in medical if r["revenue_center_code"] not in ("", "0001")]
    whole = [r for r in first.values() if r["claim_type"] == "institutional"]
    bought = len({r["claim_id"] for r in pharmacy})
    seen = collections.Counter()
    for i in range(1, 13):
        seen["n"] += len({r["claim_id"] for r in medical if r[f"diagnosis_code_{i}"]})
    return {
        "rows": len(medical) + len(pharmacy) + len(spans), "rejects": 0,
        "encounter": len(first) + bought, "settlement": len(first) + bought,
        "fee": len(own) + len(services) + len(pharmacy), "person": len(spans),
        "diagnosis": seen["n"],
        "settlement.fund_pay_sumamt.sum": money(whole, "paid_amount"),
        "settlement.medfee_sumamt.sum": money(whole, "charge_amount"),
        "fee.inscp_amt.sum": money(own, "allowed_amount") + money(pharmacy, "allowed_amount"),
        "fee.det_item_fee_sumamt.sum":
            money(own, "charge_amount") + money(pharmacy, "allowed_amount"),
        "person.brdy.known": sum(r["birth_date"] != "" for r in spans),
    }


def compare(name, program, want):
    files = sorted(str(f) for f in (DATA / name).glob("*.csv"))
    out = subprocess.run([program, str(HERE / f"{name}.yaml"), *files], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    got = {}
    for line in out.splitlines():
        key, value = line.split()
        got[key] = decimal.Decimal(value)
    wrong = 0
    for key, value in want.items():
        if got.get(key, decimal.Decimal(0)) != value:
            print(f"{name}: {key} is {got.get(key)}, not {value}")
            wrong += 1
    print(f"{name}: {len(want) - wrong} of {len(want)} counts agree")
    return wrong


def main():
    if not (DATA / "tuva_demo").is_dir():
        print(f"SKIPPED: no claims data in {DATA}", file=sys.stderr)
        return 77
    program = sys.argv[1]
    return 1 if compare("provider_claims", program, provider_claims()) + \
        compare("tuva_demo", program, tuva_demo()) else 0


if __name__ == "__main__":
    sys.exit(main())

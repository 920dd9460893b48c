#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hospital's own exports by conf/feeds/hospital.yaml, in UTF-8 and in GB18030: every row is
taken, wide rows give a settlement each, results and stock are read, and the shipped rules find
just what was put in.  usage: hospital.py FUNDWATCH"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests/feeds/hospital"
# M1 and M2: an MRI repeated six days after a normal one; M3: the same, never reported; a line of M1
# given back. Stock: sold 161 of 100 bought; one pack settled twice, one given back and sold again.
FILES = {
    "facility": "机构信息",
    "visits": "门诊就诊_3月",
    "stays": "住院登记",
    "charges": "费用明细",
    "diagnoses": "诊断",
    "operations": "手术麻醉",
    "examinations": "检查报告",
    "laboratory": "检验报告",
    "stock": "药品出入库",
}
WANT = {"test.repeat_normal": "400.00", "stock.drug": "610.00", "trace.reuse": "10.00"}


def scan(program, charset):
    with tempfile.TemporaryDirectory() as folder:
        for source, name in FILES.items():
            text = (DATA / f"{source}.csv").read_text(encoding="utf-8")
            pathlib.Path(folder, name + ".csv").write_bytes(text.encode(charset))
        done = subprocess.run(
            [program, "scan", "--lang", "en", "--rules", ROOT / "rules", "--format", "ndjson",
             "--feed", ROOT / "conf/feeds/hospital.yaml", "-o", f"{folder}/findings", folder],
            capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"hospital: {done.returncode}\n{done.stdout}{done.stderr}")
        findings = pathlib.Path(folder, "findings").read_text(encoding="utf-8").splitlines()
        return done.stderr, [json.loads(line) for line in findings]


def main():
    told = []
    for charset in ("utf-8", "gb18030"):
        report, findings = scan(sys.argv[1], charset)
        got = {f["rule"]: f.get("amount") for f in findings}
        amounts = {k: got.get(k) for k in WANT}
        if amounts != WANT:
            sys.exit(f"hospital, {charset}: {got}, not {WANT}\n{report}")
        if " = rejects 0 " not in report:
            sys.exit(f"hospital, {charset}: rejects\n{report}")
        told.append((report, sorted(f["rule"] for f in findings)))
    if told[0][1] != told[1][1]:
        sys.exit(f"hospital: the character set shows: {told[0][1]} and {told[1][1]}")
    print("hospital: the same in UTF-8 and GB18030:", ", ".join(told[0][1]))


main()

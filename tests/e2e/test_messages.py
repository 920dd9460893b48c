#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hospital that sends interface messages gets the findings its extracts would give.

A generated extract is told again as messages, one a line: admission and discharge apart
(2401, 2402), outpatient registration with diagnosis (2203), fee lines without their
settlement (2204, 2301), settlements (2207, 2304) with a charging batch or none, pharmacies in
one message (2102), settlements and lines taken back (2208, 2305, 2205, 2302). Now and then all
lines of a visit were uploaded under other numbers first and deleted again.
Registers, operations and manual reimbursement have no message and stay extracts. Both are
scanned with the default feed and rules; the findings must be the same bytes.

usage: test_messages.py FUNDWATCH-GEN FUNDWATCH [option of the generator...]
"""
import collections
import csv
import glob
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
EMPTY = ("", "NULL", "\\N")
# said by no message, or in other words
NOT_SENT = {"setl_id", "updt_time", "crte_time", "vali_flag", "rid", "pt", "poolarea_no",
            "inscp_amt", "chrg_bchno", "bkkp_sn", "fixmedins_code", "fixmedins_name"}


def rows(folder, table):
    for path in sorted(glob.glob(f"{folder}/{table}_[0-9]*.csv")):
        with open(path, encoding="utf-8-sig", newline="") as f:
            for row in csv.DictReader(f):
                yield {k: v for k, v in row.items() if v not in EMPTY}


def body(row, *names, but=()):
    if names:
        return {k: row[k] for k in names if k in row}
    return {k: v for k, v in row.items() if k not in NOT_SENT and k not in but}


def visit_of(row):
    return row["fixmedins_code"], row["mdtrt_id"]


class Messages:
    def __init__(self, folder):
        self.sent = collections.Counter()
        self.lines = []
        self.kept = collections.defaultdict(list)  # rows that have no message
        self.visit = {}
        self.diagnoses = collections.defaultdict(list)
        self.settlements = collections.defaultdict(list)
        for row in rows(folder, "mdtrt_d"):
            self.visit.setdefault(visit_of(row), []).append(row)
        for row in rows(folder, "setl_list_diag_d"):
            self.diagnoses[visit_of(row)].append(row)
        for row in rows(folder, "setl_d"):
            self.settlements[visit_of(row)].append(row)
        self.fees = list(rows(folder, "fee_list_d"))
        self.tried = collections.defaultdict(list)
        self.drug_lines = collections.defaultdict(list)
        self.manual = {(r["fixmedins_code"], r["setl_id"])
                       for s in self.settlements.values() for r in s
                       if r.get("setl_type") == "1"}

    def send(self, infno, row, body_in, output=None):
        self.sent[infno] += 1
        message = {"infno": infno, "msgid": f"{row['fixmedins_code']}{len(self.lines):018d}",
                   "infver": "V1.0", "inf_time": row["updt_time"],
                   "fixmedins_code": row["fixmedins_code"],
                   "fixmedins_name": row.get("fixmedins_name", ""), "infcode": 0,
                   "input": body_in}
        if output:
            message["output"] = output
        self.lines.append(json.dumps(message, ensure_ascii=False))

    def med_type(self, row):
        versions = self.visit.get(visit_of(row))
        return row.get("med_type") or (versions[0].get("med_type", "") if versions else "")

    def inpatient(self, row):
        return self.med_type(row).startswith(("2", "52"))

    def pharmacy(self, row):
        return self.med_type(row).startswith("41")

    # ---- visits ----

    def one_visit(self, row):
        if row.get("vali_flag") == "0":
            return self.send("2404", row, {"data": body(row, "mdtrt_id", "psn_no")})
        info = body(row, but=("endtime", "dscg_way", "inhosp_stas", "dscg_dept_codg",
                              "dscg_dept_name", "dscg_bed", "die_date", "ipt_days"))
        diagnoses = [body(d) for d in self.diagnoses.pop(visit_of(row), [])]
        if visit_of(row) in self.drug_visits:
            return None
        if not self.inpatient(row):
            info.update(body(row, "endtime", "inhosp_stas"))
            return self.send("2203", row, {"mdtrtinfo": info, "diseinfo": diagnoses})
        self.send("2401", row, {"mdtrtinfo": dict(info, mdtrt_id="")},
                  {"result": body(row, "mdtrt_id")})
        leave = body(row, "mdtrt_id", "psn_no", "insutype", "endtime", "dscg_way", "dscg_bed",
                     "dscg_dept_codg", "dscg_dept_name", "die_date")
        if row.get("endtime") and row.get("inhosp_stas") != "1":
            self.send("2402", row, {"dscginfo": leave, "diseinfo": diagnoses})
        elif diagnoses:
            raise SystemExit("a visit that is not over has no settlement list")
        return None

    def visits(self):
        for versions in self.visit.values():
            for row in versions:
                self.one_visit(row)

    # ---- lines ----

    def batch(self, row):
        """The batch tells settlements of one visit apart; every other visit needs none."""
        all_of = self.settlements[visit_of(row)]
        known = {r["setl_id"] for r in all_of if not r["medfee_sumamt"].startswith("-")}
        if len(known) == 1 and int(row["mdtrt_id"][-3:], 36) % 2 and self.all_settled[
                visit_of(row)]:
            return {}
        return {"chrg_bchno": "B" + row.get("setl_id", "0")}

    def first_try(self, row, infno, line):
        """The visit's lines were sent before, and taken back all at once."""
        visit = visit_of(row)
        corrected = self.versions[visit, row["feedetl_sn"]] > 1  # maybe of another person
        if int(row["mdtrt_id"][-4:], 36) % 4 or len(self.tried[visit]) > 2 or corrected:
            return
        self.tried[visit].append(row)
        early = dict(row, updt_time="2000-01-01 00:00:00")
        wrong = dict(line, feedetl_sn="X" + row["feedetl_sn"])
        self.send(infno, early, {"feedetail": [wrong]})
        gone = dict(body(row, "mdtrt_id", "psn_no"))
        if infno == "2301":
            gone["feedetl_sn"] = "0000"
        else:
            gone["chrg_bchno"] = line.get("chrg_bchno", "0000")
        self.send("2302" if infno == "2301" else "2205", early, {"data": [gone]})

    def one_line(self, row):
        if (row["fixmedins_code"], row.get("setl_id")) in self.manual:
            return self.kept["fee_list_d"].append(row)
        infno = "2301" if self.inpatient(row) else "2204"
        if row.get("vali_flag") == "0":
            gone = body(row, "feedetl_sn", "mdtrt_id", "psn_no")
            return self.send("2302" if infno == "2301" else "2205", row, {"data": [gone]})
        if self.cancelled_by(row):
            return None  # the mirror's lines are no upload
        line = dict(body(row), **self.batch(row))
        answer = {"feedetl_sn": row["feedetl_sn"]}
        if "inscp_amt" in row:
            answer["inscp_scp_amt"] = row["inscp_amt"]
        self.first_try(row, infno, line)
        return self.send(infno, row, {"feedetail": [line]}, {"result": [answer]})

    def cancelled_by(self, row):
        return (row["fixmedins_code"], row.get("setl_id")) in self.mirrors

    def lines_(self):
        for row in self.fees:
            drug = self.pharmacy(row) and self.versions[visit_of(row), row["feedetl_sn"]] == 1
            drug = drug and row.get("vali_flag") != "0"
            if drug and (row["fixmedins_code"], row.get("setl_id")) in self.drug_settlements:
                self.drug_lines[row["fixmedins_code"], row["setl_id"]].append(row)
            else:
                self.one_line(row)

    # ---- settlements ----

    def original(self, row):
        for other in self.settlements[visit_of(row)]:
            if float(other["medfee_sumamt"]) == -float(row["medfee_sumamt"]):
                return other["setl_id"]
        raise SystemExit(f"{row['setl_id']} mirrors nothing")

    def one_settlement(self, row):
        if (row["fixmedins_code"], row["setl_id"]) in self.manual:
            return self.kept["setl_d"].append(row)
        answer = dict(body(row, but=("begndate", "enddate", "refd_setl_flag", "init_setl_id",
                                     "clr_optins")), setl_id=row["setl_id"])
        if "inscp_amt" in row:
            answer["inscp_scp_amt"] = row["inscp_amt"]
        cancel = "2305" if self.inpatient(row) else "2208"
        data = body(row, "mdtrt_id", "psn_no")
        if row["medfee_sumamt"].startswith("-"):
            data["setl_id"] = row.get("init_setl_id") or self.original(row)
            return self.send(cancel, row, {"data": data}, {"setlinfo": answer})
        if row.get("vali_flag") == "0":
            data["setl_id"] = row["setl_id"]
            return self.send(cancel, row, {"data": data})
        key = row["fixmedins_code"], row["setl_id"]
        if key in self.drug_settlements:
            self.drugs(row, answer)
        else:
            data.update(self.batch(row))
            self.send("2304" if self.inpatient(row) else "2207", row, {"data": data},
                      {"setlinfo": answer})
        if row.get("refd_setl_flag") == "1":
            data["setl_id"] = row["setl_id"]
            late = dict(row, updt_time=row["updt_time"][:-1] + "9")
            self.send(cancel, late, {"data": data})
        return None

    def drugs(self, row, answer):
        visit = self.visit[visit_of(row)][-1]
        detail = self.drug_lines.pop((row["fixmedins_code"], row["setl_id"]), [])
        self.send("2102", row,
                  {"druginfo": body(visit, but=("mdtrt_id",)),
                   "drugdetail": [body(r, but=("mdtrt_id", "psn_no")) for r in detail]},
                  {"setlinfo": answer,
                   "detlcutinfo": [{"feedetl_sn": r["feedetl_sn"],
                                    "inscp_scp_amt": r.get("inscp_amt", "")}
                                   for r in detail]})

    def settle(self):
        for versions in self.settlements.values():
            for row in versions:
                self.one_settlement(row)

    # ---- all ----

    def tell(self):
        self.versions = collections.Counter()
        self.all_settled = collections.defaultdict(lambda: True)
        self.mirrors = set()
        for row in self.fees:
            self.versions[visit_of(row), row["feedetl_sn"]] += 1
            if "setl_id" not in row:
                self.all_settled[visit_of(row)] = False
        for versions in self.settlements.values():
            for row in versions:
                if row["medfee_sumamt"].startswith("-"):
                    self.mirrors.add((row["fixmedins_code"], row["setl_id"]))
        # told in one message: pharmacy visits of one settlement, never corrected
        self.drug_visits = {visit for visit, s in self.settlements.items()
                            if self.pharmacy(s[0]) and len(s) == 1 and
                            len(self.visit[visit]) == 1}
        self.drug_settlements = {(v[0], self.settlements[v][0]["setl_id"])
                                 for v in self.drug_visits}
        self.visits()
        self.lines_()
        self.settle()


def write_kept(kept, folder):
    for table, all_rows in kept.items():
        names = list(dict.fromkeys(k for r in all_rows for k in r))
        with open(f"{folder}/{table}_01.csv", "w", encoding="utf-8", newline="") as f:
            out = csv.DictWriter(f, names)
            out.writeheader()
            out.writerows(all_rows)


# Each line in scope with its amount and the fund's share of it.
EVERY_LINE = """规则 all.lines 「每一行」
  版本      1
  依据      本测试
  类别      管理类
  性质      可疑
  环节      事后
  级别      低
  状态      启用
  看        费用明细
  条件      金额 > 0
  违规金额  金额
  说明      {结算}的{流水}
"""


def scan(fundwatch, rules, folder, out):
    with open(out + ".report", "w", encoding="utf-8") as report:
        subprocess.run([fundwatch, "scan", "--rules", rules, "--format", "ndjson",
                        "-o", out, folder], check=True, stderr=report)
    with open(out, encoding="utf-8") as f:
        return f.read().splitlines()


def compare(fundwatch, rules, extract, told, work, least):
    want = scan(fundwatch, rules, extract, f"{work}/want")
    got = scan(fundwatch, rules, told, f"{work}/got")
    print(f"{len(want)} findings of the extract, {len(got)} of the messages")
    for mark, some in (("-", set(want) - set(got)), ("+", set(got) - set(want))):
        for line in sorted(some)[:10]:
            print(mark, line)
    return want == got and len(want) >= least


def main():
    gen, fundwatch, options = sys.argv[1], sys.argv[2], sys.argv[3:]
    work = tempfile.mkdtemp()
    try:
        extract, told = f"{work}/extract", f"{work}/told"
        subprocess.run([gen, "--out", extract, "--gzip", "none", "--gb18030", "none",
                        "--lines", "20000", "--seed", "21"] + options, check=True,
                       stdout=subprocess.DEVNULL)
        os.mkdir(told)
        for path in glob.glob(f"{extract}/*"):
            if os.path.basename(path).startswith(("facility", "item", "setl_list_oprn")):
                shutil.copy(path, told)
        messages = Messages(extract)
        messages.tell()
        write_kept(messages.kept, told)
        random.Random(1).shuffle(messages.lines)
        with open(f"{told}/messages.json", "w", encoding="utf-8") as f:
            f.write("\n".join(messages.lines) + "\n")
        print("messages:", dict(sorted(messages.sent.items())))
        missing = {"2102", "2203", "2204", "2207", "2208", "2301", "2304", "2401", "2402", "2205",
                   "2302"} - set(
            messages.sent)
        os.mkdir(f"{work}/rules")
        with open(f"{work}/rules/all.rules", "w", encoding="utf-8") as f:
            f.write(EVERY_LINE)
        same = [compare(fundwatch, rules, extract, told, work, least) for rules, least in
                ((f"{work}/rules", 10000), (f"{ROOT}/rules", 100))]
        if os.environ.get("KEEP"):
            shutil.copytree(work, os.environ["KEEP"], dirs_exist_ok=True)
        return 1 if missing or not all(same) else 0
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plants the cases of .rules and .cases files into a folder of generated extracts.

usage: cases.py --out DIR [--violations N] [--lookalikes R] [--seed N] FILE|FOLDER...

Each 试例 of a rule is a case: one that hits is a violation, one that does not is a
look-alike. A .cases file holds 故事 in the same tables: ordinary lives that no rule may
find anything in, or that only the rules named in 应命中 may. Every copy of a case has
people, facilities, visits, settlements and codes of its own, all carrying its number, so
that a finding tells its case. Writes *_90.csv of each table, half of the stock, trace
codes and reports as interface messages (messages_90.json), and cases.csv.

Shares no code with the rule engine: fields.def and codes.def are read as text.
"""
import argparse
import collections
import csv
import json
import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = {"encounter": "mdtrt_d", "settlement": "setl_d", "fee": "fee_list_d",
         "diagnosis": "setl_list_diag_d", "operation": "setl_list_oprn_d", "stock": "stock_d",
         "trace": "trace_d", "report": "report_d",
         "person": "person_d", "facility": "facility_d", "practitioner": "practitioner_d",
         "item": "item_d"}
TITLE = {"就诊登记": "encounter", "结算": "settlement", "费用明细": "fee", "诊断": "diagnosis",
         "手术": "operation", "进销存": "stock", "追溯码": "trace", "检查检验": "report",
         "人员": "person", "机构": "facility",
         "医师": "practitioner", "目录": "item", "住院": "stay", "就诊": "visit"}
NUMBERED = {"mdtrt_id", "psn_no", "fixmedins_code", "setl_id", "init_setl_id", "bilg_dr_code",
            "acord_dr_code", "chfpdr_code", "oper_dr_code", "anst_dr_code", "dise_dor_no",
            "dr_code",
            "fixmedins_bchno", "comb_no", "chrg_bchno", "refl_old_mdtrt_id", "phar_prac_cert_no",
            "prsc_dr_code", "etip_hosp_code", "rpotc_no", "appy_no",
            "medins_setl_id", "rx_drord_no", "rxno", "emp_no"}
REVISED = "2026-12-31 00:00:00"


class Schema:
    """Fields by stream, their defaults and names; the names of codes."""

    def __init__(self):
        self.fields = collections.defaultdict(dict)
        self.names = collections.defaultdict(dict)
        pattern = r'FIELD\((\w+), (\w+), "(.*?)", "(.*?)", (\w+), (\w+), (\w+), "(.*?)"\)'
        for s, name, title, alias, _, role, _, default in re.findall(
                pattern, (ROOT / "lib/record/fields.def").read_text(encoding="utf-8")):
            if role != "DERIVED" or s in ("stay", "visit"):
                self.fields[s][name] = default
            for word in (name, title, alias):
                if word:
                    self.names[s].setdefault(word, name)
        self.codes = {}
        for field, code, word in re.findall(
                r'CODE\((\w+), "(.*?)", "(.*?)"\)',
                (ROOT / "lib/record/codes.def").read_text(encoding="utf-8")):
            self.codes.setdefault((field, word), code)

    def value(self, field, cell):
        return self.codes.get((field, cell), cell)


class Case:
    def __init__(self, rule, name):
        self.rule, self.name = rule, name
        self.tables = []                # stream, columns, rows
        self.want, self.amount = {}, None
        self.compares = False

    @property
    def violation(self):
        return any(self.want.values())


def cells(line):
    return [c.strip() for c in line.split("|")[1:-1]]


def expectation(case, text):
    for name, n in re.findall(r"(?:应命中|expect)\s+([a-z_.0-9]+\s+)?(\d+)", text):
        case.want[name.strip() or case.rule] = int(n)
    money = re.search(r"(?:违规金额|amount)\s+([0-9.]+)", text)
    case.amount = money[1] if money else None


def read_cases(path):
    rule = case = None
    compares = False
    for line in path.read_text(encoding="utf-8").splitlines():
        head = re.match(r"(?:规则|rule)\s+(\S+)", line)
        if head:
            rule, compares = head[1], False
        elif re.match(r"\s+(?:对照|compare)\s", line):
            compares = True
        start = re.match(r"\s*(?:试例|example|故事)\s*「(.*)」", line)
        if start:
            case = Case(rule if path.suffix == ".rules" else "*", start[1])
            case.compares = compares
        elif case and "|" in line and not line.strip().startswith("#"):
            stream = line.split("|")[0].strip()
            if stream:
                case.tables.append((TITLE.get(stream, stream), cells(line), []))
            else:
                case.tables[-1][2].append(cells(line))
        elif case and re.match(r"\s+(?:应命中|expect)\s", line):
            expectation(case, line)
            yield case
            case = None


class Plant:
    """One copy of a case."""

    def __init__(self, schema, case, number, seed):
        self.schema, self.case, self.number = schema, case, number
        self.random = random.Random(seed * 1000003 + number)
        self.tag = "C%06d" % number
        self.rows = collections.defaultdict(list)

    def drawn(self, cell):
        """{a..b} in a cell of a story: a number between them, as wide as a."""
        def number(m):
            return str(self.random.randint(int(m[1]), int(m[2]))).zfill(len(m[1]))
        return re.sub(r"\{(\d+)\.\.(\d+)\}", number, cell)

    def renamed(self, field, value):
        if not value:
            return value
        if field in NUMBERED:
            return self.tag + value
        if field == "drug_trac_codg" and re.fullmatch(r"\d{20}", value) and len(set(value)) > 1:
            return value[:14] + "%06d" % self.number
        if field == "tel" and len(value) >= 7:
            return value[:5] + "%06d" % self.number
        if field == "invono":
            return value + "%04x" % self.number
        if field == "hosp_lv" and self.case.compares:
            return "L%d" % self.number
        return value

    def put(self, stream, columns, row, asked):
        out = {}
        names = [self.schema.names[asked].get(c, c) for c in columns]
        written = dict(zip(names, map(self.drawn, row)))
        for field, default in self.schema.fields[stream].items():
            cell = written.get(field, "")
            twin = self.schema.fields[asked].get(field, "") if asked != stream else ""
            cell = "" if cell == "空" else cell or twin or default
            out[field] = self.renamed(field, self.schema.value(field, cell))
        out["updt_time"] = out.get("updt_time") or REVISED
        self.fill(stream, out, written)
        self.rows[stream].append(out)

    def fill(self, stream, out, written):
        n = str(len(self.rows[stream]) + 1)
        if stream == "fee":
            if "feedetl_sn" not in written:
                out["feedetl_sn"] = n
            if not written.get("det_item_fee_sumamt") and out["cnt"] and out["pric"]:
                out["det_item_fee_sumamt"] = "%.2f" % (float(out["cnt"]) * float(out["pric"]))
            if "inscp_amt" not in written:
                out["inscp_amt"] = out["det_item_fee_sumamt"]
        elif stream == "settlement":
            if "setl_id" not in written:
                out["setl_id"] = self.tag + "S" + n
            if "inscp_amt" not in written:
                out["inscp_amt"] = out["medfee_sumamt"]
        elif stream == "encounter" and "mdtrt_id" not in written:
            out["mdtrt_id"] = self.tag + "M" + n

    def settle(self):
        """A visit without a settlement gets one, as in the rules' examples."""
        known = {(r["mdtrt_id"], r["fixmedins_code"]) for r in self.rows["settlement"]}
        for i, e in enumerate(self.rows["encounter"]):
            if (e["mdtrt_id"], e["fixmedins_code"]) in known:
                continue
            s = dict.fromkeys(self.schema.fields["settlement"], "")
            for f in ("mdtrt_id", "fixmedins_code", "psn_no", "med_type"):
                s[f] = e[f]
            s.update(setl_id="%sE%d" % (self.tag, i + 1), updt_time=REVISED,
                     setl_time=e["endtime"] or e["begntime"])
            self.rows["settlement"].append(s)

    def make(self):
        for stream, columns, rows in self.case.tables:
            into = ("encounter", "settlement") if stream in ("stay", "visit") else (stream,)
            for row in rows:
                for s in into:
                    self.put(s, columns, row, stream)
        self.settle()


def as_message(row):
    """A stock row as the interface message that would have brought it."""
    body = {k: v for k, v in row.items()
            if v and k not in ("infno", "fixmedins_code", "updt_time", "inf_time", "vali_flag")}
    part = {"3501": "invinfo", "3502": "invinfo", "3503": "purcinfo", "3504": "purcinfo"}
    return {"infno": row["infno"], "msgid": row["fixmedins_bchno"], "inf_time": REVISED,
            "fixmedins_code": row["fixmedins_code"],
            "input": {part.get(row["infno"], "selinfo"): body}}


def trace_message(row):
    """A pack that changed hands as the 3505 or 3506 that would have told of it."""
    body = {"fixmedins_bchno": row["mdtrt_id"], "mdtrt_sn": row["mdtrt_id"], "sel_retn_cnt": "1",
            "sel_retn_time": row["trac_time"], "finl_trns_pric": row["pric"],
            "drugtracinfo": [{"drug_trac_codg": row["drug_trac_codg"]}]}
    for name in ("setl_id", "psn_no", "med_list_codg", "trdn_flag"):
        body[name] = row[name]
    return {"infno": "3506" if row["trac_chg_type"] == "2" else "3505", "msgid": row["mdtrt_id"],
            "inf_time": REVISED, "fixmedins_code": row["fixmedins_code"],
            "input": {"selinfo": {k: v for k, v in body.items() if v}}}


def report_message(row):
    """A report as the 4502 that would have brought it, its result said by its items."""
    body = {k: v for k, v in row.items()
            if v and k not in ("exam_rslt_abn", "updt_time", "inf_time", "med_list_codg")}
    body["exam_item_code"] = row["med_list_codg"]
    details = ["0", row["exam_rslt_abn"]]
    return {"infno": "4502", "msgid": row["rpotc_no"], "inf_time": REVISED,
            "fixmedins_code": row["fixmedins_code"],
            "input": {"labinfo": body, "iteminfo": [
                {"exam_item_detl_code": str(i), "exam_rslt_abn": d}
                for i, d in enumerate(details)]}}


MESSAGE = {"stock": as_message, "trace": trace_message, "report": report_message}


def write_messages(out, rows):
    with open(out / "messages_90.json", "w", encoding="utf-8") as f:
        for stream, row in rows:
            f.write(json.dumps(MESSAGE[stream](row), ensure_ascii=False) + "\n")


def write_tables(out, plants):
    rows, messages = collections.defaultdict(list), []
    for p in plants:
        for stream, some in p.rows.items():
            if stream in MESSAGE and p.number % 2 and all(r["vali_flag"] == "1" for r in some):
                messages.extend((stream, row) for row in some)
            else:
                rows[stream].extend(some)
    write_messages(out, messages)
    for stream, some in filter(lambda x: x[1], rows.items()):
        columns = [c for c in some[0] if any(r[c] for r in some)]
        with open(out / (TABLE[stream] + "_90.csv"), "w", encoding="utf-8", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(columns)
            w.writerows([r[c] for c in columns] for r in some)


def write_list(out, plants):
    with open(out / "cases.csv", "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["case", "rule", "kind", "wanted", "amount", "name"])
        for p in plants:
            c = p.case
            kind = "violation" if c.violation else "lookalike"
            wanted = ";".join("%s=%d" % x for x in sorted(c.want.items()))
            w.writerow([p.tag, c.rule, kind, wanted, c.amount or "", c.name])


def copies(cases, violations, ratio):
    """Each rule's violations share the wanted number, its look-alikes ratio times that."""
    for rule, some in cases.items():
        if rule == "*":
            yield from some * violations
            continue
        hits = [c for c in some if c.violation]
        fakes = [c for c in some if not c.violation]
        wanted = max(violations, len(hits))
        for i in range(wanted if hits else 0):
            yield hits[i % len(hits)]
        for i in range(max(round(wanted * ratio), len(fakes)) if fakes else 0):
            yield fakes[i % len(fakes)]


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("--out", required=True, type=pathlib.Path)
    a.add_argument("--violations", type=int, default=3)
    a.add_argument("--lookalikes", type=float, default=5)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("files", nargs="+", type=pathlib.Path)
    o = a.parse_args()
    schema, cases = Schema(), collections.defaultdict(list)
    for place in o.files:
        found = [place] if place.is_file() else sorted(
            p for p in place.rglob("*") if p.suffix in (".rules", ".cases"))
        for path in found:
            for case in read_cases(path):
                cases[case.rule].append(case)
    order = list(copies(cases, o.violations, o.lookalikes))
    random.Random(o.seed).shuffle(order)
    plants = [Plant(schema, c, i + 1, o.seed) for i, c in enumerate(order)]
    for p in plants:
        p.make()
    write_tables(o.out, plants)
    write_list(o.out, plants)
    print("cases.py: %d cases of %d rules" % (len(plants), len(cases)))


if __name__ == "__main__":
    main()

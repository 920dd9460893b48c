# SPDX-License-Identifier: GPL-3.0-or-later
"""A small world of invented people for test_points.py: visits, their lines,
diagnoses and operations, written as core-table extracts. Every case has its own
person, so that no case meets another. Money is kept in fen. Knows nothing of
rules, and shares no code with the programs under test."""
import csv
import datetime
import os

DAY = datetime.timedelta(days=1)


def day(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d")


class Visit:
    def __init__(self, world, number, at, **facts):
        self.world, self.id, self.at = world, "M%07d" % number, at
        self.setl = "S%07d" % number
        self.facts = {"psn_no": "C%07d" % number, "med_type": "11", "gend": "1",
                      "brdy": "1980-05-05", "insutype": "310", "fixmedins_code": "H0001",
                      "fixmedins_name": "示例医院", "hosp_lv": "02", "certno": "",
                      "dscg_maindiag_code": "", "dept": "内科", "inhosp_stas": "0"}
        self.stay = facts.pop("stay", None)         # days of a stay
        self.facts.update(facts)
        self.lines, self.diags, self.oprns = [], [], []

    def line(self, item, cnt=1, fen=5000, after=0.1, **more):
        """A line `after` days from the visit's begin; cnt in units, fen a unit."""
        sn = "%04d" % (len(self.lines) + 1)
        row = {"feedetl_sn": sn, "med_list_codg": item, "cnt": cnt, "pric": fen,
               "at": self.at + datetime.timedelta(days=after), "list_type": "101"}
        row.update(more)
        row.setdefault("amount", round(cnt * fen))
        row.setdefault("inscp", row["amount"])
        self.lines.append(row)
        return sn

    def back(self, sn, after=0.5):
        """Returns a line whole."""
        of = next(r for r in self.lines if r["feedetl_sn"] == sn)
        self.lines.append(dict(of, feedetl_sn="%04d" % (len(self.lines) + 1), cnt=-of["cnt"],
                               amount=-of["amount"], inscp=-of["inscp"], init_feedetl_sn=sn,
                               at=of["at"] + datetime.timedelta(days=after)))
        return self

    def diag(self, code, **more):
        self.diags.append(dict({"diag_code": code, "diag_type": "1", "maindiag_flag": "0"}, **more))
        return self

    def oprn(self, code, after=0, **more):
        self.oprns.append(dict({"oprn_oprt_code": code, "oprn_oprt_date":
                                str((self.at + after * DAY).date())}, **more))
        return self


class World:
    def __init__(self, rng):
        self.rng, self.visits = rng, []

    def visit(self, at=None, person=None, **facts):
        at = at or day("2026-03-02") + datetime.timedelta(
            days=self.rng.randrange(20), hours=8, minutes=self.rng.randrange(60))
        v = Visit(self, len(self.visits) + 1, at, **facts)
        if person:
            v.facts["psn_no"] = person.facts["psn_no"]
        self.visits.append(v)
        return v

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        tables = {"mdtrt_d": [], "setl_d": [], "fee_list_d": [], "setl_list_diag_d": [],
                  "setl_list_oprn_d": []}
        for v in self.visits:
            self.rows_of(v, tables)
        for name, rows in tables.items():
            columns = list(dict.fromkeys(k for r in rows for k in r))
            with open(os.path.join(folder, name + "_01.csv"), "w", newline="",
                      encoding="utf-8") as f:
                out = csv.DictWriter(f, columns, restval="", lineterminator="\n")
                out.writeheader()
                out.writerows(rows)

    @staticmethod
    def rows_of(v, tables):
        end = v.at + (v.stay * DAY if v.stay else datetime.timedelta(hours=2))
        own = {k: v.facts[k] for k in ("psn_no", "fixmedins_code", "fixmedins_name", "hosp_lv",
                                       "insutype", "med_type")}
        own.update(mdtrt_id=v.id, vali_flag="1", updt_time="2026-05-01 02:00:00")
        tables["mdtrt_d"].append(dict(own, gend=v.facts["gend"], brdy=v.facts["brdy"],
                                      certno=v.facts["certno"], begntime=v.at,
                                      endtime=end if v.facts["inhosp_stas"] == "0" else "",
                                      inhosp_stas=v.facts["inhosp_stas"],
                                      dscg_maindiag_code=v.facts["dscg_maindiag_code"]))
        live = sum(r["inscp"] for r in v.lines)
        tables["setl_d"].append(dict(own, setl_id=v.setl, setl_time=end, begndate=v.at.date(),
                                     enddate=end.date(), refd_setl_flag="0",
                                     mid_setl_flag="1" if v.facts["inhosp_stas"] == "1" else "0",
                                     medfee_sumamt=yuan(sum(r["amount"] for r in v.lines)),
                                     inscp_amt=yuan(live), fund_pay_sumamt=yuan(live * 7 // 10)))
        for r in v.lines:
            row = dict(own, setl_id=v.setl, fee_ocur_time=r["at"].replace(microsecond=0),
                       bilg_dept_name=v.facts["dept"], cnt=r["cnt"], pric=yuan(r["pric"]),
                       det_item_fee_sumamt=yuan(r["amount"]), inscp_amt=yuan(r["inscp"]))
            row.update({k: x for k, x in r.items() if k not in
                        ("at", "amount", "inscp", "cnt", "pric")})
            tables["fee_list_d"].append(row)
        for i, d in enumerate(v.diags):
            tables["setl_list_diag_d"].append(dict(
                d, setl_list_diag_id="%sD%d" % (v.id, i), setl_id=v.setl, mdtrt_id=v.id,
                psn_no=v.facts["psn_no"], fixmedins_code=v.facts["fixmedins_code"],
                diag_time=v.at, vali_flag="1", updt_time="2026-05-01 02:00:00"))
        for i, o in enumerate(v.oprns):
            tables["setl_list_oprn_d"].append(dict(
                o, setl_list_oprn_id="%sO%d" % (v.id, i), setl_id=v.setl, mdtrt_id=v.id,
                psn_no=v.facts["psn_no"], fixmedins_code=v.facts["fixmedins_code"],
                vali_flag="1", updt_time="2026-05-01 02:00:00"))


def yuan(fen):
    return "%s%d.%02d" % ("-" if fen < 0 else "", abs(fen) // 100, abs(fen) % 100)

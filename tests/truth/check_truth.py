#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An independent oracle: the ten checks again, naively, on the extract files.

usage: check_truth.py DATA_DIR KNOWLEDGE_DIR

Shares no code with the generator or with fundwatch. Succeeds only when the
checks find every planted violation, none of the look-alikes, nothing else.
"""
import collections
import csv
import datetime
import glob
import gzip
import os
import statistics
import sys
import unicodedata
from decimal import Decimal, ROUND_HALF_UP

SPLIT_DAYS = 7


def text_of(path):
    raw = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def rows(folder, table):
    for path in sorted(glob.glob(os.path.join(folder, table + "_[0-9]*.csv*"))):
        yield from csv.DictReader(text_of(path).splitlines())


def knowledge(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        return list(csv.DictReader(f))


def latest(records, key):
    best = {}
    for r in records:
        k = tuple(r[x] for x in key)
        if k not in best or best[k]["updt_time"] < r["updt_time"]:
            best[k] = r
    return list(best.values())


def when(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


def visit_of(r):
    return r["fixmedins_code"] + " " + r["mdtrt_id"]


def fen(x):
    return x.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


class Data:
    """Live records. mdtrt_id is unique only within a facility: visits are told
    apart by .visit, but shown by mdtrt_id as truth.csv does."""

    def __init__(self, folder):
        self.visits = {visit_of(r): r for r in
                       latest(rows(folder, "mdtrt_d"), ("fixmedins_code", "mdtrt_id"))}
        self.load_settlements(folder)
        self.load_lines(folder)

    def load_settlements(self, folder):
        all_ = latest(rows(folder, "setl_d"), ("fixmedins_code", "mdtrt_id", "setl_id"))
        gone = {r["init_setl_id"] for r in all_ if r["init_setl_id"]}
        self.setls = [r for r in all_ if r["vali_flag"] == "1"
                      and r["refd_setl_flag"] == "0" and not r["init_setl_id"]
                      and r["setl_id"] not in gone]
        self.live_ids = {r["setl_id"] for r in self.setls}

    def load_lines(self, folder):
        # a cancelled settlement takes all its lines with it, returns included
        known = self.live_ids | {""}
        lines = [r for r in latest(rows(folder, "fee_list_d"),
                                   ("fixmedins_code", "mdtrt_id", "feedetl_sn"))
                 if r["vali_flag"] == "1" and r["setl_id"] in known]
        for r in lines:
            r["visit"] = visit_of(r)
            r["ref"] = r["mdtrt_id"] + "/" + r["feedetl_sn"]
            r["left"], r["amount"] = Decimal(r["cnt"]), Decimal(r["inscp_amt"])
            r["at"] = when(r["fee_ocur_time"])
            r["day"] = r["at"].date()
        self.net(lines)
        self.lines = [r for r in lines if r["left"] > 0 and r["setl_id"] in self.live_ids
                      and r["hosp_appr_flag"] != "2" and r["amount"] > 0]

    @staticmethod
    def net(lines):
        by_sn = {(r["visit"], r["feedetl_sn"]): r for r in lines}
        by_item = collections.defaultdict(list)
        for r in lines:
            if r["left"] > 0:
                by_item[r["visit"], r["med_list_codg"]].append(r)
        backs = [r for r in lines if r["left"] < 0]
        for r in [b for b in backs if b["init_feedetl_sn"]]:
            of = by_sn[r["visit"], r["init_feedetl_sn"]]
            of["left"] += r["left"]
            of["amount"] += r["amount"]
        for r in [b for b in backs if not b["init_feedetl_sn"]]:
            todo = -r["left"]
            for o in sorted(by_item[r["visit"], r["med_list_codg"]],
                            key=lambda o: (o["at"], o["feedetl_sn"]), reverse=True):
                if o["at"] <= r["at"] and o["left"] > 0 and todo > 0:
                    take = min(todo, o["left"])
                    o["left"] -= take
                    o["amount"] += r["amount"] * take / -r["left"]
                    todo -= take


def key(person, *refs):
    """Visit numbers of two facilities may meet, so the person belongs to a key."""
    return frozenset((person,) + refs)


def is_stay(v):
    return v["med_type"][0] == "2" or v["med_type"].startswith("52")


def dup_same_day(d, k):
    caps = {r["项目"]: Decimal(r["次数"]) for r in knowledge(k, "daily_cap.csv")}
    free = {r["项目"] for r in knowledge(k, "repeatable_items.csv")}
    daily = tuple(r["项目"] for r in knowledge(k, "daily_items.csv"))
    cells = collections.defaultdict(list)
    for r in d.lines:
        if r["list_type"] == "201" and r["med_list_codg"] not in free:
            cells[r["psn_no"], r["med_list_codg"], r["day"]].append(r)
    for (person, item, _), ls in cells.items():
        n, cap = sum(r["left"] for r in ls), caps.get(item, Decimal(1))
        if item.startswith(daily):  # on the day of a transfer each house has its own
            cap *= len({r["fixmedins_code"] for r in ls})
        if n > cap:
            amount = sum(r["amount"] for r in ls) * (n - cap) / n
            yield key(person, *(r["ref"] for r in ls)), fen(amount)


def beside(window, a, b):
    if window == "单次就诊":
        return a["visit"] == b["visit"]
    if window == "单日":
        return a["day"] == b["day"]
    if window == "6小时":  # a clock that is always midnight is no clock
        known = any(x["at"].time() != datetime.time() for x in (a, b))
        return known and abs(a["at"] - b["at"]) <= datetime.timedelta(hours=6)
    return a["at"].replace(minute=0, second=0) == b["at"].replace(minute=0, second=0)


def pairs_of(d, table):
    by = collections.defaultdict(list)
    for r in d.lines:
        by[r["psn_no"], r["med_list_codg"]].append(r)
    persons = collections.defaultdict(set)
    for p, item in by:
        persons[item].add(p)
    for a, b, window in table:
        for p in persons[a] & persons[b]:
            for la in by[p, a]:
                for lb in by[p, b]:
                    if beside(window, la, lb):
                        yield key(p, la["ref"], lb["ref"]), fen(lb["amount"])


def dup_pair(d, k):
    return pairs_of(d, [(r["项目甲"], r["项目乙"], r["窗口"])
                        for r in knowledge(k, "duplicate_pairs.csv")])


def test_panel(d, k):
    return pairs_of(d, [(r["组合"], r["组分"], "单日")
                        for r in knowledge(k, "panel_components.csv")])


def dup_settlement(d, k):
    by = collections.defaultdict(list)
    for s in d.setls:
        if Decimal(s["fund_pay_sumamt"]) > 0:
            by[s["psn_no"], s["fixmedins_code"]].append(s)
    for ss in by.values():
        ss.sort(key=lambda s: (s["setl_time"], s["setl_id"]))
        for i, a in enumerate(ss):
            for b in ss[i + 1:]:
                over = a["begndate"] <= b["enddate"] and b["begndate"] <= a["enddate"]
                same = a["medfee_sumamt"] == b["medfee_sumamt"] or a["invono"] == b["invono"]
                kinds = (a["insutype"] == b["insutype"]
                         and "3" not in (a["setl_type"], b["setl_type"]))
                if over and same and kinds and a["mid_setl_flag"] == "0":
                    yield (key(a["psn_no"], a["setl_id"], b["setl_id"]),
                           Decimal(b["fund_pay_sumamt"]))


def test_repeat(d, k):
    days = {r["项目"]: int(r["天数"]) for r in knowledge(k, "test_interval.csv")}
    by = collections.defaultdict(list)
    for r in d.lines:
        if r["med_list_codg"] in days:
            by[r["psn_no"], r["med_list_codg"]].append(r)
    for (person, item), ls in by.items():
        ls.sort(key=lambda r: (r["at"], r["ref"]))
        for a, b in zip(ls, ls[1:]):
            if 0 < (b["day"] - a["day"]).days < days[item]:
                yield key(person, a["ref"], b["ref"]), fen(b["amount"])


def stays_of(d):
    fund = collections.Counter()
    for s in d.setls:
        fund[visit_of(s)] += Decimal(s["fund_pay_sumamt"])
    by = collections.defaultdict(list)
    for v in d.visits.values():
        if is_stay(v) and v["endtime"]:
            v["b"], v["e"] = when(v["begntime"]), when(v["endtime"])
            v["fund"] = fund[visit_of(v)]
            by[v["psn_no"]].append(v)
    for vs in by.values():
        vs.sort(key=lambda v: (v["b"], v["mdtrt_id"]))
    return by


def stay_split(d, k):
    planned = tuple(r["诊断"] for r in knowledge(k, "planned_readmission.csv"))
    for vs in stays_of(d).values():
        for i, a in enumerate(vs):
            for b in vs[i + 1:]:
                gap = (b["b"].date() - a["e"].date()).days
                if (a["fixmedins_code"] == b["fixmedins_code"] and 0 <= gap <= SPLIT_DAYS
                        and a["dscg_maindiag_code"][:3] == b["dscg_maindiag_code"][:3]
                        and not b["dscg_maindiag_code"].startswith(planned)
                        and a["dscg_way"] != "2" and "28" not in (a["med_type"], b["med_type"])):
                    yield key(a["psn_no"], a["mdtrt_id"], b["mdtrt_id"]), b["fund"]


def stay_overlap(d, k):
    for vs in stays_of(d).values():
        for i, a in enumerate(vs):
            for b in vs[i + 1:]:
                shared = (min(a["e"].date(), b["e"].date()) - b["b"].date()).days
                if shared > 1:
                    yield key(a["psn_no"], a["mdtrt_id"], b["mdtrt_id"]), b["fund"]


def stay_outside(d, k):
    stays = stays_of(d)
    for s in d.setls:
        if Decimal(s["fund_pay_sumamt"]) <= 0 or s["med_type"][:2] not in (
                "11", "12", "13", "14", "15", "16", "51", "41"):
            continue
        day = datetime.date.fromisoformat(s["begndate"])
        for v in stays.get(s["psn_no"], ()):
            own = v["fixmedins_code"] == s["fixmedins_code"] and s["med_type"][:2] == "14"
            if v["b"].date() < day < v["e"].date() and not own:
                yield (key(s["psn_no"], v["mdtrt_id"], s["mdtrt_id"]),
                       Decimal(s["fund_pay_sumamt"]))


def subst_name(d, k):
    names = {r["药名"]: r["通用名"] for r in knowledge(k, "drug_names.csv")}
    right = {r["项目"]: r["通用名"] for r in knowledge(k, "item_generic_names.csv")}
    price = {r["通用名"]: Decimal(r["参考价"]) for r in knowledge(k, "generic_price.csv")}
    known = {}
    for r in d.lines:
        item, name = r["med_list_codg"], r["medins_list_name"]
        if item not in right:
            continue
        if name not in known:
            plain = "".join(unicodedata.normalize("NFKC", name).split())
            hits = [n for n in names if n in plain]
            known[name] = names[max(hits, key=len)] if hits else None
        if known[name] and known[name] != right[item]:
            paid = Decimal(r["pric"])
            over = max(paid - price.get(known[name], paid), Decimal(0))
            yield key(r["psn_no"], r["ref"]), fen(r["amount"] * over / paid)


def subst_price_tier(d, k):
    groups = {r["项目"]: (r["替代组"], r["高价"] == "是")
              for r in knowledge(k, "substitution_groups.csv")}
    level = {v["fixmedins_code"]: v["hosp_lv"] for v in d.visits.values()}
    cells = collections.defaultdict(lambda: [0, 0])
    for r in d.lines:
        if r["med_list_codg"] in groups:
            g, dear = groups[r["med_list_codg"]]
            c = cells[r["fixmedins_code"], r["day"].strftime("%Y-%m"), g]
            c[0] += 1
            c[1] += dear
    peers = collections.defaultdict(list)
    for (f, m, g), (n, dear) in cells.items():
        if n >= 20:
            peers[level[f], m, g].append((dear / n, f))
    for (_, m, g), xs in peers.items():
        shares = [x for x, _ in xs]
        mid = statistics.median(shares)
        mad = statistics.median(abs(x - mid) for x in shares)
        for x, f in xs:
            if len(xs) >= 8 and x > mid + 3 * mad and x - mid >= 0.3:
                yield frozenset((f, m, g)), None


CHECKS = {
    "dup.same_day": dup_same_day, "dup.pair": dup_pair,
    "dup.settlement": dup_settlement, "subst.price_tier": subst_price_tier,
    "subst.name": subst_name, "test.repeat": test_repeat, "test.panel": test_panel,
    "stay.split": stay_split, "stay.overlap": stay_overlap, "stay.outside": stay_outside,
}


def truth_key(t):
    if t["rule"] == "subst.price_tier":
        return frozenset((t["fixmedins_code"], t["date"], t["key"]))
    if t["rule"].startswith("stay."):
        return key(t["psn_no"], *t["mdtrt_ids"].split(";"))
    return key(t["psn_no"], *t["lines"].split(";"))


def main():
    folder, know = sys.argv[1:3]
    data = Data(folder)
    with open(os.path.join(folder, "truth.csv"), encoding="utf-8") as f:
        truth = list(csv.DictReader(f))
    bad = 0
    for rule, check in CHECKS.items():
        found = dict(check(data, know))
        want = {truth_key(t): t for t in truth if t["rule"] == rule and t["kind"] == "violation"}
        fake = {truth_key(t): t for t in truth if t["rule"] == rule and t["kind"] == "lookalike"}
        # three lines of which one went back: the truth names the two that stayed
        missed = [t for x, t in want.items() if x not in found]
        extra = [x for x in found if x not in want]
        sums = [(t, found[x]) for x, t in want.items() if x in found and t["amount"]
                and Decimal(t["amount"]) != found[x]]
        print("%-17s planted %4d found %4d missed %3d extra %3d" % (
            rule, len(want), len(found), len(missed), len(extra)),
            "(look-alikes %d of %d) wrong sums %d" % (
            sum(x in fake for x in extra), len(fake), len(sums)))
        for t in missed[:5]:
            print("   missed", t["why"], t["psn_no"], t["mdtrt_ids"], t["lines"])
        for x in extra[:5]:
            print("   extra ", fake.get(x, {}).get("why", "not planted"), sorted(x))
        for t, a in sums[:5]:
            print("   sum   ", t["why"], t["lines"], t["amount"], a)
        bad += len(missed) + len(extra) + len(sums)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())

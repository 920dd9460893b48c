#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two evaluators on wild data: `fundwatch scan` against naive checks.

usage: differ.py DATA_DIR KNOWLEDGE_DIR FINDINGS.ndjson

Nothing is planted in wild data, so there is no truth: both must find the same
with the same sums. Rules that pick the nearest 甲 are compared by their 乙.
"""
import collections
import datetime
import functools
import json
import statistics
import sys
import unicodedata
from decimal import Decimal

import practice
from check_truth import Data, fen, is_stay, knowledge, visit_of, when

SHOWN = 6
NO_SUM = {"subst.price_tier", "person.three_places"}


def line_ref(r):
    return "%s|%s|%s" % (r["psn_no"], r["mdtrt_id"], r["feedetl_sn"])


def by_person_item(data, items):
    out = collections.defaultdict(list)
    for r in data.lines:
        if r["med_list_codg"] in items:
            out[r["psn_no"], r["med_list_codg"]].append(r)
    return out


def same_day(data, know):
    caps = {r["项目"]: Decimal(r["次数"]) for r in knowledge(know, "daily_cap.csv")}
    free = {r["项目"] for r in knowledge(know, "repeatable_items.csv")}
    daily = tuple(r["项目"] for r in knowledge(know, "daily_items.csv"))
    cells = collections.defaultdict(list)
    for r in data.lines:
        if r["list_type"] == "201" and r["med_list_codg"] not in free:
            cells[r["psn_no"], r["med_list_codg"], r["day"]].append(r)
    for (person, item, day), lines in cells.items():
        count = sum(r["left"] for r in lines)
        cap = caps.get(item, Decimal(1))
        if item.startswith(daily):  # each house its own on the day of a transfer
            cap *= len({r["fixmedins_code"] for r in lines})
        if count > cap:
            yield (person, item, str(day)), fen(
                sum(r["amount"] for r in lines) * (count - cap) / count)


def clock(r):
    return r["at"].time() != datetime.time()


def within(window, a, b):
    """True, False, or None where the clock does not tell."""
    if window == "单次就诊":
        return a["visit"] == b["visit"]
    if window == "单日":
        return a["day"] == b["day"]
    sure = clock(a) and clock(b)
    if window == "6小时":
        apart = abs(a["at"] - b["at"])
        slack = datetime.timedelta(0) if sure else datetime.timedelta(days=1)
        if apart + slack <= datetime.timedelta(hours=6):
            return True
        return None if apart - slack <= datetime.timedelta(hours=6) else False
    if not sure:
        return None if a["day"] == b["day"] else False
    return a["at"].replace(minute=0) == b["at"].replace(minute=0)


def table_pairs(data, rows):
    lines = by_person_item(data, {c for r in rows for c in r[:2]})
    people = collections.defaultdict(set)
    for person, item in lines:
        people[item].add(person)
    for a, b, window in rows:
        for person in people[a] & people[b]:
            for second in lines[person, b]:
                if any(within(window, first, second) for first in lines[person, a]):
                    yield (a, b, line_ref(second)), fen(second["amount"])


def pair(data, know):
    return table_pairs(data, [(r["项目甲"], r["项目乙"], r["窗口"])
                              for r in knowledge(know, "duplicate_pairs.csv")])


def panel(data, know):
    return table_pairs(data, [(r["组合"], r["组分"], "单日")
                              for r in knowledge(know, "panel_components.csv")])


def repeat(data, know):
    days = {r["项目"]: int(r["天数"]) for r in knowledge(know, "test_interval.csv")}
    for (_, item), lines in by_person_item(data, days).items():
        for b in lines:
            if any(0 < (b["day"] - a["day"]).days < days[item] for a in lines):
                yield (line_ref(b),), fen(b["amount"])


def settled_twice(data, _know):
    groups = collections.defaultdict(list)
    for s in data.setls:
        groups[s["psn_no"], s["fixmedins_code"]].append(s)
    for group in groups.values():
        for b in group:
            if any(repeats(a, b) for a in group):
                yield (b["setl_id"],), Decimal(b["fund_pay_sumamt"])


def repeats(a, b):
    """Does b settle once more what a has settled?"""
    return (a is not b and (a["setl_time"], a["order"]) < (b["setl_time"], b["order"])
            and a["begndate"] <= b["enddate"] and b["begndate"] <= a["enddate"]
            and (a["medfee_sumamt"] == b["medfee_sumamt"] or a["invono"] == b["invono"])
            and min(Decimal(x["fund_pay_sumamt"]) for x in (a, b)) > 0
            and a["mid_setl_flag"] == "0" and a["insutype"] == b["insutype"]
            and "3" not in (a["setl_type"], b["setl_type"]))


def visits_of(data):
    fund, settled = collections.Counter(), set()
    for s in data.setls:
        fund[visit_of(s)] += Decimal(s["fund_pay_sumamt"])
        settled.add(visit_of(s))
    out = collections.defaultdict(list)
    for name, v in data.visits.items():
        if name not in settled:
            continue
        v["b"], v["fund"], v["name"] = when(v["begntime"]), fund[name], name
        v["e"] = when(v["endtime"]) if v["endtime"] else None
        out[v["psn_no"]].append(v)
    return out


def before(a, b):
    return (a["b"], a["name"]) < (b["b"], b["name"])


def split(data, know):
    planned = tuple(r["诊断"] for r in knowledge(know, "planned_readmission.csv"))
    for visits in visits_of(data).values():
        stays = [v for v in visits if is_stay(v)]
        for b in stays:
            if any(a is not b and before(a, b) and a["e"]
                   and a["fixmedins_code"] == b["fixmedins_code"]
                   and 0 <= (b["b"].date() - a["e"].date()).days <= 7
                   and a["dscg_maindiag_code"][:3] == b["dscg_maindiag_code"][:3]
                   and not b["dscg_maindiag_code"].startswith(planned)
                   and a["dscg_way"] != "2" and "28" not in (a["med_type"], b["med_type"])
                   for a in stays):
                yield (b["psn_no"], b["mdtrt_id"]), b["fund"]


def overlap(data, _know):
    for visits in visits_of(data).values():
        stays = [v for v in visits if is_stay(v) and v["e"]]
        for b in stays:
            for a in stays:
                if (a is not b and before(a, b) and (b["e"].date() - b["b"].date()).days >= 2
                        and (a["e"].date() - b["b"].date()).days >= 2):
                    yield (b["psn_no"], a["mdtrt_id"], b["mdtrt_id"]), b["fund"]


def outside(data, _know):
    for visits in visits_of(data).values():
        stays = [v for v in visits if is_stay(v) and v["e"]]
        for v in visits:
            if not is_stay(v) and v["fund"] > 0 and any(
                    s["b"].date() < v["b"].date() < s["e"].date() and not
                    (s["fixmedins_code"] == v["fixmedins_code"] and v["med_type"][:2] == "14")
                    for s in stays):
                yield (v["psn_no"], v["mdtrt_id"]), v["fund"]


def name(data, know):
    names = [(r["药名"], r["通用名"]) for r in knowledge(know, "drug_names.csv")]
    right = {r["项目"]: r["通用名"] for r in knowledge(know, "item_generic_names.csv")}
    price = {r["通用名"]: Decimal(r["参考价"]) for r in knowledge(know, "generic_price.csv")}
    for r in data.lines:
        generic = right.get(r["med_list_codg"])
        plain = unicodedata.normalize("NFKC", r["medins_list_name"])
        for word, meant in names:
            if generic and word in plain and meant != generic:
                paid = Decimal(r["pric"])
                over = max(paid - price.get(meant, paid), Decimal(0))
                yield (line_ref(r), word), fen(r["amount"] * over / paid)


def tier(data, know):
    groups = {r["项目"]: (r["替代组"], r["高价"] == "是")
              for r in knowledge(know, "substitution_groups.csv")}
    level = {v["fixmedins_code"]: v["hosp_lv"] for v in data.visits.values()}
    cells = collections.defaultdict(list)
    for r in data.lines:
        if r["med_list_codg"] in groups:
            group, dear = groups[r["med_list_codg"]]
            cells[r["fixmedins_code"], r["day"].strftime("%Y-%m"), group].append(dear)
    peers = collections.defaultdict(dict)
    for (fac, month, group), dear in cells.items():
        if len(dear) >= 20:
            peers[level[fac], month, group][fac] = Decimal(sum(dear)) / len(dear)
    for (_, month, group), shares in peers.items():
        mid = statistics.median(shares.values())
        mad = statistics.median(abs(x - mid) for x in shares.values())
        for fac, x in shares.items():
            if len(shares) >= 8 and x > mid + 3 * mad and x > mid + Decimal("0.3"):
                yield (fac, month, group), None


CHECKS = {"dup.same_day": same_day, "dup.pair": pair, "dup.settlement": settled_twice,
          "test.repeat": repeat, "test.panel": panel, "stay.split": split,
          "stay.overlap": overlap, "stay.outside": outside, "subst.name": name,
          "subst.price_tier": tier}
CHECKS.update({rule: functools.partial(check, visits_of)
               for rule, check in practice.CHECKS.items()})


def key_of(f):
    """The key the naive checks use, taken from a finding."""
    rule, person = f["rule"], f["subject"]["id"]
    second = next((r for r in f["records"] if r["role"] == "this"), f["records"][0])
    line = "%s|%s|%s" % (person, second["mdtrt_id"], second["id"])
    if rule == "dup.same_day":
        return (person, f["key"]["med_list_codg"], f["key"]["day"])
    if rule in ("dup.pair", "test.panel"):
        a, b = list(f["key"].values())[-2:]
        return (a, b, line)
    if rule == "test.repeat":
        return (line,)
    if rule == "subst.name":
        return (line, f["key"]["药名"])
    if rule in ("hours.days", "hours.stay"):
        return tuple(f["key"].values())
    if rule == "person.three_places":
        return (person, f["key"]["day"])
    if rule == "dup.settlement":
        return (second["id"],)
    if rule == "stay.overlap":
        first = next(r for r in f["records"] if r["role"] == "against")
        return (person, first["mdtrt_id"], second["mdtrt_id"])
    if rule == "subst.price_tier":
        return (person, f["key"]["month"], f["key"]["替代组"])
    return (person, second["mdtrt_id"])


def main():
    folder, know, findings = sys.argv[1:4]
    data = Data(folder)
    for s in data.setls:
        s["order"] = (s["fixmedins_code"], s["mdtrt_id"], s["setl_id"])
    got = collections.defaultdict(collections.Counter)
    with open(findings, encoding="utf-8") as lines:
        for f in map(json.loads, lines):
            if f["rule"] not in CHECKS:
                continue  # not checked twice
            amount = None if f["rule"] in NO_SUM else Decimal(f["amount"])
            got[f["rule"]][key_of(f), amount] += 1
    bad = 0
    for rule, check in CHECKS.items():
        want = collections.Counter(check(data, know))
        missing, extra = want - got[rule], got[rule] - want
        print("%-17s naive %5d scan %5d missing %3d extra %3d" % (
            rule, want.total(), got[rule].total(), missing.total(), extra.total()))
        for k in sorted(missing)[:SHOWN]:
            print("   missing", *k)
        for k in sorted(extra)[:SHOWN]:
            print("   extra  ", *k)
        bad += missing.total() + extra.total()
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())

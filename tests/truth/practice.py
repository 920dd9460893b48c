#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Naive checks of some rules of practice, for differ.py: each yields a key and a sum."""
import collections
import datetime
from decimal import Decimal

from check_truth import fen, is_stay, knowledge

OUTPATIENT = ("11", "12", "13", "14", "15", "16", "51", "81")
DAYS, HOURS, PLACES, MINUTES = 2, 1, 3, 10


def longest(rows, code, column):
    hits = [r for r in rows if code.startswith(r["项目"])]
    return max(hits, key=lambda r: len(r["项目"]))[column] if hits else None


def watch(visits_of, data, know):
    planned = tuple(r["诊断"] for r in knowledge(know, "planned_readmission.csv"))
    for visits in visits_of(data).values():
        stays = [v for v in visits if is_stay(v)]
        for b in stays:
            if any(a["e"] and a["fixmedins_code"] == b["fixmedins_code"]
                   and 8 <= (b["b"].date() - a["e"].date()).days <= 15
                   and a["dscg_maindiag_code"][:3] == b["dscg_maindiag_code"][:3]
                   and not b["dscg_maindiag_code"].startswith(planned)
                   and a["dscg_way"] != "2" and "28" not in (a["med_type"], b["med_type"])
                   for a in stays):
                yield (b["psn_no"], b["mdtrt_id"]), b["fund"]


def three_places(visits_of, data, _know):
    for person, visits in visits_of(data).items():
        days = collections.defaultdict(set)
        for v in visits:
            if v["med_type"][:2] in OUTPATIENT and v["fund"] > 0:
                days[v["b"].date()].add(v["fixmedins_code"])
        for day, places in days.items():
            if len(places) >= PLACES:
                yield (person, str(day)), None


def two_places(visits_of, data, _know):
    near = datetime.timedelta(minutes=MINUTES)
    for visits in visits_of(data).values():
        some = [v for v in visits if v["med_type"][:2] in OUTPATIENT and v["fund"] > 0]
        for b in some:
            if any(a is not b and a["fixmedins_code"] != b["fixmedins_code"]
                   and datetime.timedelta() <= b["b"] - a["b"] <= near for a in some):
                yield (b["psn_no"], b["mdtrt_id"]), b["fund"]


def by_stay(visits_of, data, kind_of):
    """Lines of one kind in one finished stay."""
    stays = {(v["fixmedins_code"], v["mdtrt_id"]): v
             for visits in visits_of(data).values() for v in visits if is_stay(v) and v["e"]}
    cells = collections.defaultdict(list)
    for r in data.lines:
        v, kind = stays.get((r["fixmedins_code"], r["mdtrt_id"])), kind_of(r["med_list_codg"])
        if v and kind:
            cells[r["psn_no"], kind, r["fixmedins_code"], r["mdtrt_id"]].append(r)
    for key, lines in cells.items():
        yield key[:2] + key[3:], stays[key[2:]], lines


def above(lines, cap):
    n = sum(r["left"] for r in lines)
    return fen(sum(r["amount"] for r in lines) * (n - cap) / n) if n > cap else None


def days(visits_of, data, know):
    rows = knowledge(know, "daily_items.csv")
    for key, v, lines in by_stay(visits_of, data, lambda c: longest(rows, c, "类")):
        if v["dscg_maindiag_code"][:1] in "OP":
            continue
        money = above(lines, Decimal((v["e"].date() - v["b"].date()).days + DAYS))
        if money is not None:
            yield key, money


def hours(visits_of, data, know):
    items = tuple(r["项目"] for r in knowledge(know, "hourly_items.csv"))
    for key, v, lines in by_stay(visits_of, data, lambda c: c if c.startswith(items) else None):
        money = above(lines, Decimal(int((v["e"] - v["b"]).total_seconds()) // 3600 + HOURS))
        if money is not None:
            yield key, money


CHECKS = {"stay.split_watch": watch, "person.three_places": three_places,
          "person.two_places": two_places, "hours.days": days, "hours.stay": hours}

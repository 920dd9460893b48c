#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every knowledge point at work: for rows of the shipped tables one visit that breaks the point
and one that keeps it, made here by csv and by the book; `fundwatch scan` must report the first
with the amount of the book, and nothing about the second.

usage: test_points.py FUNDWATCH RULES [--all]      (--all: not 150 rows a table, but each)
"""
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

from world import World, day, yuan

SOME = 150
ADULT, CHILD, OLD = "1980-05-05", "2020-05-05", "1950-05-05"
FEN = 5000


def one_line(world, code, fen=FEN, line=None, **facts):
    v = world.visit(**facts)
    v.line(code, 1, fen, **(line or {}))
    return v


def sex(row, world, service=False):
    wrong, right = ("2", "1") if row["限定"] == "男" else ("1", "2")
    kind = {"list_type": "201"} if service else {}
    return (one_line(world, row["项目"], gend=wrong, line=kind),
            one_line(world, row["项目"], gend=right, line=kind))


def item_sex(row, world):
    return sex(row, world, True)


def child(row, world):
    return (one_line(world, row["项目"], brdy=ADULT), one_line(world, row["项目"], brdy=CHILD))


def work_injury(row, world):
    if row["限定"] != "工伤":
        return None
    return (one_line(world, row["项目"]), one_line(world, row["项目"], line={"inscp": 0}))


def maternity(row, world):
    if row["限定"] != "生育":
        return None
    return (one_line(world, row["项目"], med_type="21", stay=3),
            one_line(world, row["项目"], med_type="52", stay=3))


def visit_kind(row, world):
    keeps = {"med_type": "13"} if row["限定"] == "急诊或住院" else {"med_type": "21", "stay": 3}
    return one_line(world, row["项目"], med_type="11"), one_line(world, row["项目"], **keeps)


def hospital_level(row, world):
    breaks = one_line(world, row["项目"], hosp_lv="08", med_type="21", stay=3)
    keeps = one_line(world, row["项目"], hosp_lv="02", med_type="21", stay=3)
    return (None if row["限定"] == "首次二级" else breaks), keeps


def herb_never(row, world):
    if row["限定"] != "单复方":
        return None
    kind = {"list_type": "102"}
    return (one_line(world, row["项目"], line=kind),
            one_line(world, row["项目"], line=dict(kind, hosp_appr_flag="2")))


def herb_alone(row, world):
    breaks = one_line(world, row["项目"], line={"list_type": "102"})
    keeps = one_line(world, row["项目"], line={"list_type": "102"})
    keeps.line("T000000001", 1, 100, list_type="102")
    return breaks, keeps


def internet(row, world):
    return (one_line(world, row["项目"], dept="互联网门诊"),
            one_line(world, row["项目"], dept="疼痛科"))


def course(row, world):
    limit = int(row["限定"])
    breaks, keeps = (world.visit(med_type="21", stay=limit + 2, at=day("2026-01-05"))
                     for _ in range(2))
    for i in range(limit + 2):
        breaks.line(row["项目"], 1, FEN, i + 0.4)
    for i in range(limit):
        keeps.line(row["项目"], 1, FEN, i + 0.4)
    return breaks, keeps, 2 * FEN


def item_course(row, world):
    return course(row, world) if int(row["限定"]) < 300 else None


def item_visit_kind(row, world):
    kind = {"list_type": "201"}
    inside = one_line(world, row["项目"], med_type="21", stay=9, line=dict(kind, after=5))
    outside = one_line(world, row["项目"], med_type="11", line=kind)
    return (outside, inside) if row["限定"] == "住院" else (inside, outside)


def item_age(row, world):
    return one_line(world, row["项目"], brdy=OLD), one_line(world, row["项目"], brdy=ADULT)


def whole(prefix):
    return prefix + ("A001010100001" if prefix.startswith("X") else "010100001")


def indication(row, world):
    if not row["组"]:
        return None
    return (one_line(world, whole(row["项目"]), dscg_maindiag_code="W19.900"),
            one_line(world, whole(row["项目"]), dscg_maindiag_code=""))


def second_line(row, world):
    if row["线"] == "一线":
        return None
    keeps = one_line(world, whole(row["项目"]))
    keeps.line(row["项目"][0] + row["组"] + "ZZ999A001010100001", 1, 100)
    return one_line(world, whole(row["项目"])), keeps


def diagnosis_sex(row, world):
    wrong, right = ("2", "1") if row["限定"] == "男" else ("1", "2")
    return (world.visit(gend=wrong).diag(row["诊断"]), world.visit(gend=right).diag(row["诊断"]))


def operation_sex(row, world):
    wrong, right = ("2", "1") if row["限定"] == "男" else ("1", "2")
    return (world.visit(gend=wrong, med_type="21", stay=3).oprn(row["手术"]),
            world.visit(gend=right, med_type="21", stay=3).oprn(row["手术"]))


def diagnosis_age(row, world):
    breaks = OLD if row["年龄上限"] else "2020-01-05"
    if row["年龄下限"] and row["年龄上限"]:
        keeps = "1996-01-05"
    else:
        keeps = OLD if row["年龄下限"] else "2025-12-05"
    return (world.visit(brdy=breaks).diag(row["诊断"]), world.visit(brdy=keeps).diag(row["诊断"]))


# rule, table, what breaks and keeps a row; the amount is the line's unless the function says
POINTS = (
    ("use.sex", "drug_sex", sex), ("care.sex", "item_sex", item_sex),
    ("use.child_only", "drug_child_only", child), ("care.child_only", "item_age", child),
    ("drug.child", "drug_child_pay", child), ("drug.work_injury", "drug_insurance", work_injury),
    ("drug.maternity", "drug_insurance", maternity),
    ("drug.visit_kind", "drug_visit_kind", visit_kind),
    ("drug.hospital_level", "drug_hospital_level", hospital_level),
    ("drug.tcm_never", "tcm_unpaid", herb_never), ("drug.tcm_alone", "tcm_unpaid", herb_alone),
    ("drug.internet", "drug_internet", internet), ("drug.course", "drug_course", course),
    ("item.visit_kind", "item_visit_kind", item_visit_kind),
    ("item.course", "item_course", item_course),
    ("item.age", "item_age_band", item_age), ("drug.indication", "drug_indication", indication),
    ("drug.second_line", "drug_second_line", second_line),
    ("data.diag_sex", "diag_sex", diagnosis_sex), ("data.oprn_sex", "oprn_sex", operation_sex),
    ("data.diag_age", "diag_age", diagnosis_age),
)


def rows_in_force(folder, name, every):
    with open(os.path.join(folder, "knowledge", name + ".csv"), encoding="utf-8") as f:
        rows = [r for r in csv.DictReader(f) if (r.get("begndate") or "0") <= "2026-01-01"
                and (r.get("enddate") or "9") >= "2026-12-31"]
    return rows if every else random.Random(name).sample(rows, min(SOME, len(rows)))


def plant(folder, every):
    world, wanted = World(random.Random(1)), []
    for rule, table, make in POINTS:
        for row in rows_in_force(folder, table, every):
            made = make(row, world)
            if made:
                fen = made[2] if len(made) > 2 else FEN if made[1].lines else None
                wanted.append((rule, row, made[0], made[1], fen))
    return world, wanted


def scan(program, rules, world):
    with tempfile.TemporaryDirectory() as folder:
        world.write(os.path.join(folder, "data"))
        out = os.path.join(folder, "findings")
        names = [a for r in dict.fromkeys(p[0] for p in POINTS) for a in ("--rule", r)]
        subprocess.run([program, "scan", "--rules", rules, *names, "--format", "ndjson", "-o", out,
                        os.path.join(folder, "data")], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        found = {}
        with open(out, encoding="utf-8") as f:
            for x in map(json.loads, f):
                for visit in {r["mdtrt_id"] for r in x["records"]}:
                    found[x["rule"], visit] = x
    return found


def main():
    program, rules = sys.argv[1:3]
    world, wanted = plant(rules, "--all" in sys.argv)
    found = scan(program, rules, world)
    count, wrong = {}, []
    for rule, row, breaks, keeps, fen in wanted:
        n = count.setdefault(rule, [0, 0])
        x = found.get((rule, breaks.id)) if breaks else None
        n[0] += breaks is not None
        n[1] += 1
        what = "%s %s" % (rule, next(iter(row.values())))
        if breaks and not x:
            wrong.append(what + ": not reported")
        elif x and fen and x.get("amount") != yuan(fen):
            wrong.append("%s: %s, by the book %s" % (what, x.get("amount"), yuan(fen)))
        if (rule, keeps.id) in found:
            wrong.append(what + ": reported though kept: " + found[rule, keeps.id]["sentence"])
    for rule, (breaks, keeps) in count.items():
        print("%-20s %5d points broken, %5d kept" % (rule, breaks, keeps))
    print("\n".join(wrong[:40]))
    print("%d points, %d wrong" % (len(wanted), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the order, the files, the repetitions and the restarts: the same live findings.

Random little histories with every shape of refund (flagged, mirrored, negative lines with and
without link, rows declared invalid, settlements in the middle of a stay), corrections that give
records to somebody else, and cancellations before their originals. Each is taken in at once and
again in other ways through daemon and database; a case that differs is made smaller first, row
by row and rule by rule. Half of the cases have rules and rows of their own here, half are drawn by
the generator of tests/reference (random thresholds, windows, pairs, tables, exceptions, peers).

    test_daemon_order.py [CASES_OF_EACH [WAYS [SEED]]]
"""
import os
import pathlib
import random
import shutil
import sys

from daemon_lib import BIN, Box, STREAMS, run, scan

REFERENCE = f"{BIN}/../tests/reference_case"

HEAD = """
规则 {id} 「{title}」
  版本      1
  类别      管理类
  性质      {nature}
  环节      事后
  级别      中
  状态      启用
"""
RULES = [
    ("o.day", "同日多次", "可疑", """  看        费用明细
  归并      人员、项目、自然日
  触发      合计(数量) > 1
  违规金额  合计(符合范围金额) × (合计(数量) − 1) ÷ 合计(数量)
  说明      {人员}{合计(数量)}次
"""),
    ("o.week", "七天多次", "违规", """  看        费用明细
  归并      人员、项目
  窗口      7 天
  触发      合计(数量) > 2
  违规金额  合计(符合范围金额)
  说明      {人员}{合计(数量)}次
"""),
    ("o.stay", "住院费用高", "线索", """  看        住院
  条件      医疗费总额 > 100 元
  违规金额  医疗费总额
  说明      {人员}
"""),
    ("o.month", "机构一月", "可疑", """  看        费用明细
  归并      机构、自然月
  触发      合计(数量) > 6 且 不同(人员) > 1
  违规金额  合计(符合范围金额)
  说明      {机构}{自然月}{合计(数量)}次
"""),
]
FILES = {
    "mdtrt_d": "mdtrt_id,fixmedins_code,psn_no,begntime,endtime,med_type,updt_time,vali_flag",
    "setl_d": ("setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,med_type,medfee_sumamt,"
               "fund_pay_sumamt,refd_setl_flag,init_setl_id,updt_time,vali_flag"),
    "fee_list_d": ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,"
                   "cnt,pric,det_item_fee_sumamt,inscp_amt,init_feedetl_sn,updt_time,vali_flag"),
}


def when(r):
    return f"2026-05-0{r.randrange(1, 9)} {r.randrange(10, 20)}:00:00"


def visit_rows(r, number):
    """One visit and what became of it: (file, row) in no order."""
    visit, facility, person = f"M{number}", f"H{number % 2}", f"P{number % 3}"
    stay = number % 2 == 0
    day = r.randrange(1, 9)
    kind = "21" if stay else "11"
    rows = [("mdtrt_d", f"{visit},{facility},{person},2026-03-{day:02} 08:00:00,"
                        f"2026-03-{day + 6:02} 18:00:00,{kind},2026-04-01 10:00:00,1")]
    settlements = [f"S{number}a"] + ([f"S{number}b"] if stay and r.random() < 0.5 else [])

    def setl(name, amount, flag="0", origin="", at="2026-04-01 10:00:00", valid="1", who=person):
        return ("setl_d", f"{name},{visit},{facility},{who},2026-03-{day + 6:02} 19:00:00,{kind},"
                          f"{amount},{amount},{flag},{origin},{at},{valid}")

    def fee(name, item, count, price, after=0, origin="", at="2026-04-01 10:00:00", valid="1",
            who=person):
        amount = f"{count * price:.2f}"
        return ("fee_list_d", f"{name},{visit},{r.choice(settlements)},{facility},{who},"
                              f"2026-03-{day + after:02} 09:00:00,{item},{count},{price:.2f},"
                              f"{amount},{amount},{origin},{at},{valid}")

    for name in settlements:
        rows.append(setl(name, "150.00"))
        shape = r.randrange(6)
        if shape == 0:
            rows.append(setl(name, "150.00", flag="1", at=when(r)))
        elif shape == 1:
            rows.append(setl(name + "-", "-150.00", flag="1", origin=name, at=when(r)))
        elif shape == 2:
            rows.append(setl(name, "150.00", valid="0", at=when(r)))
    for i in range(r.randrange(2, 6)):
        name, item, price = f"F{number}-{i}", r.choice("AAB"), 20.0
        rows.append(fee(name, item, r.randrange(1, 4), price, r.randrange(0, 6)))
        shape = r.randrange(7)
        if shape == 0:
            rows.append(fee(name + "r", item, -1, price, 6, origin=name))
        elif shape == 1:
            rows.append(fee(name + "n", item, -1, price, 6))
        elif shape == 2:
            rows.append(fee(name, item, 1, price, valid="0", at=when(r)))
        elif shape == 3:
            rows.append(fee(name, item, 2, price, at=when(r), who=f"P{r.randrange(3)}"))
        elif shape == 4:
            rows.append(fee(name, item, 1, price, at=when(r)))
    if r.random() < 0.3:  # the whole visit was somebody else's
        rows.append(("mdtrt_d", rows[0][1].replace(f",{person},", ",P9,")
                     .replace("2026-04-01 10:00:00", when(r))))
    return rows


def history(seed):
    r = random.Random(seed)
    return [row for number in range(6) for row in visit_rows(r, number)]


def write(folder, name, rows, heads):
    """Files of a batch, one a stream: their names."""
    made = []
    for file, head in heads.items():
        of_file = [row for kind, row in rows if kind == file]
        if of_file:
            made.append(f"{file}_{name}.csv")
            pathlib.Path(folder, made[-1]).write_text(head + "\n" + "\n".join(of_file) + "\n",
                                                      encoding="utf-8")
    return made


class Case:
    """Rules and heads of files; rows are apart."""

    def __init__(self, rules, heads, year="01-01"):
        self.rules, self.heads, self.year = rules, heads, year

    def scan(self, folder, name, rows):
        names = write(folder, name, rows, self.heads)
        return scan(self.rules, [f"{folder}/{name}" for name in names], "--insurance-year",
                    self.year)


GENERATED = {"encounter": "mdtrt_d", "settlement": "setl_d", "fee": "fee_list_d",
             "diagnosis": "setl_list_diag_d", "operation": "setl_list_oprn_d", "stock": "stock_d",
             "person": "person_d", "facility": "facility_d", "practitioner": "practitioner_d",
             "item": "item_d"}


def drawn(folder, seed):
    """A case of the reference generator: the case and its rows."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(f"{folder}/rules")
    year = run(REFERENCE, folder, str(seed), "6").stdout.strip()
    heads, rows = {}, []
    for stream, file in GENERATED.items():
        head, *lines = pathlib.Path(folder, f"{stream}.csv").read_text("utf-8").splitlines()
        heads[file] = head
        rows += [(file, line) for line in lines]
    return Case(f"{folder}/rules", heads, year), rows


def through_daemon(case, rows, seed):
    """Live findings when the rows come in another way; 0: as they are, at once."""
    r = random.Random(seed)
    rows = list(rows)
    if seed:
        rows += r.sample(rows, len(rows) // 4)
        r.shuffle(rows)
    batches = 1 + r.randrange(4) if seed else 1
    with Box("order", rules=case.rules, epoch_rows=1000) as box:
        box.year = case.year
        box.configure()
        daemon = box.start()
        for number in range(batches):
            batch = rows[number::batches]
            names = write(box.dir, f"{seed}_{number}", batch, case.heads)
            box.drop(*(f"{box.dir}/{name}" for name in names))
            daemon.wait_all(*(f"`{name}` is done" for name in names), "drained: ")
            if seed and r.random() < 0.3:
                daemon.term()
                daemon = box.start()
                daemon.wait("drained: ")
        taken = box.number("SELECT sum(records) FROM fundwatch.intake")
        stored = sum(box.number(f"SELECT count(*) FROM fundwatch.{s}") for s in STREAMS)
        rejects = box.number("SELECT sum(rejects) FROM fundwatch.intake")
        assert taken == stored == len(rows) - rejects, (taken, stored, rejects, len(rows))
        wrong = box.sql("SELECT alert_id FROM fundwatch.alert_live JOIN fundwatch.alert_record r "
                        "USING (alert_id) WHERE violation_amount IS NOT NULL GROUP BY alert_id, "
                        "violation_amount HAVING sum(r.amount) <> violation_amount")
        assert wrong == "", f"shares do not add up: {wrong}"
        assert box.number("SELECT count(*) FROM fundwatch.alert_bearing b JOIN fundwatch.alert a "
                          "USING (alert_id) WHERE bearing_amount > violation_amount") == 0
        box.chain_holds()
        box.balanced()
        live = box.live(), box.sql(
            "SELECT facility, stream, sum(retracted), sum(reversed), sum(live) FROM "
            "fundwatch.account_day GROUP BY 1, 2 ORDER BY 1, 2").splitlines()
        daemon.term()
        return live


def differs(case, rows, seed):
    return through_daemon(case, rows, 0) != through_daemon(case, rows, seed)


def smaller(case, rows, seed):
    """Fewer rules, then fewer rows, on which the two ways still differ."""
    for rule in sorted(pathlib.Path(case.rules).glob("r.*.rules")):
        text = rule.read_text("utf-8")
        rule.unlink()
        if not list(pathlib.Path(case.rules).glob("r.*.rules")) or not differs(case, rows, seed):
            rule.write_text(text, "utf-8")
    step = max(len(rows) // 2, 1)
    while step:
        at = 0
        while at < len(rows):
            fewer = rows[:at] + rows[at + step:]
            if fewer and differs(case, fewer, seed):
                rows = fewer
            else:
                at += step
        step //= 2
    return rows


def check(case, rows, folder, seed, ways, what):
    expected = case.scan(folder, f"scan{seed}", rows)
    for way in range(ways):
        other = seed * 1000 + way if way else 0
        got, books = through_daemon(case, rows, other)
        if way == 0:
            first = books
        if got == expected and books == first:
            continue
        rows = smaller(case, rows, other) if way else rows
        left = "".join(path.read_text("utf-8")
                       for path in sorted(pathlib.Path(case.rules).glob("*.rules")))
        raise AssertionError(f"{what} {seed}, way {other}:\n{left}\n" + "\n".join(map(str, rows))
                             + f"\n books at once {first}\n now {books}"
                             + f"\n only scan {[x for x in expected if x not in got][:2]}"
                             + f"\n only daemon {[x for x in got if x not in expected][:2]}")
    print(f"{what} {seed}: {len(rows)} rows, {len(expected)} findings, {ways} ways")
    return len(expected)


def own(rules, seed):
    """A case with some of the rules above."""
    shutil.rmtree(rules, ignore_errors=True)
    os.makedirs(rules)
    r = random.Random(seed)
    for i, t, n, text in r.sample(RULES, r.randrange(2, len(RULES) + 1)):
        pathlib.Path(rules, f"r.{i}.rules").write_text(HEAD.format(id=i, title=t, nature=n) + text,
                                                       encoding="utf-8")
    return Case(rules, FILES), history(seed)


def main():
    cases, ways, seed = (int(a) for a in (sys.argv[1:] + ["3", "3", "1"][len(sys.argv) - 1:]))
    with Box("orders") as home:  # for its folder only
        found = [0, 0]
        for at in range(seed, seed + cases):
            found[0] += check(*own(f"{home.dir}/rules", at), home.dir, at, ways, "history")
            found[1] += check(*drawn(f"{home.dir}/drawn", at), home.dir, at, ways, "random rules")
    assert all(found), f"nothing was found: this proves nothing ({found})"


main()

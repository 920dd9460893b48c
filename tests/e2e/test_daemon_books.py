# SPDX-License-Identifier: GPL-3.0-or-later
"""Books that begin late; corrections that give a record to another person or another day.

Above and below the horizon whoever held a version of the record comes back with it, also when the
record itself has no day or one above it: the books count it once, wherever the two lie, and the
findings are those of a daemon that keeps all.
"""
import os
import pathlib
import shutil
import tempfile

from daemon_lib import Box, FEES, generate, rules, same

RULE = rules("""
规则 b.day 「同日」
  看        费用明细
  归并      人员、自然日
  触发      合计(数量) > 1
  违规金额  合计(符合范围金额)
  说明      {人员}{自然日}

规则 b.visit 「同一就诊」
  看        费用明细
  归并      就诊
  触发      合计(数量) > 2
  说明      {就诊}{合计(数量)}

规则 b.diagnosed 「两个诊断」
  看        诊断
  归并      人员、就诊
  触发      笔数 > 1
  说明      {人员}{就诊}{笔数}
""")
PAIRS = range(12)  # of two workers; in half of them the two are not with the same one


def line(serial, visit, person, day, revision=1):
    return (f"{serial},{visit},S{visit},H{serial[-1]},{person},{day} 09:00:00,X1,1,1,1,1,"
            f"2026-07-{revision:02} 00:00:00\n")


DIAGNOSES = "mdtrt_id,psn_no,diag_type,diag_code,updt_time\n"
OPERATIONS = "setl_list_oprn_id,mdtrt_id,psn_no,oprn_oprt_code,updt_time\n"
REPORTS = ("rpotc_no,mdtrt_id,fixmedins_code,psn_no,rpt_date,med_list_codg,exam_rslt_abn,"
           "updt_time\n")
STOCK = ("infno,fixmedins_bchno,fixmedins_code,med_list_codg,inv_chg_time,inv_chg_type,cnt,pric,"
         "updt_time\n")
HEADS = {"fee_list": FEES, "setl_list_diag": DIAGNOSES, "setl_list_oprn": OPERATIONS,
         "report": REPORTS, "stock": STOCK}
OLD, NEXT, NEW = "2026-01-05", "2026-01-06", "2026-06-10"


def old_days():
    """Everybody has a pair of lines on an old day; one person sets what is new."""
    rows = [line("Z1", "VZ", "Z", NEW)]
    for i in PAIRS:
        for who in "ABCDEFIJKLMN":
            rows += [line(f"{who}R{i}", f"V{who}{i}", f"{who}{i}", OLD),
                     line(f"{who}K{i}", f"V{who}{i}", f"{who}{i}", OLD)]
    return rows


def moved(who, to, revision=2):
    """The record stays in its visit and is another person's from now on."""
    return [line(f"{who}R{i}", f"V{who}{i}", f"{to}{i}", OLD, revision) for i in PAIRS]


def late(who, serial):
    return [line(f"{who}{serial}{i}", f"W{who}{i}", f"{who}{i}", NEXT) for i in PAIRS]


def of_day(who, day, revision):
    """The record stays whose it is and goes to another day."""
    return [line(f"{who}R{i}", f"V{who}{i}", f"{who}{i}", day, revision) for i in PAIRS]


def more(who, serial, day, revision=1):
    """Another line of the old visit."""
    return [line(f"{who}{serial}{i}", f"V{who}{i}", f"{who}{i}", day, revision) for i in PAIRS]


def diagnoses(who, code, revision=1):
    return "setl_list_diag", [f"V{who}{i},{who}{i},1,{code},2026-07-{revision:02} 00:00:00\n"
                              for i in PAIRS]


def operations(who, to, revision=1):
    return "setl_list_oprn", [f"O{i},V{who}{i},{to}{i},0{revision}.1,"
                              f"2026-07-{revision:02} 00:00:00\n" for i in PAIRS]


def reports(who, result, revision=1):
    return "report", [f"R{i},V{who}{i},H1,{who}{i},{OLD} 12:00:00,X1,{result},"
                      f"2026-07-{revision:02} 00:00:00\n" for i in PAIRS]


def stock(count, revision=1):
    return "stock", [f"3503,B{i},H{i},X1,{OLD} 09:00:00,101,{count},1,"
                     f"2026-07-{revision:02} 00:00:00\n" for i in PAIRS]


BEFORE = (diagnoses("K", "A01"), operations("K", "K"), reports("K", 0), stock(5))
# Persons of a step of their own, so that nobody has brought them back before.
STEPS = (
    ("above the horizon", [moved("A", "B")], False),
    # behind a restart the old days are not in memory
    ("whoever has it now comes back", [late("B", "X")], True),
    ("whoever had it comes back", [late("A", "Y")], True),
    ("below the horizon", [moved("C", "D")], True),
    ("and once more, to a third", [moved("C", "E", 3)], True),
    ("sent again", [moved("C", "E", 3), late("A", "Y")], True),
    ("and back", [moved("C", "C", 4), moved("A", "A", 3)], True),
    ("to one of whom nothing is known", [moved("F", "G")], True),
    ("its day rises above", [of_day("I", NEW, 2)], True),
    ("and goes below again", [of_day("I", NEXT, 3)], True),
    ("its day rises, and it is another's", [[
        line(f"JR{i}", f"VJ{i}", f"L{i}", NEW, 2) for i in PAIRS]], False),
    ("a line of today in an old visit", [more("M", "T", NEW)], False),
    ("another line of the visit corrected", [more("N", "K", NEW, 2)], False),
    ("a diagnosis more", [diagnoses("K", "B02")], False),
    ("a diagnosis sent again", [diagnoses("K", "A01")], True),
    ("operations are another's", [operations("K", "A", 2)], True),
    ("reports and stock corrected", [reports("K", 1, 2), stock(6, 2)], False),
    ("stock sent again", [stock(5), stock(6, 2)], True),
)


def put(box, n, parts):
    """Rows as one file of each kind; those without a kind are fee lines. They come together."""
    files = {}
    for part in parts:
        kind, rows = part if isinstance(part, tuple) else ("fee_list", part)
        files.setdefault(kind, []).extend(rows)
    for kind, rows in files.items():
        with open(f"{box.dir}/{kind}_d_{n}.csv", "w", encoding="utf-8") as out:
            out.write(HEADS[kind] + "".join(rows))
    box.drop(*(f"{box.dir}/{kind}_d_{n}.csv" for kind in files))


def told(box):
    return {"alert": "\n".join(box.live()), "account": box.books("facility, stream")}


def run_through(days, forget=False):
    """What is there behind each step; without segments of records, or with them."""
    with Box("books") as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        pathlib.Path(box.rules, "b.rules").write_text(RULE, encoding="utf-8")
        box.extra = f"history: {{ days: {days} }}\n"
        box.configure()
        put(box, 0, [old_days(), *BEFORE])
        daemon = box.start()
        daemon.wait("drained: ")
        seen = [told(box)]
        for n, (what, parts, below) in enumerate(STEPS, 1):
            if below and days:  # whoever was brought back is let go of again
                daemon.term()
                if forget:  # read from the database
                    shutil.rmtree(f"{box.spool}/.segments")
                daemon = box.start()
                daemon.wait("drained: ")
            put(box, n, parts)
            daemon.wait("drained: ")
            seen.append(told(box))
            try:
                box.books_hold()
            except AssertionError as why:
                raise AssertionError(f"{days} days, {what}: {why}") from why
        box.chain_holds()
        daemon.term()
        assert days == 0 or "brought back" in "\n".join(daemon.lines), daemon.lines
    return seen


def restarted(box):
    daemon = box.start()
    daemon.wait("drained: ")
    daemon.term()
    return "\n".join(daemon.lines)


def books(box):
    """All but rejects, of whose stream only the input knew."""
    return {"books": box.sql(
        "SELECT facility, stream, sum(read - rejects), sum(resent), sum(superseded), "
        "sum(retracted), sum(reversed), sum(live) FROM fundwatch.account_day GROUP BY 1, 2 "
        "HAVING sum(read - rejects) <> 0 ORDER BY 1, 2")}


def older_than_its_books(files):
    """A database whose first inputs came before the books: the next start enters them, once."""
    with Box("opening", epoch_rows=1000) as box:
        box.drop(*files)
        box.put("fee_list_d_bad.csv", FEES + "one,field\n")
        restarted(box)
        whole = books(box)
        assert box.number("SELECT sum(reversed) FROM fundwatch.account") > 0, whole
        for lost in ("true", "facility < 'H33010200002'", "stream = 'fee'"):
            box.sql(f"DELETE FROM fundwatch.account WHERE {lost}")
            shutil.rmtree(f"{box.spool}/.segments")  # read from the database this time
            for point in ("sink_commit:1", ""):  # killed before it is committed, and then not
                daemon = box.start(fault=point)
                if point:
                    assert daemon.end() == -9, daemon.lines
                else:
                    daemon.wait("drained: ")
                    daemon.term()
                assert "came before the books began" in "\n".join(daemon.lines), daemon.lines
            same(whole, books(box), lost)
            box.balanced()
            assert "came before" not in restarted(box)
        box.sql("DELETE FROM fundwatch.account")  # and from segments
        assert "from segments" in restarted(box)
        same(whole, books(box), "from segments")
        for keep in ("memory: { limit: 1 }\n", "history: { days: 1 }\n", ""):
            box.extra = keep
            box.configure()
            box.sql("DELETE FROM fundwatch.account")
            said = restarted(box)
            assert ("not in them" if keep else "they are entered now") in said, said
            assert (books(box) == whole) == (not keep), keep
    print("what came before the books is entered at the next start, once")


with tempfile.TemporaryDirectory() as data:
    older_than_its_books(generate(data, 6000))
everything = run_through(0)
bounded, asked = run_through(10), run_through(10, forget=True)
for what, *seen in zip(("at first",) + tuple(s[0] for s in STEPS), everything, bounded, asked):
    same(seen[0], seen[1], what)
    same(seen[0], seen[2], f"{what}, from the database")
    print(f"{what}: the books hold, the findings are those of all that ever came")

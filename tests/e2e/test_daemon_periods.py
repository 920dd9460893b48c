# SPDX-License-Identifier: GPL-3.0-or-later
"""Months closed by hand: comparisons wait for the close, stand as of it, and follow the next.

A close goes through the journal: killed at any step on its way it is done once or was never
taken; the database away, it waits in its turn.
"""
import json
import os
import pathlib
import re

from daemon_lib import BIN, Box, FEES, ROOT, rules, run

RULES = rules("""
指标「高价占比」
  看        费用明细
  按        机构、自然月
  值        合计(符合范围金额 若 单价 > 100 元) ÷ 合计(符合范围金额)
  至少      2 笔

规则 p.share 「高价占比异常」
  对照      「高价占比」 x
  同类      至少 3 家
  触发      x > 中位 + 20%
  说明      {机构}{自然月}占比{x}，同类中位{中位}

规则 p.month 「一月之内」
  看        费用明细
  归并      机构、自然月
  触发      合计(数量) > 3
  违规金额  合计(符合范围金额)
  说明      {机构}{自然月}{合计(数量)}次

规则 p.day 「同日」
  看        费用明细
  归并      人员、自然日
  触发      合计(数量) > 1
  说明      {人员}
""")
HANGZHOU = [f"H3301020000{i}" for i in range(4)]
NINGBO = "H33020300001"


def line(n, facility, price, month="2026-03", day=1):
    return (f"F{n},M{n},S{n},{facility},P{n},{month}-{day:02} 09:00:00,X1,1,{price},{price},"
            f"{price},2026-05-01 00:00:00\n")


def period(box, *words, code=0):
    done = run(f"{BIN}/fundwatch", "--lang", "en", "period", *words, "--conf", box.config,
               check=False, cwd=ROOT)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def live(box):
    rows = box.sql("SELECT rule_id, fixmedins_code, key_value[2], n_records, revision "
                   "FROM fundwatch.alert_live WHERE rule_id <> 'p.day' ORDER BY 1, 2, 3")
    return rows.split()


def feed(box, daemon, name, lines):
    box.put(name, FEES + "".join(lines))
    daemon.wait_all(f"`{name}` is done", "drained: ")


def settlements(ns, facility):
    return ("setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,med_type,medfee_sumamt,updt_time\n"
            + "".join(f"S{n},M{n},{facility[n]},P{n},2026-03-01 10:00:00,11,10.00,"
                      "2026-05-01 00:00:00\n" for n in ns))


with Box("periods") as box:
    box.rules = f"{box.dir}/rules"
    os.mkdir(box.rules)
    pathlib.Path(box.rules, "p.rules").write_text(RULES, encoding="utf-8")
    box.extra = "periods: { close: by-hand }\n"
    box.configure()
    daemon = box.start()
    daemon.wait("ready")

    facility = {n: HANGZHOU[n % 4] for n in range(12)} | {n: NINGBO for n in range(20, 26)}
    box.put("setl_d_all.csv", settlements(facility, facility))
    lines = [line(n, HANGZHOU[n % 4], 500 if n % 4 == 0 else 10) for n in range(12)]
    lines += [line(n, NINGBO, 10) for n in range(20, 26)]
    feed(box, daemon, "fee_list_d_1.csv", lines)
    assert live(box) == [], "an open month was compared"
    assert box.live() == [], box.live()

    # A close of one region judges its facilities only.
    said = period(box, "close", "--region", "330100", "--month", "2026-03", "--who", "Li Si")
    assert said.startswith("recorded: epoch ") and "1 raised" in said, said
    assert live(box) == ["p.share|H33010200000|2026-03|3|1"], live(box)
    period(box, "close", "--region", "3302", "--stream", "fee", "--month", "2026-03")
    assert live(box) == ["p.month|H33020300001|2026-03|6|1",
                         "p.share|H33010200000|2026-03|3|1"], live(box)

    # What comes later changes nothing until the month is closed again.
    feed(box, daemon, "fee_list_d_2.csv",
         [line(30 + n, HANGZHOU[0], 900) for n in range(2)] + [line(40, NINGBO, 10)])
    before = live(box)
    assert before == ["p.month|H33020300001|2026-03|6|1",
                      "p.share|H33010200000|2026-03|3|1"], before
    daemon.term()
    daemon = box.start()
    daemon.wait("ready")
    assert live(box) == before, "a restart judged a closed month again"
    said = period(box, "close", "--month", "2026-03", "--region", "3301")
    assert live(box) == ["p.month|H33010200000|2026-03|5|1", "p.month|H33020300001|2026-03|6|1",
                         "p.share|H33010200000|2026-03|5|2"], live(box)

    # Opened again: nothing is withdrawn, nothing judged; the next close takes all in.
    period(box, "reopen", "--month", "2026-03", "--region", "3301")
    feed(box, daemon, "fee_list_d_3.csv", [line(50 + n, HANGZHOU[1], 900) for n in range(3)])
    assert len(live(box)) == 3, live(box)
    period(box, "close", "--month", "2026-03", "--region", "3301")
    assert "p.share|H33010200001|2026-03|3|1" in live(box), live(box)

    # A changed rule is judged for what is over, the others stay as of their close.
    feed(box, daemon, "fee_list_d_4.csv", [line(60, NINGBO, 10), line(61, HANGZHOU[2], 10)])
    text = RULES.replace("合计(数量) > 3", "合计(数量) > 2")
    pathlib.Path(box.rules, "p.rules").write_text(text, encoding="utf-8")
    run(f"{BIN}/fundwatch", "reload", "--conf", box.config, cwd=ROOT)
    daemon.wait("rule set .* is live")
    got = live(box)
    assert "p.month|H33020300001|2026-03|8|2" in got, got
    assert "p.month|H33010200002|2026-03|4|1" in got, got
    assert "p.share|H33010200000|2026-03|5|2" in got, got

    # Refused with reasons; told who, when, how often.
    for words, why in ((("--month", "2026-13"), "not a month"), (("--month", "2026-03", "--stream",
                       "person"), "no stream of events"), (("--month", "2026-03", "--region",
                       "33x"), "division code")):
        assert why in period(box, "close", *words, code=1), why
    listed = json.loads(run(f"{BIN}/fundwatch", "period", "list", "--json", "--db",
                            box.conninfo).stdout)["periods"]
    fee = [p for p in listed if p["stream"] == "fee"]
    assert [(p["region"], p["closed"], p["closes"]) for p in fee] == [
        ("3301", True, 3), ("3302", True, 1)], fee
    assert box.sql("SELECT DISTINCT who FROM fundwatch.period_event WHERE epoch = (SELECT "
                   "min(epoch) FROM fundwatch.period_event)") == "Li Si\n"
    box.chain_holds()
    daemon.term()

    # Without by-hand a close is refused: a drained spool closes all.
    box.extra = ""
    box.configure()
    daemon = box.start()
    daemon.wait("drained: ")
    assert "by-hand" in period(box, "close", "--month", "2026-03", code=1)
    assert re.search(r"p.month\|H33010200000\|2026-03\|5", "\n".join(live(box))), live(box)
    daemon.term()
print("closed by hand: judged at the close, as of the close, amended by the next")

ABSENT = rules("""
规则 p.absent 「用药缺配套」
  看        费用明细
  归并      人员、自然月
  触发      笔数(若 项目 是 "X1") > 0 且 笔数(若 项目 是 "X2") = 0
  说明      {人员}{自然月}
""")


def absent(box):
    return box.sql("SELECT subject, state, n_records FROM fundwatch.alert ORDER BY 1").split()


# A rule over one person that concludes from a month's silence is as of the close, too.
with Box("periods") as box:
    box.rules = f"{box.dir}/rules"
    os.mkdir(box.rules)
    pathlib.Path(box.rules, "p.rules").write_text(ABSENT, encoding="utf-8")
    box.extra = "periods: { close: by-hand }\n"
    box.configure()
    daemon = box.start()
    daemon.wait("ready")
    feed(box, daemon, "fee_list_d_1.csv", [line(1, HANGZHOU[0], 10), line(2, HANGZHOU[0], 10)])
    assert absent(box) == [], "concluded from a month that is not over"
    period(box, "close", "--month", "2026-03")
    assert absent(box) == ["P1|raised|1", "P2|raised|1"], absent(box)
    # What was absent comes late for one, the other's record grows, and one is new: it waits.
    x2 = line(3, HANGZHOU[0], 10, day=2).replace(",P3,", ",P1,").replace(",X1,", ",X2,")
    more = line(4, HANGZHOU[0], 10, day=3).replace(",P4,", ",P2,")
    feed(box, daemon, "fee_list_d_2.csv", [x2, more, line(5, HANGZHOU[0], 10)])
    assert absent(box) == ["P1|raised|1", "P2|raised|1"], absent(box)
    daemon.term()
    daemon = box.start()
    daemon.wait("drained: ")
    assert absent(box) == ["P1|raised|1", "P2|raised|1"], absent(box)
    period(box, "reopen", "--month", "2026-03")
    assert absent(box) == ["P1|raised|1", "P2|raised|1"], "opening again withdrew something"
    period(box, "close", "--month", "2026-03")
    assert absent(box) == ["P1|withdrawn|1", "P2|amended|2", "P5|raised|1"], absent(box)
    # A changed rule is judged for what is over, from the data as they are.
    feed(box, daemon, "fee_list_d_3.csv", [line(6, HANGZHOU[0], 10)])
    pathlib.Path(box.rules, "p.rules").write_text(ABSENT.replace("> 0 且", "> 0.5 且"),
                                                  encoding="utf-8")
    run(f"{BIN}/fundwatch", "reload", "--conf", box.config, cwd=ROOT)
    daemon.wait("rule set .* is live")
    assert absent(box)[-1] == "P6|raised|1", absent(box)
    box.chain_holds()
    daemon.term()
print("absence of a closed month: as of the close, amended by the next")

# On its way through the journal and into the database. Behind `told` it is done without being
# asked for again. (The first epochs of a start are the rules and the drained spool.)
NOT_TAKEN = ("journal_write:1", "journal_torn:1")
TAKEN = ("journal_sync:1", "journal_told:1", "archive_open:1", "sink_begin:3", "sink_alerts:1",
         "sink_commit:3", "sink_committed:3", "journal_done:1")
CLOSE = ("close", "--region", "3301", "--month", "2026-03", "--who", "Li Si")


def ask(box, *words):
    """Asks and does not mind the daemon's end."""
    return run(f"{BIN}/fundwatch", "--lang", "en", "period", *words, "--conf", box.config,
               check=False, cwd=ROOT)


def by_hand(box):
    """A daemon with a month of data that nobody has closed."""
    box.rules = f"{box.dir}/rules"
    os.mkdir(box.rules)
    pathlib.Path(box.rules, "p.rules").write_text(RULES, encoding="utf-8")
    box.extra = "periods: { close: by-hand }\n"
    box.configure()
    box.put("setl_d_all.csv", settlements(range(12), {n: HANGZHOU[n % 4] for n in range(12)}))
    box.put("fee_list_d_1.csv", FEES + "".join(
        line(n, HANGZHOU[n % 4], 500 if n % 4 == 0 else 10) for n in range(12)))
    daemon = box.start()
    daemon.wait_all("`fee_list_d_1.csv` is done", "drained: ")
    daemon.term()


def outcome(box):
    return (box.essence()["alert"],
            box.sql("SELECT kind, revision, why FROM fundwatch.alert_event ORDER BY 1, 2, 3"),
            box.sql("SELECT kind, region, stream, month, who FROM fundwatch.period_event "
                    "ORDER BY stream"),
            box.sql("SELECT source, count(*) FROM fundwatch.intake GROUP BY 1 ORDER BY 1"))


def killed_on_its_way(point, calm, taken):
    with Box("periods") as box:
        by_hand(box)
        daemon = box.start(fault=point)
        daemon.wait("drained: ")
        said = ask(box, *CLOSE)
        assert daemon.end() == -9, (point, daemon.lines)
        daemon = box.start()
        daemon.wait("drained: ")
        if not taken:
            assert said.returncode != 0 or not said.stdout, (point, said)
            period(box, *CLOSE)
        elif "recorded" not in said.stdout:
            while box.journal()["waiting"]:
                os.sched_yield()
        daemon.term()
        assert outcome(box) == calm, (point, outcome(box), calm)
        box.chain_holds()
        assert box.verified()["whole"] and box.journal()["waiting"] == 0
    print(f"closing killed at {point}: {'done' if taken else 'asked again, done'} once")


def while_the_database_is_away(calm):
    """A file and then a close, neither of which the database has seen, and a kill."""
    with Box("periods") as box:
        by_hand(box)
        box.sql("ALTER SCHEMA fundwatch RENAME TO away")
        daemon = box.start()
        daemon.wait("cannot connect: ")
        box.put("fee_list_d_2.csv", FEES + line(90, HANGZHOU[1], 10))
        while box.journal()["waiting"] < 1:
            os.sched_yield()
        said = period(box, *CLOSE, "--no-wait")
        assert said.startswith("kept as item "), said
        assert "not done: " in period(box, "close", "--month", "2026-13", "--no-wait", code=1)
        daemon.process.kill()
        daemon.end()
        box.sql("ALTER SCHEMA away RENAME TO fundwatch")
        daemon = box.start()
        daemon.wait("2 inputs of .* wait since before the start")
        daemon.wait("month of 2026-03-01 in region `3301` closed by Li Si: 2 raised")
        daemon.wait("drained: ")
        daemon.term()
        assert outcome(box)[2] == calm[2]
        assert "p.month|H33010200001|2026-03|4|1" in live(box), live(box)
        assert box.journal()["waiting"] == 0
        box.chain_holds()
    print("the database away: the close waited behind the file, and was done once")


with Box("periods") as quiet:
    by_hand(quiet)
    running = quiet.start()
    running.wait("drained: ")
    period(quiet, *CLOSE)
    running.term()
    undisturbed = outcome(quiet)
assert undisturbed[3] == "period|1\nspool|2\n", undisturbed
for name in NOT_TAKEN:
    killed_on_its_way(name, undisturbed, False)
for name in TAKEN:
    killed_on_its_way(name, undisturbed, True)
while_the_database_is_away(undisturbed)

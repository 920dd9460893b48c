# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of the past: closed alerts stand, late records bring their person back, records
older than what was purged are entered as too late; nothing of it is a withdrawal."""
import json
import os
import pathlib

from daemon_lib import BIN, Box, FEES, Held, ROOT, SETTLEMENTS, rules, run, same

RULE = rules("""
规则 h.near 「{days} 天内重复」
  看        费用明细
  归并      人员、项目
  窗口      {days} 天
  触发      笔数 > 1
  说明      {{人员}}{{笔数}}次
""")


def fee(n, person, day):
    return (f"F{n},M{n},S{n},H1,{person},{day} 09:00:00,X1,1,10.00,10.00,10.00,"
            "2027-01-01 00:00:00\n")


def setl(n, person, day):
    return f"S{n},M{n},H1,{person},{day} 10:00:00,11,10.00,2027-01-01 00:00:00\n"


def feed(box, daemon, name, rows):
    before = daemon.seen
    box.put(f"setl_d_{name}.csv", SETTLEMENTS + "".join(setl(*row) for row in rows))
    daemon.wait_all(f"`setl_d_{name}.csv` is done", "drained: ")
    box.put(f"fee_list_d_{name}.csv", FEES + "".join(fee(*row) for row in rows))
    daemon.wait_all(f"`fee_list_d_{name}.csv` is done", "drained: ")
    if any("horizon: moves on" in line for line in daemon.lines[before:daemon.seen]):
        daemon.wait("rule set .* is live")


def alerts(box):
    return box.sql("SELECT subject, state, n_records, closed FROM fundwatch.alert "
                   "ORDER BY 1, event_begin").split()


def write_rule(box, days):
    pathlib.Path(box.rules, "h.rules").write_text(RULE.format(days=days), encoding="utf-8")


with Box("horizon") as box:
    box.rules = f"{box.dir}/rules"
    os.mkdir(box.rules)
    write_rule(box, 7)
    box.extra = "history: { days: 30 }\n"
    box.configure()
    daemon = box.start()
    daemon.wait("ready")
    box.put("stock_d_1.csv", "infno,fixmedins_bchno,fixmedins_code,med_list_codg,inv_chg_time,"
            "inv_chg_type,cnt,pric\n" + "".join(
                f"3503,B{day},H1,X1,{day} 09:00:00,101,1,1\n"
                for day in ("2025-01-05", "2026-01-05", "2026-06-09")))
    daemon.wait("`stock_d_1.csv` is done")
    # An old pair and a lone old line, a recent pair, and a recent line that sets the horizon.
    feed(box, daemon, "1", [(1, "P1", "2026-01-05"), (2, "P1", "2026-01-08"),
                            (3, "P2", "2026-01-05"),
                            (4, "P3", "2026-06-01"), (5, "P3", "2026-06-03"),
                            (6, "P4", "2026-06-10")])
    # The horizon has moved on: old visits were let go of.
    assert any("horizon: moves on" in line for line in daemon.lines), daemon.lines
    assert alerts(box) == ["P1|raised|2|t", "P3|raised|2|f"], alerts(box)
    daemon.term()

    # Restarted, old visits are not in memory; their alert is closed, not withdrawn.
    daemon = box.start()
    line = daemon.wait("horizon: kept|kept: visits")
    assert "on or after 2026-04-29" in line and "rule h.near looks back" in line, line
    daemon.wait("horizon: 3 older visits are not in memory")
    assert any("load: 7 records from segments" in line for line in daemon.lines), daemon.lines
    daemon.wait("drained: ")
    assert alerts(box) == ["P1|raised|2|t", "P3|raised|2|f"], alerts(box)
    assert box.number("SELECT count(*) FROM fundwatch.alert_event") == 2

    # A late record brings its person back: P2's pair is found, P1's grows and is open again.
    feed(box, daemon, "2", [(7, "P2", "2026-01-06"), (8, "P1", "2026-01-09")])
    assert any("brought back" in l for l in daemon.lines), daemon.lines
    assert alerts(box) == ["P1|amended|3|f", "P2|raised|2|f", "P3|raised|2|f"], alerts(box)
    daemon.term()

    # A rule that looks farther reads back what it needs, and says when it is complete.
    daemon = box.start()
    daemon.wait("drained: ")
    assert alerts(box) == ["P1|amended|3|t", "P2|raised|2|t", "P3|raised|2|f"], alerts(box)
    write_rule(box, 200)
    run(f"{BIN}/fundwatch", "reload", "--conf", box.config, cwd=ROOT)
    # All below but the oldest stock: 10 of six visits, and one of stock.
    daemon.wait_all("applying: rule h.near looks back", "complete: 11 records read back",
                    "rule set .* is live")
    feed(box, daemon, "3", [(9, "P3", "2026-01-20")])
    got = alerts(box)
    assert "P3|amended|3|f" in got, got
    box.books_hold()
    write_rule(box, 7)
    run(f"{BIN}/fundwatch", "reload", "--conf", box.config, cwd=ROOT)
    daemon.wait("rule set .* is live")
    daemon.term()

    # What was purged cannot be brought back: the record is stored, and entered as too late.
    box.sql("INSERT INTO fundwatch.purge (before, who) VALUES ('2026-02-01', 'test')")
    before = alerts(box)
    daemon = box.start()
    daemon.wait("drained: ")
    feed(box, daemon, "4", [(10, "P5", "2026-01-05"), (11, "P5", "2026-01-06"),
                            (12, "P4", "2026-06-12")])
    got = [a for a in alerts(box) if not a.startswith("P4")]
    assert [a[:-2] for a in got] == [a[:-2] for a in before], (got, before)
    assert "P4|raised|2|f" in alerts(box), alerts(box)
    late = json.loads(run(f"{BIN}/fundwatch", "late", "list", "--json", "--db",
                          box.conninfo).stdout)
    assert late["count"] == 4 and {x["psn_no"] for x in late["late"]} == {"P5"}, late
    assert {x["floor"] for x in late["late"]} == {"2026-02-01"}, late
    assert box.number("SELECT count(*) FROM fundwatch.fee WHERE psn_no = 'P5'") == 2
    kept = [name for name in os.listdir(f"{box.spool}/.segments") if name.endswith(".seg")]
    assert kept == [], f"purged records may still lie in {kept}"
    assert box.number("SELECT count(*) FROM fundwatch.alert_event WHERE kind = 'withdrawn' AND "
                      "why = 'records' AND alert_id IN (SELECT alert_id FROM fundwatch.alert "
                      "WHERE closed)") == 0
    box.chain_holds()
    box.balanced()
    daemon.term()


def reading(box):
    said = run(f"{BIN}/fundwatch", "top", "--once", "--json", "--conf", box.config, cwd=ROOT).stdout
    return json.loads(said)["values"]["reading_history"]


def reload_rule(box, days):
    write_rule(box, days)
    run(f"{BIN}/fundwatch", "reload", "--conf", box.config, cwd=ROOT)


def history_in_the_background(kill=""):
    """A rule looks farther and the reading is held up by a lock on an old month: what comes in is
    acknowledged, judged and committed meanwhile; when the lock goes, all is found."""
    with Box("horizon") as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        write_rule(box, 7)
        pathlib.Path(box.rules, "week.rules").write_text(
            RULE.format(days=7).replace("h.near", "h.week"), encoding="utf-8")
        box.extra = "history: { days: 30 }\n"
        box.configure()
        daemon = box.start()
        daemon.wait("ready")
        feed(box, daemon, "1", [(1, "P1", "2026-02-05"), (2, "P2", "2026-02-05"),
                                (3, "P2", "2026-06-10"), (4, "P3", "2026-02-20"),
                                (5, "P4", "2026-03-01"), (6, "P4", "2026-03-20")])
        daemon.term()
        daemon = box.start(fault=kill)
        daemon.wait("drained: ")
        assert alerts(box) == [], alerts(box)
        lock = Held(box, "fee_2026_02")
        reload_rule(box, 200)
        daemon.wait("applying: rule h.near looks back .* incomplete")
        daemon.wait("rule set .* is live, 0 raised")
        assert reading(box) == 1
        # The other rule finds a recent pair at once; the one that looks farther waits.
        feed(box, daemon, "2", [(7, "P5", "2026-06-09"), (8, "P5", "2026-06-10"),
                                (9, "P1", "2026-06-08")])
        assert box.number("SELECT count(*) FROM fundwatch.fee_2026_06") == 4
        assert not any("horizon: complete: " in line for line in daemon.lines), daemon.lines
        assert box.journal()["waiting"] == 0 and reading(box) == 1
        assert box.sql("SELECT rule_id, subject, state FROM fundwatch.alert"
                       ) == "h.week|P5|raised\n"
        # A late record needs the locked month itself: it waits for it, and counts once.
        box.put("fee_list_d_3.csv", FEES + fee(10, "P3", "2026-02-21"))
        box.put("setl_d_3.csv", SETTLEMENTS + setl(10, "P3", "2026-02-21"))
        lock.let_go()
        if kill:
            assert daemon.end() == -9, daemon.lines
            daemon = box.start()
            daemon.wait("drained: ")
        else:
            daemon.wait_all("horizon: complete: .* records read back", "`fee_list_d_3.csv` is done",
                            "`setl_d_3.csv` is done", "rule set .* is live, [1-9]", "drained: ")
            assert reading(box) == 0
        daemon.term()
        box.books_hold()
        box.chain_holds()
        assert box.sql("SELECT DISTINCT kind FROM fundwatch.alert_event WHERE kind = 'withdrawn'"
                       ) == ""
        return box.live()


def late_among_many(held):
    """One late record at the beginning of a large file; its person lies in a locked month. What is
    behind it is read meanwhile, and in the end it shows nowhere."""
    with Box("late", epoch_rows=1000) as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        write_rule(box, 7)
        box.extra = "history: { days: 30 }\n"
        box.epoch_most = 200000
        box.configure()
        daemon = box.start()
        daemon.wait("drained: ")
        feed(box, daemon, "1", [(1, "P1", "2026-02-05"), (2, "P2", "2026-06-10")])
        many = [fee(f"N{n}", f"Q{n % 5000}", f"2026-06-{n // 5000 + 1:02}") for n in range(50000)]
        lock = Held(box, "fee_2026_02") if held else None
        box.put("fee_list_d_2.csv", FEES + fee(3, "P1", "2026-02-06") + "".join(many))
        if held:
            daemon.wait("horizon: 3 chunks wait for persons")
            lock.let_go()
        daemon.wait_all("1 persons brought back", "`fee_list_d_2.csv` is done", "drained: ")
        assert "P1|raised|2|f" in alerts(box), alerts(box)
        daemon.term()
        box.balanced()
        box.chain_holds()
        return box.essence()


def close(box, month, code=0):
    done = run(f"{BIN}/fundwatch", "--lang", "en", "period", "close", "--month", month, "--conf",
               box.config, cwd=ROOT, check=False)
    assert done.returncode == code, done
    return done.stdout + done.stderr


def months_closed_by_hand():
    """A month that the horizon has passed is not closed as if it had been judged."""
    with Box("months") as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        write_rule(box, 7)
        for days, warned in ((30, True), (400, False)):
            box.extra = f"history: {{ days: {days} }}\nperiods: {{ close: by-hand }}\n"
            box.configure()
            daemon = box.start()
            daemon.wait("drained: ")
            if warned:
                feed(box, daemon, "1", [(1, "P1", "2026-01-05"), (2, "P1", "2026-02-08"),
                                        (3, "P4", "2026-06-10")])
                assert "not kept whole" in close(box, "2026-02", 1)
                assert "0 raised" in close(box, "2026-06")
                daemon.term()
                daemon = box.start()
                daemon.wait("periods: 2 months that were never closed .* from 2026-01 to 2026-02")
                daemon.wait("drained: ")
            assert warned == any("never closed" in line for line in daemon.lines), daemon.lines
            if not warned:
                assert "0 raised" in close(box, "2026-02")
            daemon.term()
        box.balanced()


months_closed_by_hand()
print("a month that is not kept is not closed, and told of")


def older_than_it_may_be(days):
    """A record that is later than history.days, of a day that is kept: a rule looks back from it
    to a day that is not."""
    with Box("later") as box:
        box.rules = f"{box.dir}/rules"
        os.mkdir(box.rules)
        write_rule(box, 60)
        box.extra = f"history: {{ days: {days} }}\n"
        box.configure()
        daemon = box.start()
        daemon.wait("drained: ")
        feed(box, daemon, "1", [(1, "P1", "2026-01-20"), (2, "P2", "2026-06-10"),
                                (3, "P3", "2026-02-01")])
        daemon.term()
        daemon = box.start()
        line = daemon.wait("horizon: kept|drained: ")
        assert days == 0 or "on or after 2026-01-23" in line, line
        feed(box, daemon, "2", [(4, "P1", "2026-03-02"), (5, "P3", "2026-05-01")])
        got = alerts(box)
        daemon.term()
        box.books_hold()
        return got


assert older_than_it_may_be(0) == older_than_it_may_be(20) == ["P1|raised|2|f"]
print("a record later than history.days sees all its rules look back for")
same(late_among_many(False), late_among_many(True), "a late record that waited")
print("a late record waits for its person, and the file is read on")
whole = history_in_the_background()
assert len(whole) == 7, whole
for point in ("history_read:1", "history_late:1", "history_taken:1"):
    assert history_in_the_background(point) == whole, point
print("a long history is read back behind everybody's back, killed or not")
print("closed stands, late comes back, purged is entered as too late; nothing was withdrawn")

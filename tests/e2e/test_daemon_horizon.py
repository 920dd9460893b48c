# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of the past: closed alerts stand, late records bring their person back, records
older than what was purged are entered as too late; nothing of it is a withdrawal."""
import json
import os
import pathlib

from daemon_lib import BIN, Box, ROOT, run

RULE = """
规则 h.near 「{days} 天内重复」
  版本      1
  类别      管理类
  性质      可疑
  环节      事后
  级别      中
  状态      启用
  看        费用明细
  归并      人员、项目
  窗口      {days} 天
  触发      笔数 > 1
  说明      {{人员}}{{笔数}}次
"""
HEAD = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,cnt,pric,"
        "det_item_fee_sumamt,inscp_amt,updt_time\n")
SETL = "setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,med_type,medfee_sumamt,updt_time\n"


def fee(n, person, day):
    return (f"F{n},M{n},S{n},H1,{person},{day} 09:00:00,X1,1,10.00,10.00,10.00,"
            "2027-01-01 00:00:00\n")


def setl(n, person, day):
    return f"S{n},M{n},H1,{person},{day} 10:00:00,11,10.00,2027-01-01 00:00:00\n"


def feed(box, daemon, name, rows):
    box.put(f"setl_d_{name}.csv", SETL + "".join(setl(*row) for row in rows))
    daemon.wait_all(f"`setl_d_{name}.csv` is done", "drained: ")
    box.put(f"fee_list_d_{name}.csv", HEAD + "".join(fee(*row) for row in rows))
    daemon.wait_all(f"`fee_list_d_{name}.csv` is done", "drained: ")


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
    # An old pair and a lone old line, a recent pair, and a recent line that sets the horizon.
    feed(box, daemon, "1", [(1, "P1", "2026-01-05"), (2, "P1", "2026-01-08"),
                            (3, "P2", "2026-01-05"),
                            (4, "P3", "2026-06-01"), (5, "P3", "2026-06-03"),
                            (6, "P4", "2026-06-10")])
    assert alerts(box) == ["P1|raised|2|f", "P3|raised|2|f"], alerts(box)
    daemon.term()

    # Restarted, old visits are not in memory; their alert is closed, not withdrawn.
    daemon = box.start()
    line = daemon.wait("horizon: kept|kept: visits")
    assert "on or after 2026-04-29" in line and "rule h.near looks back" in line, line
    line = daemon.wait("records from the database")
    assert "load: 6 records" in line or " 6 records" in line, line
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
    daemon.wait_all("applying: rule h.near looks back", "complete: .* read back",
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
print("closed stands, late comes back, purged is entered as too late; nothing was withdrawn")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Raw lines behind records and alerts, as they came; what a purge takes and what it leaves."""
import gzip
import json
import os

from daemon_lib import BIN, Box, ROOT, run

COLUMNS = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,"
           "medins_list_name,cnt,pric,det_item_fee_sumamt,medfee_sumamt,updt_time,备注栏")
HEAD = COLUMNS + "\n"
LATER = "2098-01-01"


def fee(serial, count, updated, visit, note):
    return (f"{serial},{visit},S1,H1,P{visit},2026-03-01 09:00:00,X1,注射,{count},10.00,"
            f"{10 * count}.00,{10 * count}.00,2026-03-0{updated} 10:00:00,{note}\n")


def fundwatch(box, *words, check=True):
    done = run(f"{BIN}/fundwatch", *words, "--json", "-c", box.config, check=check)
    return json.loads(done.stdout)


def files(box):
    return sum(len(names) for folder, _, names in os.walk(f"{box.spool}/.archive")
               if not folder.endswith("incoming"))


def versions(box, *words):
    got = fundwatch(box, "record", "show", *words)["records"]
    return {record["record"]: record["versions"] for record in got}


def shown_as_they_came(box):
    first = fee("F1", 2, 1, "M1", "\"原样, 带逗号\"").strip()
    got = versions(box, "fee", "F1")["F1"]
    assert [v["file"] for v in got] == ["fee_list_d_2.csv", "fee_list_d_1.csv.gz"], got
    assert [v["line"] for v in got] == [3, 2], got
    assert got[1]["raw"] == first and got[1]["charset"] == "gb18030", got[1]
    columns = dict(got[1]["columns"])
    assert list(columns) == COLUMNS.split(","), "all columns, also those nobody uses"
    assert columns["备注栏"] == "原样, 带逗号" and columns["cnt"] == "2", columns
    assert dict(got[0]["columns"])["备注栏"] == "更正\n两行", got[0]
    text = box.sql("SELECT identity FROM fundwatch.fee WHERE feedetl_sn = 'F1' LIMIT 1").strip()
    assert versions(box, "fee", text)["F1"] == got
    line = versions(box, "fee", "F9")["F9"][0]
    assert json.loads(line["raw"])["note"] == "自由字段" and line["columns"] == [], line
    done = run(f"{BIN}/fundwatch", "record", "show", "fee", "F1", "-c", box.config)
    assert first in done.stdout and "备注栏 = 原样, 带逗号" in done.stdout, done.stdout
    done = run(f"{BIN}/fundwatch", "record", "show", "fee", "F0", "-c", box.config, check=False)
    assert done.returncode == 3, done


def evidence_of_an_alert(box):
    alert = box.sql("SELECT alert_id FROM fundwatch.alert_live ORDER BY alert_id").split()[0]
    got = versions(box, "--alert", alert)
    records = set(box.sql("SELECT record_id FROM fundwatch.alert_record "
                          f"WHERE alert_id = {alert}").split())
    assert records == set(got), (records, got)
    assert all(v["raw"] for versions_of in got.values() for v in versions_of)
    return alert


def purge(box, *words):
    return fundwatch(box, "purge", "--before", LATER, *words)


def needed(answer):
    return {one["file"]: one["needed"] for one in answer["inputs"] if one["needed"]}


def purged(box, alert):
    before = files(box)
    dry = purge(box, "--dry-run")
    assert dry["purged"] == 2 and dry["needed"] == 2 and files(box) == before, dry
    assert set(needed(dry)) == {"fee_list_d_1.csv.gz", "fee_list_d_2.csv"}, dry
    assert all(why.startswith("alert ") for why in needed(dry).values())

    hold = fundwatch(box, "hold", "add", "--person", "PM8", "--reason", "涉案", "--by", "王")["hold"]
    done = purge(box, "--by", "王")
    assert done["purged"] == 1 and done["needed"] == 3 and done["files_removed"] == 1, done
    assert needed(done)["fee_list_d_3.csv"] == f"hold {hold}"
    assert versions(box, "fee", "F8")["F8"][0]["raw"]
    gone = versions(box, "fee", "F9")["F9"][0]
    assert gone["raw"] is None and "purged" in gone["why"], gone
    assert box.number("SELECT count(*) FROM fundwatch.reject WHERE raw <> ''") == 0
    assert fundwatch(box, "hold", "list")["holds"][0]["value"] == "PM8"

    run(f"{BIN}/fundwatch", "hold", "remove", str(hold), "--by", "王", "-c", box.config)
    assert purge(box, "--by", "王")["purged"] == 1
    assert purge(box, "--by", "王")["purged"] == 0

    # A withdrawn alert needs nothing, unless somebody decided on it.
    fundwatch(box, "alerts", "decide", alert, "--state", "confirmed", "--by", "王")
    box.put("fee_list_d_5.csv", HEAD + fee("F1", 0, 7, "M1", "退") + fee("F2", 0, 7, "M1", "退"))
    box.daemons[0].wait("drained: ")
    assert box.number("SELECT count(*) FROM fundwatch.alert_live") == 0
    assert len(needed(purge(box, "--dry-run"))) == 3
    fundwatch(box, "alerts", "decide", alert, "--state", "open", "--by", "王")
    assert needed(purge(box, "--dry-run")) == {}
    fundwatch(box, "hold", "add", "--alert", alert, "--reason", "复查", "--by", "王")
    assert len(needed(purge(box, "--dry-run"))) == 3
    done = run(f"{BIN}/fundwatch", "journal", "verify", "--all", "-c", box.config)
    assert "3" in done.stdout


with Box("record", rules=f"{ROOT}/tests/cli/data/rules") as box:
    box.put("fee_list_d_1.csv.gz", gzip.compress(
        (HEAD + fee("F1", 2, 1, "M1", "\"原样, 带逗号\"") + fee("F2", 1, 1, "M1", "甲"))
        .encode("gb18030")))
    box.put("fee_list_d_2.csv", HEAD + fee("F2", 1, 2, "M1", "") + fee("F1", 3, 2, "M1",
                                                                    "\"更正\n两行\""))
    box.put("fee_list_d_3.csv", HEAD + fee("F8", 1, 1, "M8", ""))
    row = dict(zip(COLUMNS.split(","), fee("F9", 1, 1, "M9", "").strip().split(",")))
    box.put("fee_list_d_4.ndjson", json.dumps(dict(row, note="自由字段"), ensure_ascii=False)
            + "\n" + json.dumps(dict(row, feedetl_sn="F7", cnt="many")) + "\n")
    daemon = box.start()
    daemon.wait("drained: ")
    assert box.number("SELECT count(*) FROM fundwatch.reject") == 1
    assert files(box) == 4
    shown_as_they_came(box)
    purged(box, evidence_of_an_alert(box))
    box.balanced()
    daemon.term()
    print("raw lines as they came; what a case needs is not purged")


def dated(serial, visit, person, day, hour=9):
    row = dict(zip(COLUMNS.split(","), fee(serial, 1, 1, visit, "").strip().split(",")))
    row.update(psn_no=person, fee_ocur_time=f"{day} {hour:02}:00:00",
               updt_time="2026-07-01 10:00:00")
    return ",".join(row[name] for name in COLUMNS.split(",")) + "\n"


def rows(box):
    return set(box.sql("SELECT feedetl_sn FROM fundwatch.fee").split())


# Typed records past their time go visit by visit; evidence, held ones and recent ones stay, and
# what happened to alerts stays for ever.
with Box("purge", rules=f"{ROOT}/tests/cli/data/rules") as box:
    box.extra = "history: { days: 10 }\nretention: { record_days: 1 }\n"
    box.configure()
    box.put("fee_list_d_1.csv", HEAD
            + dated("F1", "M1", "P1", "2026-03-01") + dated("F2", "M1", "P1", "2026-03-01", 10)
            + dated("F3", "M3", "P3", "2026-03-01") + dated("F4", "M4", "P4", "2026-03-01")
            + dated("F5", "M5", "P5", "2026-03-01") + dated("F6", "M5", "P5", "2026-06-10")
            + dated("F7", "M7", "P7", "2026-06-10"))
    daemon = box.start()
    daemon.wait("drained: ")
    daemon.term()
    daemon = box.start()  # the horizon is found at start
    daemon.wait("drained: ")
    events = box.number("SELECT count(*) FROM fundwatch.alert_event")
    assert events == 1
    fundwatch(box, "hold", "add", "--person", "P3", "--reason", "涉案", "--by", "王")
    before = rows(box)
    dry = fundwatch(box, "purge", "--records-before", "2026-05-01", "--dry-run")
    assert dry["records"]["fee"] == 1 and dry["records"]["needed"] == 2, dry
    assert rows(box) == before and box.number("SELECT count(*) FROM fundwatch.purge") == 0
    done = fundwatch(box, "purge", "--records-before", "2026-05-01", "--by", "王")
    assert done["records"] == dry["records"], done
    assert rows(box) == before - {"F4"}, rows(box)  # M5 has an event since, M1 is evidence
    assert box.sql("SELECT before, who FROM fundwatch.purge").strip() == "2026-05-01|王"

    # The running daemon hears of it before it brings anybody back: P4's pair is not concluded
    # from, and nobody's alert is withdrawn.
    box.put("fee_list_d_2.csv", HEAD + dated("F8", "M4", "P4", "2026-03-01", 11)
            + dated("F9", "M1", "P1", "2026-03-01", 12))
    daemon.wait("drained: ")
    late = box.number("SELECT count(*) FROM fundwatch.late")
    assert late == 2, (late, daemon.lines)
    assert box.number("SELECT count(*) FROM fundwatch.alert_event") == events
    daemon.term()
    daemon = box.start()
    daemon.wait("drained: ")
    assert box.sql("SELECT state, closed FROM fundwatch.alert").strip() == "raised|t"
    assert box.number("SELECT count(*) FROM fundwatch.alert_event") == events
    # Without a day the settings say it: all that is not needed.
    done = fundwatch(box, "purge", "--by", "定时")
    assert done["records"]["fee"] >= 2 and "F7" not in rows(box), (done, rows(box))
    assert {"F1", "F2", "F3"} <= rows(box)
    box.chain_holds()
    daemon.term()
    print("old records are gone, evidence and held ones are not")

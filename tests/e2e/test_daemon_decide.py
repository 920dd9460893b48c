# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person decided on is never silently changed: a refund after the decision flags it."""
import json

from daemon_lib import BIN, Box, ROOT, run

HEAD = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,"
        "medins_list_name,cnt,pric,det_item_fee_sumamt,medfee_sumamt,updt_time\n")


def fee(serial, count, updated, visit="M1"):
    return (f"{serial},{visit},S1,H1,P1,2026-03-01 09:00:00,X1,注射,{count},10.00,{10 * count}.00,"
            f"{10 * count}.00,2026-03-0{updated} 10:00:00\n")


def alert_rows(box):
    return [line.split("|") for line in box.sql(
        "SELECT alert_id, state, coalesce(handled, ''), data_changed, violation_amount, revision "
        "FROM fundwatch.alert ORDER BY alert_id").splitlines()]


def fundwatch(box, *words):
    return json.loads(run(f"{BIN}/fundwatch", *words, "--json", "--db", box.conninfo).stdout)


def acts(box):
    return [line.split("|") for line in box.sql(
        "SELECT kind, state, who, violation_amount, alert_state FROM fundwatch.alert_act "
        "ORDER BY act_id").splitlines()]


def chains_hold(box):
    box.chain_holds()
    broken = box.sql("SELECT act_id FROM fundwatch.alert_act_broken")
    assert broken == "", f"the chain of acts breaks at {broken}"


with Box("decide", rules=f"{ROOT}/tests/cli/data/rules") as box:
    box.put("fee_list_d_1.csv", HEAD + fee("F1", 2, 1) + fee("F2", 1, 1) + fee("F3", 3, 1, "M2"))
    daemon = box.start()
    daemon.wait("drained: ")
    rows = alert_rows(box)
    assert rows, "the rules of tests/cli/data find nothing here"
    alert, before = rows[0][0], rows[0]
    assert before[1:4] == ["raised", "", "f"], before

    done = fundwatch(box, "alerts", "decide", alert, "--state", "confirmed", "--by", "王核查",
                     "--note", "病历核对过")
    assert done["act"] == 1, done
    fundwatch(box, "alerts", "note", alert, "--by", "王核查", "--note", "等院方答复")
    decided = fundwatch(box, "alerts", "show", alert)
    assert decided["handled"] == "confirmed" and not decided["data_changed"], decided
    assert decided["decided_on"] == decided["finding"]

    # A correction: the alert follows the data, the decision does not, and says so.
    box.put("fee_list_d_2.csv", HEAD + fee("F1", 4, 2))
    daemon.wait("drained: ")
    now = alert_rows(box)[0]
    assert now[:4] == [alert, "amended", "confirmed", "t"], now
    shown = fundwatch(box, "alerts", "show", alert)
    assert shown["data_changed"] and shown["finding"] != decided["finding"]
    assert shown["decided_on"] == decided["finding"], "what was decided on stays as it was"
    assert acts(box)[2][0] == "data changed"
    assert fundwatch(box, "alerts", "list", "--state", "changed")["count"] == 1

    # A refund of all of it: withdrawn, and still in sight.
    box.put("fee_list_d_3.csv", HEAD + fee("F1", 0, 3) + fee("F2", 0, 3) + fee("F3", 0, 3, "M2"))
    daemon.wait("drained: ")
    gone = [row for row in alert_rows(box) if row[0] == alert][0]
    assert gone[:4] == [alert, "withdrawn", "confirmed", "t"], gone
    listed = fundwatch(box, "alerts", "list")
    assert [a["alert"] for a in listed["alerts"]] == [alert], listed
    assert listed["alerts"][0]["data_changed"]

    # Everything back as it was decided on: the flag goes, and that is told, too.
    box.put("fee_list_d_4.csv", HEAD + fee("F1", 2, 4) + fee("F2", 1, 4) + fee("F3", 3, 4, "M2"))
    daemon.wait("drained: ")
    kinds = [act[0] for act in acts(box)]
    again = [row for row in alert_rows(box) if row[0] == alert][0]
    assert again[2] == "confirmed", again
    assert (again[3] == "f") == (kinds[-1] == "data restored"), (again, kinds)

    # Decided once more: nothing is flagged. An alert nobody acted on is never flagged.
    fundwatch(box, "alerts", "decide", alert, "--state", "open", "--by", "李复核")
    assert [row for row in alert_rows(box) if row[0] == alert][0][2:4] == ["", "f"]
    box.put("fee_list_d_5.csv", HEAD + fee("F1", 5, 5))
    daemon.wait("drained: ")
    assert not any(row[3] == "t" for row in alert_rows(box))
    chains_hold(box)
    box.balanced()

    # An edited act is found.
    box.sql("UPDATE fundwatch.alert_act SET who = '别人' WHERE act_id = 1")
    assert box.sql("SELECT act_id FROM fundwatch.alert_act_broken").strip() == "1"
    daemon.term()
    print(f"decided, changed, withdrawn, restored: {kinds}")

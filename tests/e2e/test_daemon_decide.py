# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person decided on is never silently changed: a refund after the decision flags it."""
import json

from daemon_lib import BIN, Box, ROOT, rules, run

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

# Two runs of days on one person, one decided on; a late line joins them, its refund parts them.
RULE = rules("""规则 d.week 「七天多次」
  看        费用明细
  归并      人员、项目
  窗口      7 天
  触发      合计(数量) > 2
  违规金额  合计(符合范围金额)
  说明      {人员}{合计(数量)}次
""")


def line(serial, day, count=2, updated=1):
    return (f"{serial},M1,S1,H1,P1,2026-03-{day:02} 09:00:00,X1,注射,{count},10.00,"
            f"{10 * count}.00,{10 * count}.00,2026-04-{updated:02} 10:00:00\n")


def standing(box):
    return {row[0]: row for row in alert_rows(box)}


def events(box, alert):
    return [row.split("|") for row in box.sql(
        "SELECT kind, why, coalesce(other, 0) FROM fundwatch.alert_event "
        f"WHERE alert_id = {alert} ORDER BY event_id").splitlines()]


with Box("merge") as box:
    with open(f"{box.dir}/d.rules", "w", encoding="utf-8") as out:
        out.write(RULE)
    box.rules = f"{box.dir}/d.rules"
    box.configure()
    # A: two lines; B: three lines a week on; C: another such run, later.
    box.put("fee_list_d_1.csv", HEAD + line("A1", 1) + line("A2", 2) + line("B1", 11)
            + line("B2", 12) + line("B3", 13) + line("C1", 23) + line("C2", 24))
    daemon = box.start()
    daemon.wait("drained: ")
    of = {}
    for row in box.sql("SELECT min(record_id), alert_id FROM fundwatch.alert_record "
                       "GROUP BY alert_id").splitlines():
        of[row.split("|")[0][0]] = row.split("|")[1]
    a, b, c = of["A"], of["B"], of["C"]
    assert len({a, b, c}) == 3, of
    fundwatch(box, "alerts", "decide", a, "--state", "confirmed", "--by", "王核查")

    # B has more of the joined records; A is what somebody works on, so A goes on.
    box.put("fee_list_d_2.csv", HEAD + line("X1", 7))
    daemon.wait("drained: ")
    now = standing(box)
    assert now[a][1:4] == ["amended", "confirmed", "t"], now
    assert now[b][1:3] == ["withdrawn", ""], now
    assert events(box, b)[-1] == ["withdrawn", "merged", a], events(box, b)
    shown = fundwatch(box, "alerts", "show", b)
    assert shown["history"][-1]["other"] == int(a), shown["history"]
    assert f"并入     疑点 {a}" in run(f"{BIN}/fundwatch", "alerts", "show", b, "--db",
                                     box.conninfo, "--lang", "zh").stdout

    # The joining line is taken back: A keeps the most of it, the rest is raised, with the link.
    box.put("fee_list_d_3.csv", HEAD + line("X1", 7, count=0, updated=2))
    daemon.wait("drained: ")
    now = standing(box)
    kept = {row[0] for row in now.values() if row[1] != "withdrawn"}
    assert len(kept) == 3 and a in kept and now[a][2] == "confirmed", now
    new, = kept - {a, c}
    last = events(box, new)[-1]
    assert last[0] in ("raised", "raised again") and last[2] == a, last
    assert [act[:2] for act in acts(box)][-2:].count(["split", "confirmed"]) == 1, acts(box)
    assert now[new][2] == "", "what was split off is open"

    # Decided between judging and commit: the commit itself carries the decision over.
    seen = box.sql("BEGIN; INSERT INTO fundwatch.alert_event (event_id, alert_id, revision, kind, "
                   "epoch, at, who, why, rule_set, hash, other) VALUES (999, "
                   f"{a}, 9, 'withdrawn', -1, now(), '', 'merged', '', '', {new}); "
                   "SELECT fundwatch.alert_follow(-1); "
                   f"SELECT handled, handled_by, data_changed FROM fundwatch.alert "
                   f"WHERE alert_id = {new}; ROLLBACK").split()
    assert seen == ["confirmed|王核查|t"], seen

    # Two decided ones: the act of the one that goes is told on the one that stays.
    fundwatch(box, "alerts", "decide", c, "--state", "dismissed", "--by", "李复核")
    fundwatch(box, "alerts", "decide", a, "--state", "confirmed", "--by", "王核查")
    box.put("fee_list_d_4.csv", HEAD + "".join(line(f"Y{day}", day) for day in (6, 7, 18)))
    daemon.wait("drained: ")
    now = standing(box)
    alive, = (row for row in now.values() if row[1] != "withdrawn")
    gone, = {a, c} - {alive[0]}
    assert alive[0] in (a, c) and alive[3] == "t", now
    assert now[gone][1] == "withdrawn" and now[gone][2] != "" and now[gone][3] == "t", now
    told = box.sql("SELECT other, state FROM fundwatch.alert_act WHERE kind = 'merged' AND "
                   f"alert_id = {alive[0]}").split()
    assert f"{gone}|{now[gone][2]}" in told, told
    chains_hold(box)
    box.balanced()

    daemon.term()
    print(f"merged, split, merged again: {[act[:2] for act in acts(box)]}")

# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an alert and what it is worth, sum by sum: raised, amended in its records and in
its amount, withdrawn by a refund and by a correction, raised again; the fund's share of each; and
the bearing amount, in which each line counts once over all rules."""
from daemon_lib import Box

HEAD = """规则 {id} 「{title}」
  版本      1
  类别      管理类
  性质      {nature}
  环节      事后
  级别      中
  状态      启用
"""
RULES = (HEAD.format(id="m.day", title="同日多次", nature="违规") + """  看        费用明细
  归并      人员、项目、自然日
  触发      合计(数量) > 1
  违规金额  合计(符合范围金额) × (合计(数量) − 1) ÷ 合计(数量)
  说明      {人员}{合计(数量)}次
""" + HEAD.format(id="m.dear", title="单笔大额", nature="线索") + """  看        费用明细
  条件      金额 > 150 元
  违规金额  符合范围金额
  说明      {人员}大额
""")
SETL = ("setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,med_type,medfee_sumamt,fund_pay_sumamt,"
        "refd_setl_flag,updt_time,vali_flag\n")


def setl(total, fund, day):
    return (f"S1,M1,H1,P1,2026-03-02 19:00:00,11,{total},{fund},0,2026-03-{day:02} 10:00:00,1\n")


FEE = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,cnt,pric,"
       "det_item_fee_sumamt,inscp_amt,init_feedetl_sn,updt_time,vali_flag\n")


def fee(serial, count, price, hour=9, day=4, origin="", valid=1):
    amount = f"{count * price:.2f}"
    return (f"{serial},M1,S1,H1,P1,2026-03-02 {hour:02}:00:00,A1,{count},{price:.2f},{amount},"
            f"{amount},{origin},2026-03-{day:02} 10:00:00,{valid}\n")


def stand(box, rule):
    """(state, revision, amount, fund's share, bearing) of the rule's only alert."""
    rows = box.sql("SELECT state, revision, violation_amount, fund_amount, "
                   "coalesce(bearing_amount, 0) FROM fundwatch.alert LEFT JOIN "
                   f"fundwatch.alert_bearing USING (alert_id) WHERE rule_id = '{rule}'")
    assert len(rows.splitlines()) == 1, rows
    return tuple(rows.strip().split("|"))


def shares(box, rule):
    return box.sql("SELECT record_id, r.amount FROM fundwatch.alert_record r JOIN fundwatch.alert "
                   f"USING (alert_id) WHERE rule_id = '{rule}' ORDER BY record_id").split()


def told(box, rule):
    return box.sql("SELECT e.revision, e.kind, e.why, e.amount_from, e.amount_to "
                   "FROM fundwatch.alert_event e JOIN fundwatch.alert a USING (alert_id) "
                   f"WHERE a.rule_id = '{rule}' ORDER BY e.event_id").splitlines()


with Box("life") as box:
    with open(f"{box.dir}/m.rules", "w", encoding="utf-8") as out:
        out.write(RULES)
    box.rules = f"{box.dir}/m.rules"
    box.configure()
    step = 0

    def take(*lines):
        global step
        step += 1
        box.put(f"fee_list_d_{step}.csv", FEE + "".join(lines))
        daemon.wait_all(f"fee_list_d_{step}.csv. is done", "drained: ")
        box.balanced()

    daemon = box.start()
    box.put("setl_d_1.csv", SETL + setl("300.00", "210.00", 3))
    daemon.wait_all("setl_d_1.csv. is done", "drained: ")

    # One line of 100 and one of 200 on a day where one is allowed: half of 300 is too much; the
    # fund paid 70 % of the settlement. The dear line is in both; the violation bears it.
    take(fee("F1", 1, 100), fee("F2", 1, 200, 10))
    assert stand(box, "m.day") == ("raised", "1", "150.00", "105.00", "150.00")
    assert shares(box, "m.day") == ["F1|50.00", "F2|100.00"]
    assert stand(box, "m.dear") == ("raised", "1", "200.00", "140.00", "0")

    # Corrected: F2 cost 500. The fund's 210 are 35 % of 600 now.
    take(fee("F2", 1, 500, 10, 5))
    assert stand(box, "m.day") == ("amended", "2", "300.00", "105.00", "300.00")
    assert stand(box, "m.dear") == ("amended", "2", "500.00", "175.00", "0")

    # One more line: two thirds of 700, to the fen, and 30 % of it.
    take(fee("F3", 1, 100, 11))
    assert stand(box, "m.day") == ("amended", "3", "466.67", "140.00", "466.67")
    assert shares(box, "m.day") == ["F1|66.67", "F2|333.33", "F3|66.67"], shares(box, "m.day")
    assert stand(box, "m.dear") == ("amended", "3", "500.00", "150.00", "0")

    # The two small ones were none: withdrawn by correction. The dear one bears itself now.
    take(fee("F1", 1, 100, 9, 6, valid=0), fee("F3", 1, 100, 11, 6, valid=0))
    assert stand(box, "m.day")[:2] == ("withdrawn", "4")
    assert stand(box, "m.dear") == ("amended", "4", "500.00", "210.00", "500.00")

    # A refund withdraws that as well; nothing bears anything.
    take(fee("F2-", -1, 500, 12, 7, origin="F2"))
    assert stand(box, "m.dear")[:2] == ("withdrawn", "5")
    assert stand(box, "m.dear")[4] == "0" and stand(box, "m.day")[4] == "0"

    # Said again, and settled anew: the same alert, the next revision.
    box.put("setl_d_2.csv", SETL + setl("200.00", "140.00", 8))
    daemon.wait_all("setl_d_2.csv. is done", "drained: ")
    take(fee("F1", 1, 100, 9, 8), fee("F3", 1, 100, 11, 8))
    assert stand(box, "m.day") == ("raised", "5", "100.00", "70.00", "100.00")
    assert stand(box, "m.dear")[:2] == ("withdrawn", "5")

    # Sent once more: nothing happens.
    take(fee("F1", 1, 100, 9, 8), fee("F3", 1, 100, 11, 8))
    assert stand(box, "m.day") == ("raised", "5", "100.00", "70.00", "100.00")
    assert told(box, "m.day") == [
        "1|raised|new||150.00", "2|amended|amount|150.00|300.00",
        "3|amended|records|300.00|466.67", "4|withdrawn|records|466.67|",
        "5|raised again|again||100.00"], told(box, "m.day")
    assert told(box, "m.dear") == [
        "1|raised|new||200.00", "2|amended|amount|200.00|500.00",
        "3|amended|amount|500.00|500.00", "4|amended|amount|500.00|500.00",
        "5|withdrawn|records|500.00|"], told(box, "m.dear")
    totals = box.sql("SELECT rule_id, alerts, violation_amount, fund_amount, bearing_amount "
                     "FROM fundwatch.rule_total").split()
    assert totals == ["m.day|1|100.00|70.00|100.00"], totals
    box.chain_holds()
    daemon.term()
print("raised, amended, withdrawn, raised again; each sum as computed by hand")

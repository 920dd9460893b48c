# SPDX-License-Identifier: GPL-3.0-or-later
"""Trace codes inside messages: a pack sold twice is found through the lists in the lines, its alert
shows the messages that say so; a return, a cancelled settlement and a restart leave what is so."""
import json

from daemon_lib import BIN, Box, ROOT, run

PACKS = [f"8123456789012345678{n}" for n in range(10)]
NOW = "2026-04-01 10:00:0%d"


def message(infno, facility, second, body, output=None):
    said = {"infno": infno, "msgid": f"{facility}{infno}{second}", "inf_time": NOW % second,
            "fixmedins_code": facility, "infcode": "0", "input": body}
    if output:
        said["output"] = output
    return json.dumps(said, ensure_ascii=False) + "\n"


def codes(*packs):
    return [{"drug_trac_codg": PACKS[p]} for p in packs]


def sold(facility, person, visit, settled, day, *packs, infno="3505"):
    return message(infno, facility, 1, {"selinfo": {
        "fixmedins_bchno": visit, "mdtrt_sn": visit, "setl_id": settled, "psn_no": person,
        "sel_retn_cnt": len(packs), "sel_retn_time": f"2026-03-{day} 09:00:00",
        "med_list_codg": "XA02BCF721A001010100239", "finl_trns_pric": "38.00", "trdn_flag": "0",
        "drugtracinfo": codes(*packs)}})


def settled_at_pharmacy(facility, person, visit, settled, day, *packs):
    return message("2102", facility, 2, {
        "druginfo": {"psn_no": person, "begntime": f"2026-03-{day} 09:00:00", "med_type": "41",
                     "medfee_sumamt": 38 * len(packs)},
        "drugdetail": [{"feedetl_sn": "1", "fee_ocur_time": f"2026-03-{day} 09:00:00",
                        "pric": "38.00", "cnt": len(packs),
                        "det_item_fee_sumamt": 38 * len(packs),
                        "med_list_codg": "XA02BCF721A001010100239",
                        "drugtracinfo": codes(*packs)}]},
        {"setlinfo": {"setl_id": settled, "mdtrt_id": visit, "psn_no": person, "med_type": "41",
                      "setl_time": f"2026-03-{day} 09:01:00"}})


def cancelled(facility, person, visit, settled):
    return message("2103", facility, 3,
                   {"data": {"setl_id": settled, "mdtrt_id": visit, "psn_no": person}},
                   {"setlinfo": {"setl_id": settled + "R", "mdtrt_id": visit, "psn_no": person}})


def live(box):
    said = json.loads(run(f"{BIN}/fundwatch", "alerts", "list", "--json", "--db",
                          box.conninfo).stdout)["alerts"]
    return {a["finding"]["subject"]["id"]: a["alert"] for a in said
            if a["finding"]["rule"] == "trace.reuse"}


def shown(box, alert):
    got = json.loads(run(f"{BIN}/fundwatch", "record", "show", "--alert", str(alert), "--json",
                         "-c", box.config).stdout)["records"]
    return [v["raw"] for record in got for v in record["versions"]]


with Box("codes", rules=f"{ROOT}/rules") as the_box:
    # 0 and 1 settled at one pharmacy and sold again at another; 2 told by the settlement and by the
    # books; 3 given back in between.
    the_box.put("a.json",
                settled_at_pharmacy("P1", "A", "M1", "S1", "02", 0, 1)
                + sold("P2", "B", "X2", "S2", "12", 0)
                + settled_at_pharmacy("P3", "C", "M3", "S3", "12", 1)
                + settled_at_pharmacy("P1", "D", "M4", "S4", "05", 2)
                + sold("P1", "D", "X4", "S4", "05", 2)
                + sold("P1", "E", "X5", "S5", "05", 3)
                + sold("P1", "E", "X5", "S5", "07", 3, infno="3506")
                + sold("P1", "F", "X6", "S6", "09", 3))
    daemon = the_box.start()
    daemon.wait("drained: ")
    found = live(the_box)
    assert sorted(found) == PACKS[:2], found
    raws = shown(the_box, found[PACKS[0]])
    assert len(raws) == 2 and all(PACKS[0] in raw for raw in raws), raws
    print("two packs settled twice; their alert shows the messages")

    the_box.put("b.json", cancelled("P3", "C", "M3", "S3"))
    daemon.wait("drained: ")
    assert sorted(live(the_box)) == PACKS[:1], live(the_box)
    the_box.put("c.json", sold("P2", "B", "X2", "S2", "13", 0, infno="3506"))
    daemon.wait("drained: ")
    assert live(the_box) == {}, live(the_box)
    print("one settlement cancelled, one pack given back: both withdrawn")

    daemon.term()
    daemon = the_box.start()
    the_box.put("d.json", sold("P4", "G", "X7", "S7", "20", 1))
    daemon.wait("drained: ")
    assert sorted(live(the_box)) == PACKS[1:2], live(the_box)
    the_box.balanced()
    daemon.term()
    print("after a restart the codes are known")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Several sources, each with a layout of its own, in one daemon: the findings are those of the
same records in one layout, and every file is read as its own source's or refused aloud."""
import json
import os

from daemon_lib import BIN, ROOT, run, scan
from http_lib import NDJSON, HttpBox

HEAD = ("feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,"
        "medins_list_name,cnt,pric,det_item_fee_sumamt,updt_time\n")
# A vendor with Chinese headings, its own codes and a point as separator of dates.
KANG = """name: kangtai
description: 康泰 HIS
separator: ";"
files:
  - match: "fy*"
    streams:
      - stream: fee
        strict: true
        columns: { 流水号: feedetl_sn, 就诊号: mdtrt_id, 结算号: setl_id, 医院: fixmedins_code,
                   个人编号: psn_no, 时间: fee_ocur_time, 项目编码: med_list_codg,
                   项目名称: medins_list_name, 数量: cnt, 单价: pric, 金额: det_item_fee_sumamt,
                   更新: updt_time }
        values: { fixmedins_code: { "一院": H1, "二院": H2 } }
"""
# Another one with lines of JSON, whose files have the same names.
BO = """name: boheng
description: 博恒 HIS
format: ndjson
files:
  - match: "fy*"
    streams:
      - stream: fee
        strict: true
        columns: { id: feedetl_sn, visit: mdtrt_id, bill: setl_id, hospital: fixmedins_code,
                   person: psn_no, at: fee_ocur_time, item: med_list_codg,
                   name: medins_list_name, count: cnt, price: pric, sum: det_item_fee_sumamt,
                   changed: updt_time }
"""


def rows():
    """(vendor, row) of two hospitals and one person, so that findings need both vendors."""
    made = []
    for n in range(24):
        vendor = ("default", "kangtai", "boheng")[n % 3]
        made.append((vendor, [f"F{n}", f"M{n % 5}", "S1", "H1" if n % 3 else "H2", f"P{n % 2}",
                              f"2026-03-0{1 + n % 4} 09:{n:02}:00", "X1", "注射", "1", "10.00",
                              "10.00", "2026-03-09 10:00:00"]))
    return made


def kang(row):
    return ";".join("一院" if value == "H1" else "二院" if value == "H2" else value
                    for value in row)


def bo(row):
    names = ["id", "visit", "bill", "hospital", "person", "at", "item", "name", "count", "price",
             "sum", "changed"]
    return json.dumps(dict(zip(names, row)), ensure_ascii=False)


def of(vendor, made):
    return [row for name, row in made if name == vendor]


with HttpBox("feeds") as box:
    os.mkdir(f"{box.dir}/feeds")
    for name, text in (("kangtai", KANG), ("boheng", BO)):
        with open(f"{box.dir}/feeds/{name}.yaml", "w", encoding="utf-8") as out:
            out.write(text)
    box.extra += f"feed: {{ others: [ \"{box.dir}/feeds\" ] }}\n"
    box.configure()
    made = rows()
    with open(f"{box.dir}/fee_list_d_all.csv", "w", encoding="utf-8") as out:
        out.write(HEAD + "\n".join(",".join(row) for _, row in made) + "\n")
    expected = scan(box.rules, [f"{box.dir}/fee_list_d_all.csv"])
    assert len(expected) > 3, expected

    head = KANG.split("columns: {")[1].split("}")[0].replace("\n", " ")
    head = ";".join(pair.split(":")[0].strip() for pair in head.split(","))
    ours, theirs, bos = (of(vendor, made) for vendor in ("default", "kangtai", "boheng"))
    box.put("fee_list_d_1.csv", HEAD + "\n".join(",".join(row) for row in ours) + "\n")
    box.put("kangtai~fy1.csv", head + "\n" + "\n".join(map(kang, theirs)) + "\n")
    box.put("boheng~fy1.csv", "\n".join(map(bo, bos[:4])) + "\n")
    box.put("fy1.csv", head + "\n" + "\n".join(map(kang, theirs)) + "\n")
    key = box.key("--all", "--role", "intake")
    daemon = box.serve()
    daemon.wait_all("`fee_list_d_1.csv` is done", "`kangtai~fy1.csv` is done",
                    "`boheng~fy1.csv` is done", "`fy1.csv` is failed")
    refused = box.report("fy1.csv", "failed")["reason"]
    assert "boheng" in refused and "kangtai" in refused and "~" in refused, refused

    # Over HTTP the path says whose it is; a feed nobody has is not there.
    answer = box.send(key, "b1", "fy2.ndjson", "\n".join(map(bo, bos[4:])) + "\n", NDJSON,
                      feed="boheng")
    assert answer.status == 200 and answer.json()["feed"] == "boheng", answer.body
    assert answer.json()["accepted"] == len(bos[4:]), answer.body
    assert box.send(key, "b2", "fy2.ndjson", "{}", NDJSON, feed="nobody").reason == "unknown-feed"
    daemon.wait("committed: intake 4 ")
    daemon.wait("drained: ")
    assert box.live() == expected
    box.balanced()
    got = box.sql("SELECT feed, sum(records), sum(rejects) FROM fundwatch.intake "
                  "GROUP BY feed ORDER BY feed").split()
    assert got == ["boheng|8|0", "default|8|0", "kangtai|8|0"], got

    # The raw line, with the columns of its own source.
    shown = json.loads(run(f"{BIN}/fundwatch", "record", "show", "fee", theirs[0][0], "--json",
                           "-c", box.config).stdout)
    text = json.dumps(shown, ensure_ascii=False)
    assert "流水号" in text and '"other_feed": false' in text, text

    # Again the same files: known by name, bytes and feed. A restart changes nothing.
    daemon.term()
    daemon = box.serve()
    box.put("kangtai~fy1.csv", head + "\n" + "\n".join(map(kang, theirs)) + "\n")
    daemon.wait("`kangtai~fy1.csv` is done")
    daemon.wait("drained: ")
    assert box.report("kangtai~fy1.csv.2")["already_taken_in"]
    assert box.live() == expected
    daemon.term()

    # Two that disagree on what kind of visit a med_type is: not started with.
    for name, kind in (("kangtai", "inpatient"), ("boheng", "outpatient")):
        with open(f"{box.dir}/feeds/{name}.yaml", "a", encoding="utf-8") as out:
            out.write(f"visit_class: {{ \"52\": {kind} }}\n")
    done = run(f"{BIN}/fundwatchd", "-c", box.config, "--check", check=False, cwd=ROOT)
    assert done.returncode == 1 and "visit_class" in done.stderr, done.stderr
    print(f"{len(expected)} findings of three layouts")

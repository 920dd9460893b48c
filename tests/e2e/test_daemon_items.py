# SPDX-License-Identifier: GPL-3.0-or-later
"""A province's own item codes: judged as the national items the site's table says, from the reload
on; a code taken out of the table takes its findings with it; codes nobody mapped are listed."""
import json
import pathlib
import shutil

from daemon_lib import BIN, Box, ROOT, run

DATA = f"{ROOT}/tests/cli/data"
LINES = """feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,list_type,\
cnt,pric,det_item_fee_sumamt,inscp_amt,hilist_name,vali_flag,updt_time
1,M1,S1,H01,P01,2026-03-01 09:00:00,SZ-0101,201,1,200.00,200.00,200.00,彩超,1,2026-03-02 10:00:00
2,M1,S1,H01,P01,2026-03-01 09:40:00,SZ-0101a,201,1,200.00,200.00,200.00,彩超,1,2026-03-02 10:00:00
3,M2,S2,H02,P02,2026-03-01 09:00:00,SZ-0202,201,1,90.00,90.00,90.00,心电图,1,2026-03-02 10:00:00
4,M2,S2,H02,P02,2026-03-01 09:30:00,XA02BCF721A001010100239,101,1,9.00,9.00,9.00,药,1,2026-03-02
"""
RULE = """
表「本地项目」  来自 knowledge/local_items.csv   键 项目 前缀   列 国家项目 : 代码
"""


def fundwatch(*words, code=0):
    done = run(f"{BIN}/fundwatch", "--lang", "en", *words, check=False, cwd=ROOT)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


class Site:
    def __init__(self, box):
        self.box = box
        self.rules = f"{box.dir}/rules"
        shutil.copytree(f"{DATA}/rules", self.rules)
        box.rules = self.rules
        box.configure()
        with open(f"{self.rules}/sample.rules", "a", encoding="utf-8") as f:
            f.write(RULE)
        self.map()

    def map(self, *pairs):
        rows = "".join(f"{a},{b}\n" for a, b in pairs or [("没有", "没有")])
        pathlib.Path(self.rules, "knowledge/local_items.csv").write_text(
            "项目,国家项目\n" + rows, encoding="utf-8")

    def reload(self):
        fundwatch("reload", "--conf", self.box.config)
        self.box.daemons[0].wait("is live")

    def live(self):
        said = json.loads(fundwatch("alerts", "list", "--db", self.box.conninfo, "--json"))
        return [a["finding"] for a in said["alerts"]]

    def unmapped(self):
        said = json.loads(fundwatch("knowledge", "unmapped", "--db", self.box.conninfo, "--json",
                                    self.rules))
        return [(r["code"], r["lines"]) for r in said["unmapped"]]


with Box("items") as the_box:
    the_site = Site(the_box)
    drop = pathlib.Path(the_box.dir, "fee_list_d_local.csv")
    drop.write_text(LINES, encoding="utf-8")
    the_box.drop(str(drop))
    the_daemon = the_box.start()
    the_daemon.wait("drained: ")
    assert the_site.live() == [], the_site.live()
    assert the_site.unmapped() == [("SZ-0101", 1), ("SZ-0101a", 1), ("SZ-0202", 1)]
    print("without a table the two codes are two items, and told as nobody's")

    the_site.map(("SZ-0101", "N01"))
    the_site.reload()
    found = the_site.live()
    assert len(found) == 1 and found[0]["rule"] == "cli.same_day" and "N01" in str(found), found
    assert the_site.unmapped() == [("SZ-0202", 1)]
    print("the table is changed and reloaded: one item billed twice, under its national code")

    the_site.map(("SZ-0101", "N01"), ("SZ-0101a", "N02"), ("SZ-0202", "N03"))
    the_site.reload()
    assert the_site.live() == [] and the_site.unmapped() == []
    assert the_box.number("SELECT count(*) FROM fundwatch.alert WHERE state = 'withdrawn'") == 1
    print("a longer code is mapped elsewhere: the finding is withdrawn, nothing is left unmapped")
    the_daemon.term()

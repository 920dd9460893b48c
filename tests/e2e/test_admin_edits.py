# SPDX-License-Identifier: GPL-3.0-or-later
"""Three edits an administrator makes, each one line: raise a limit, exempt an item until a day,
add a pair to a table. After each, check, test, scan and (with --reload) a running daemon answer
what happened, and name the same rule set."""
import os
import pathlib
import re
import shutil
import sys
import tempfile

from daemon_lib import BIN, Box, ROOT, run, scan

os.environ["SOURCE_DATE_EPOCH"] = "1775008800"  # 2026-04-01 in UTC+8: nothing has expired yet
FEES = """\
feedetl_sn,mdtrt_id,setl_id,fixmedins_code,psn_no,fee_ocur_time,med_list_codg,\
hilist_name,list_type,cnt,pric,det_item_fee_sumamt,inscp_amt,updt_time
1,M1,S1,H7,P1,2026-05-04 09:00,002503070020000,凝血酶原时间测定,201,1,20.00,20.00,20.00,2026-05-05 08:00
2,M1,S1,H7,P1,2026-05-04 15:00,002503070020000,凝血酶原时间测定,201,1,20.00,20.00,20.00,2026-05-05 08:00
3,M2,S2,H8,P2,2026-05-31 09:00,002503070020000,凝血酶原时间测定,201,1,30.00,30.00,30.00,2026-06-02 08:00
4,M2,S2,H8,P2,2026-05-31 10:00,002503070020000,凝血酶原时间测定,201,1,30.00,30.00,30.00,2026-06-02 08:00
5,M2,S2,H8,P2,2026-05-31 11:00,002503070020000,凝血酶原时间测定,201,1,30.00,30.00,30.00,2026-06-02 08:00
6,M3,S3,H8,P2,2026-06-01 09:00,002503070020000,凝血酶原时间测定,201,1,30.00,30.00,30.00,2026-06-02 08:00
7,M3,S3,H8,P2,2026-06-01 10:00,002503070020000,凝血酶原时间测定,201,1,30.00,30.00,30.00,2026-06-02 08:00
8,M3,S3,H8,P2,2026-06-01 11:00,002503070020000,凝血酶原时间测定,201,1,30.00,30.00,30.00,2026-06-02 08:00
9,M4,S4,H9,P3,2026-05-04 09:00,009901000010000,甲项目,201,1,50.00,50.00,50.00,2026-05-05 08:00
10,M4,S4,H9,P3,2026-05-04 09:30,009902000010000,乙项目,201,1,40.00,40.00,40.00,2026-05-05 08:00
"""
SETTLEMENTS = """\
setl_id,mdtrt_id,fixmedins_code,psn_no,setl_time,medfee_sumamt,inscp_amt,fund_pay_sumamt,updt_time
S1,M1,H7,P1,2026-05-04 17:00,40.00,40.00,28.00,2026-05-05 08:00
S2,M2,H8,P2,2026-05-31 17:00,90.00,90.00,63.00,2026-06-02 08:00
S3,M3,H8,P2,2026-06-01 17:00,90.00,90.00,63.00,2026-06-02 08:00
S4,M4,H9,P3,2026-05-04 17:00,90.00,90.00,63.00,2026-05-05 08:00
"""
LIVE = r"rule set ([0-9a-f]{32}) is live, (\d+) raised, (\d+) amended, (\d+) withdrawn"


class Site:
    """A copy of the rules, the records, and what the programs say of them."""

    def __init__(self, folder, box):
        self.rules = f"{folder}/rules"
        self.files = [f"{folder}/setl_d.csv", f"{folder}/fee_list_d.csv"]
        shutil.copytree(f"{ROOT}/rules", self.rules)
        local = pathlib.Path(self.rules, "local")
        (local / "exceptions.csv").write_text("规则,机构,项目,负责人,理由,自,至\n", encoding="utf-8")
        (local / "site.rules").write_text("例外 来自 exceptions.csv\n", encoding="utf-8")
        for path, text in zip(self.files, (SETTLEMENTS, FEES)):
            pathlib.Path(path).write_text(text, encoding="utf-8")
        self.box, self.daemon = box, None

    def start(self):
        """A daemon that has judged the records by the rules as they were shipped."""
        if self.box is None:
            return
        self.box.rules = self.rules
        self.box.configure()
        self.box.drop(*self.files)
        self.daemon = self.box.start()
        assert re.search(LIVE, self.daemon.wait(LIVE))[1] == self.digest()
        self.daemon.wait("drained: ")

    def command(self, *words, code=0):
        done = run(f"{BIN}/fundwatch", *words, "--lang", "zh", check=False, cwd=ROOT)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def digest(self):
        said = self.command("check", self.rules)
        assert "错误 0，警告 0" in said, said
        return re.search("规则集 ([0-9a-f]{32})", said)[1]

    def edit(self, name, old, new):
        """Exactly one line changes, or with no old line one is added at the end."""
        path = pathlib.Path(self.rules, name)
        lines = path.read_text(encoding="utf-8").split("\n")
        at = [i for i, line in enumerate(lines) if line == old]
        assert len(at) == 1 if old else lines[-1] == "", (name, old, at)
        lines[at[0] if old else -1:] = [new] + lines[at[0] + 1:] if old else [new, ""]
        path.write_text("\n".join(lines), encoding="utf-8")

    def reload(self, raised, amended, withdrawn):
        """The daemon goes by the set that check named, and says what changed."""
        if self.daemon is None:
            return
        self.daemon.hup()
        said = re.search(LIVE, self.daemon.wait(LIVE))
        assert said[1] == self.digest(), said[0]
        assert [int(n) for n in said.groups()[1:]] == [raised, amended, withdrawn], said[0]
        assert self.box.live() == scan(self.rules, self.files)

    def found(self):
        """(rule, person, amount) of each finding."""
        lines = scan(self.rules, self.files)
        return sorted(tuple(re.search(rf'"{key}":"([^"]*)"', line)[1]
                            for key in ("rule", "psn_no", "amount")) for line in lines)


def inspector_page_is_true(site):
    """The alert that docs/inspector.zh.md explains is this one; only clock times differ."""
    page = pathlib.Path(ROOT, "docs/inspector.zh.md").read_text(encoding="utf-8")
    shown = re.search(r"```alert\n(.*?)```", page, re.S)[1]
    number = re.search(r"^疑点 +(\d+)", shown, re.M)[1]
    said = site.command("alerts", "show", number, "--db", site.box.conninfo)
    said = re.sub(r"(首次发现 |^  )[-0-9]{10} [:0-9]{8}", r"\1…", said, flags=re.M)
    assert said.strip() == shown.strip(), said
    print("the inspector's page shows what the command shows")


def raise_the_limit(site):
    before = site.digest()
    site.edit("duplicate.rules", "  参数      每日上限 = 1", "  参数      每日上限 = 2")
    assert site.digest() != before
    said = site.command("test", "--rule", "dup.same_day", site.rules, code=1)
    assert "失败  dup.same_day「同日两次」" in said and re.search("失败 [1-9]", said), said
    assert site.found() == [("dup.same_day", "P2", "30.00"), ("dup.same_day", "P2", "30.00")]
    site.reload(0, 2, 1)
    site.edit("duplicate.rules", "  参数      每日上限 = 2", "  参数      每日上限 = 1")
    assert site.digest() == before, "the same text is the same set"
    assert "失败 0 个" in site.command("test", site.rules)
    site.reload(1, 2, 0)
    print("raise a limit: examples that disagree are named; the alert goes and comes")


def exempt_until(site):
    site.edit("local/exceptions.csv", "",
              "dup.same_day,H8,002503070020000,王科长,设备故障重做，已现场核实,2026-05-01,2026-05-31")
    assert "失败 0 个" in site.command("test", site.rules)
    assert site.found() == [("dup.same_day", "P1", "20.00"), ("dup.same_day", "P2", "60.00")]
    site.reload(0, 2, 1)  # the others now carry the digest of the rule with its exceptions
    in_the_ledger(site)
    print("exempt an item until a day: that day is still exempt, the next is not")


def in_the_ledger(site):
    """What is not reported is kept, under the alert's own number, and told with its money."""
    if site.daemon is None:
        return
    ledger = ("exceptions", "ledger", "--db", site.box.conninfo, "--rules", site.rules)
    said = site.command(*ledger, "--month", "2026-05")
    assert "dup.same_day  1 条疑点，¥60.00，该月没有报告，因为：设备故障重做，已现场核实" in said, said
    assert "负责人 王科长，自 2026-05-01，至 2026-05-31" in said, said
    said = site.command(*ledger, "--month", "2026-06")
    assert "从未用到" in said and "合计 0 条疑点" in said and "1 条例外没有用到" in said, said
    said = site.command("exceptions", "list", "--db", site.box.conninfo, site.rules)
    assert "王科长" in said and "从未用到" not in said, said
    with_more = pathlib.Path(tempfile.mkdtemp())
    shutil.copytree(site.rules, with_more / "rules")
    with (with_more / "rules/local/exceptions.csv").open("a", encoding="utf-8") as f:
        f.write("dup.same_day,H6,002503070020000,李科长,没有用到,2026-05-01,2026-05-31\n")
    said = site.command("check", "--db", site.box.conninfo, with_more / "rules")
    assert "警告[exception-unused] 这条例外从未用到" in said and said.count("unused") == 1, said
    said = site.command("exceptions", "list", "--db", site.box.conninfo, with_more / "rules")
    assert said.count("从未用到") == 1, said
    shutil.rmtree(with_more)
    kept = site.box.sql("SELECT e.why, a.excepted, a.state FROM fundwatch.alert a JOIN "
                        "fundwatch.alert_event e USING (alert_id, revision) WHERE a.excepted")
    assert kept == "excepted|t|amended\n", kept
    site.daemon.term()  # a restart reads the ledger back and finds nothing new to say
    events = site.box.number("SELECT count(*) FROM fundwatch.alert_event")
    site.daemon = site.box.start()
    site.daemon.wait("drained: ")
    assert site.box.number("SELECT count(*) FROM fundwatch.alert_event") == events


def wrong_exception(site):
    """A slip is answered with the place and the mended line; the daemon keeps what it has."""
    site.edit("local/exceptions.csv", "",
              "dup.sameday,H7,002503070020000,王科长,设备故障重做,2026-05-01,2026-05-31")
    said = site.command("check", site.rules, code=1)
    assert "错误[unknown-rule] 没有这条规则：dup.sameday" in said, said
    assert "相近的规则：dup.same_day" in said and "exceptions.csv:3:1" in said, said
    if site.daemon is not None:
        before = site.box.live()
        site.daemon.hup()
        site.daemon.wait("reload refused, the old rules stay in force")
        site.daemon.wait(r"unknown-rule")
        assert site.box.live() == before
    site.edit("local/exceptions.csv",
              "dup.sameday,H7,002503070020000,王科长,设备故障重做,2026-05-01,2026-05-31",
              "dup.same_day,H7,002503070020000,王科长,设备故障重做,2026-05-01,2026-05-31")
    assert site.found() == [("dup.same_day", "P2", "60.00")]
    site.reload(0, 1, 1)
    print("a slip: refused with the place and the mended line, then mended")


def add_a_pair(site):
    before = site.digest()
    site.edit("knowledge/duplicate_pairs.csv", "",
              "009901000010000,甲项目,009902000010000,乙项目,单日,含乙项目")
    assert site.digest() != before
    assert "失败 0 个" in site.command("test", site.rules)
    assert site.found() == [("dup.pair", "P3", "40.00"), ("dup.same_day", "P2", "60.00")]
    site.reload(1, 0, 0)
    print("add a pair to a table: one line, one more finding")


def story(site):
    site.start()
    assert len(site.found()) == 3
    if site.daemon is not None:
        inspector_page_is_true(site)
    raise_the_limit(site)
    exempt_until(site)
    wrong_exception(site)
    add_a_pair(site)
    if site.daemon is not None:
        site.box.chain_holds()
        site.daemon.term()


with tempfile.TemporaryDirectory() as folder_of_site:
    if sys.argv[1:] == ["--reload"]:
        with Box("edits") as box_of_site:
            story(Site(folder_of_site, box_of_site))
    else:
        story(Site(folder_of_site, None))
